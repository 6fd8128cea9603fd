//! Who is one entity, against the truth: six departments' files and flat files, beside published and measured
//! baselines. Prints a table and writes it into `benches/README.md`: `accuracy [FOLDER]`.
//!
//! With a folder, the clusterings are also written there, for the shared scorers, and the models that were learnt.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use yibiao_benches::report;
use yibiao_benches::score::{Record, ratio};
use yibiao_benches::sets::{self, FlatSet, Scored, Truth};
use yibiao_record::EntityKind;
use yibiao_resolve::flat::Weights;
use yibiao_tests::Failure;
use yibiao_tests::departments::Folder;

/// Six departments' files, with the pairwise and B-cubed F1 of fixed rules with union-find: equal normalised id (A);
/// only ids whose check digit holds, 15 digits raised to 18 (A+); A, or equal name and birth date (B); A+, or B's rule,
/// or the same first 15 digits and name (C).
const DEPARTMENTS: &[(&str, &str)] = &[
    ("demo", "A .781 / .894, A+ .806 / .904, B .848 / .919, C .956 / .976"),
    ("dev_8k", "A .736 / .875, A+ .757 / .883, B .813 / .902, C .951 / .974"),
];

/// The six agencies' files of which a person, a household or an employer is an entity.
const AGENCIES: &[&str] = &[
    "census_2020.csv.gz",
    "census_2030.csv.gz",
    "ssa_2020.csv.gz",
    "tax1040_2020.csv.gz",
    "w2_2020.csv.gz",
    "wic_2020.csv.gz",
];
/// Those that tell of households.
const OF_HOUSEHOLDS: &[&str] =
    &["census_2020.csv.gz", "census_2030.csv.gz", "tax1040_2020.csv.gz", "w2_2020.csv.gz", "wic_2020.csv.gz"];

/// Flat sets, with the pairwise F1 of other tools at the threshold that the truth shows to be their best.
const FLAT: &[(FlatSet, &str)] = &[
    (
        FlatSet {
            name: "febrl1",
            entity: "person",
            schema: "febrl3.yaml",
            files: &["records.csv"],
            truth: Truth::File,
        },
        "chosen on",
    ),
    (
        FlatSet {
            name: "febrl2",
            entity: "person",
            schema: "febrl3.yaml",
            files: &["records.csv"],
            truth: Truth::File,
        },
        "chosen on",
    ),
    (
        FlatSet {
            name: "febrl3",
            entity: "person",
            schema: "febrl3.yaml",
            files: &["records.csv"],
            truth: Truth::File,
        },
        "Splink .9979, goldenmatch .9992, recordlinkage .9995, dedupe .9922",
    ),
    (
        FlatSet {
            name: "historical_50k",
            entity: "person",
            schema: "historical_50k.yaml",
            files: &["records.csv"],
            truth: Truth::File,
        },
        "Splink .828, goldenmatch .846, recordlinkage .694",
    ),
    (
        FlatSet {
            name: "fake_1000",
            entity: "person",
            schema: "fake_1000.yaml",
            files: &["records.csv"],
            truth: Truth::File,
        },
        "Splink .841, goldenmatch .194 (best setting .622), recordlinkage .870, dedupe .917",
    ),
    (
        FlatSet {
            name: "pseudopeople_depts",
            entity: "person",
            schema: "pseudopeople.yaml",
            files: AGENCIES,
            truth: Truth::Column("simulant_id"),
        },
        "none known",
    ),
    (
        FlatSet {
            name: "pseudopeople_depts",
            entity: "household",
            schema: "pseudopeople_households.yaml",
            files: OF_HOUSEHOLDS,
            truth: Truth::Column("household_id"),
        },
        "none known",
    ),
    (
        FlatSet {
            name: "pseudopeople_depts",
            entity: "employer",
            schema: "pseudopeople_employers.yaml",
            files: &["w2_2020.csv.gz"],
            truth: Truth::Column("employer_id"),
        },
        "none known",
    ),
    (
        FlatSet {
            name: "dblp_acm",
            entity: "publication",
            schema: "dblp_acm.yaml",
            files: &["DBLP2.csv", "ACM.csv"],
            truth: Truth::Pairs { file: "DBLP-ACM_perfectMapping.csv", columns: ["idDBLP", "idACM"] },
        },
        "goldenmatch .972; trained on labels: Ditto .99",
    ),
    (
        FlatSet {
            name: "fodors_zagats",
            entity: "restaurant",
            schema: "fodors_zagats.yaml",
            files: &["fodors.csv", "zagats.csv"],
            truth: Truth::Pairs { file: "matches_fodors_zagats.csv", columns: ["fodors_id", "zagats_id"] },
        },
        "ZeroER 1.0, AnyMatch 1.00",
    ),
    (
        FlatSet {
            name: "dedupe_earlychildhood",
            entity: "site",
            schema: "dedupe_earlychildhood.yaml",
            files: &["csv_example_input_with_true_ids.csv"],
            truth: Truth::Column("True Id"),
        },
        "none known",
    ),
    (
        FlatSet {
            name: "senzing_truthset",
            entity: "person or organisation",
            schema: "senzing_truthset.yaml",
            files: &["customers.csv", "reference.csv", "watchlist.csv"],
            truth: Truth::Sources("actual_truthset_key.csv"),
        },
        "none known",
    ),
];

fn main() -> Result<(), Failure> {
    let out = std::env::args_os().nth(1).map(PathBuf::from);
    let mut table = String::from(
        "| set | entity | records | entities | clusters | of them mixed | pairwise P | R | F1 | B-cubed P | R | F1 | reviews per 1,000 records | baselines, F1 |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let mut left_out = Vec::new();
    for (name, baselines) in DEPARTMENTS {
        match sets::folder(name) {
            Some(path) => departments(name, &path, baselines, out.as_deref(), &mut table)?,
            None => left_out.push(*name),
        }
    }
    for (set, baselines) in FLAT {
        let Some(path) = sets::folder(set.name) else {
            left_out.push(set.name);
            continue;
        };
        let (scored, clusters, weights) = set.run(&path)?;
        let name = format!("{}_{}", set.name, set.entity);
        keep(out.as_deref(), &name, "file,row_key", &clusters)?;
        if let (Some(folder), Some(trained)) = (&out, weights.trained()) {
            let model = serde_json::to_string_pretty(&trained.model)?;
            std::fs::write(folder.join(format!("{name}.model.json")), model)?;
        }
        for finding in weights.trained().map(|trained| &trained.findings).into_iter().flatten() {
            report::tell(&format!("{} {}: {finding}", set.name, set.entity));
        }
        let named = match weights {
            Weights::Shipped(_) => format!("{} (shipped weights)", set.name),
            Weights::Learnt(_) | Weights::Given => set.name.to_owned(),
        };
        line(&named, set.entity, scored, baselines, &mut table)?;
    }
    if !left_out.is_empty() {
        writeln!(table, "\nLeft out, because not there: {}.", left_out.join(", "))?;
    }
    report::tell(&table);
    report::write("accuracy", &table)
}

fn departments(
    name: &str,
    path: &Path,
    baselines: &str,
    out: Option<&Path>,
    table: &mut String,
) -> Result<(), Failure> {
    let folder = Folder::read(path)?;
    let world = sets::departments(&folder)?;
    for kind in [EntityKind::Person, EntityKind::Household, EntityKind::Dwelling] {
        let (scored, clusters) = sets::score_departments(path, &folder, &world, kind)?;
        keep(out, &format!("{name}_{}", kind.name()), "department,local_key", &clusters)?;
        let baselines = if kind == EntityKind::Person { baselines } else { "none known" };
        line(name, kind.name(), scored, baselines, table)?;
    }
    Ok(())
}

fn line(
    name: &str,
    entity: &str,
    scored: Scored,
    baselines: &str,
    table: &mut String,
) -> Result<(), Failure> {
    let Scored { score, reviews } = scored;
    let per_thousand = 1_000.0 * ratio(u64::try_from(reviews)?, u64::try_from(score.records)?);
    write!(
        table,
        "| {name} | {entity} | {} | {} | {} | {}",
        score.records, score.entities, score.clusters, score.mixed
    )?;
    for measure in [score.pairwise, score.bcubed] {
        write!(table, " | {:.4} | {:.4} | {:.4}", measure.precision, measure.recall, measure.f1())?;
    }
    writeln!(table, " | {per_thousand:.1} | {baselines} |")?;
    Ok(())
}

/// Writes a clustering as the shared scorers read it.
fn keep(
    out: Option<&Path>,
    name: &str,
    record: &str,
    clusters: &BTreeMap<Record, u64>,
) -> Result<(), Failure> {
    let Some(folder) = out else { return Ok(()) };
    let mut text = format!("{record},cluster_id\n");
    for ((of, key), cluster) in clusters {
        writeln!(text, "{of},{key},{cluster}")?;
    }
    std::fs::write(folder.join(format!("{name}.csv")), text)?;
    Ok(())
}
