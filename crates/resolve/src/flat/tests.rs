//! Flat files of invented people: families at one address, duplicates with slips.

use super::*;
use std::collections::BTreeMap;

const SCHEMA: &str = "
row_key: id
fields:
  - {is: given_name, columns: [given]}
  - {is: family_name, columns: [family]}
  - {is: date, columns: [born]}
  - {is: address, columns: [number, street]}
  - {is: postcode, columns: [postcode]}
";

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn word(&mut self, syllables: usize) -> String {
        (0..syllables)
            .map(|_| {
                let consonant = "bdfghklmnprstvz".as_bytes()[self.below(15)];
                format!("{}{}", char::from(consonant), ["a", "e", "i", "o", "u", "an", "el"][self.below(7)])
            })
            .collect()
    }

    /// The same text with two letters swapped and perhaps the last dropped, one time in five.
    fn slip(&mut self, text: &str) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        if letters.len() > 3 && self.below(5) == 0 {
            let at = 1 + self.below(letters.len() - 2);
            letters.swap(at, at - 1);
            letters.truncate(letters.len() - self.below(2));
        }
        letters.into_iter().collect()
    }
}

/// Rows (row key, given, family, born, number, street, postcode, note), and the person of each.
fn people(families: usize) -> (Vec<Vec<String>>, Vec<usize>) {
    let mut dice = Dice(7);
    let (mut rows, mut persons, mut person) = (Vec::new(), Vec::new(), 0);
    let given: Vec<String> = (0..60).map(|_| dice.word(3)).collect();
    for _ in 0..families {
        let (family, street) = (dice.word(3), format!("{} street", dice.word(3)));
        let (number, postcode) =
            ((1 + dice.below(90)).to_string(), format!("{}", 10_000 + dice.below(80_000)));
        for member in 0..3 {
            // No two of a family have one given name.
            let name = given[member * 20 + dice.below(20)].clone();
            let born =
                format!("{}-{:02}-{:02}", 1930 + dice.below(80), 1 + dice.below(12), 1 + dice.below(28));
            person += 1;
            for _ in 0..1 + dice.below(3) {
                let key = format!("r{}", rows.len());
                let cells = [&name, &family, &born, &number, &street, &postcode].map(|cell| dice.slip(cell));
                let note = format!("note {}", dice.below(1_000));
                rows.push([key].into_iter().chain(cells).chain([note]).collect());
                persons.push(person);
            }
        }
    }
    (rows, persons)
}

fn header(names: &str) -> Vec<String> {
    names.split(' ').map(str::to_owned).collect()
}

const HEADER: &str = "id given family born number street postcode note";

fn run(header: &[String], rows: &[Vec<String>]) -> Flat {
    resolve(&Schema::parse(SCHEMA).unwrap(), &[Table { header, rows }], None, |_| ()).unwrap()
}

/// Pairs that two labellings have in common, and the pairs of each.
fn pairs(a: &[u64], b: &[usize]) -> (usize, usize, usize) {
    let (mut both, mut of_a, mut of_b) = (0, 0, 0);
    for x in 0..a.len() {
        for y in 0..x {
            of_a += usize::from(a[x] == a[y]);
            of_b += usize::from(b[x] == b[y]);
            both += usize::from(a[x] == a[y] && b[x] == b[y]);
        }
    }
    (both, of_a, of_b)
}

#[test]
fn duplicates_are_found_and_families_are_not_merged() {
    let (rows, persons) = people(80);
    let flat = run(&header(HEADER), &rows);
    let (both, found, real) = pairs(&flat.clusters[0], &persons);
    assert!(both * 100 >= found * 98, "precision {both}/{found}");
    assert!(both * 100 >= real * 93, "recall {both}/{real}");
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let (mut rows, _) = people(30);
    let by_key = |rows: &[Vec<String>], flat: &Flat| {
        let mut clusters: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for (row, cluster) in rows.iter().zip(&flat.clusters[0]) {
            clusters.entry(*cluster).or_default().push(row[0].clone());
        }
        let mut clusters: Vec<Vec<String>> = clusters.into_values().collect();
        clusters.iter_mut().for_each(|members| members.sort());
        clusters.sort();
        clusters
    };
    let first = run(&header(HEADER), &rows);
    let before = by_key(&rows, &first);
    let mut dice = Dice(3);
    for at in (1..rows.len()).rev() {
        rows.swap(at, dice.below(at + 1));
    }
    let second = run(&header(HEADER), &rows);
    assert_eq!(by_key(&rows, &second), before);
    assert_eq!(second.weights, first.weights);
}

#[test]
fn a_column_that_the_schema_does_not_name_changes_nothing() {
    let (rows, _) = people(20);
    let with = run(&header(HEADER), &rows);
    let without: Vec<Vec<String>> = rows.iter().map(|row| row[..7].to_vec()).collect();
    let without = run(&header("id given family born number street postcode"), &without);
    assert_eq!(with.clusters, without.clusters);
}

#[test]
fn a_column_may_be_missing_in_one_file_but_not_in_all() {
    let (rows, _) = people(10);
    let (full, part) = (header(HEADER), header("id given family born"));
    let short: Vec<Vec<String>> = rows.iter().map(|row| row[..4].to_vec()).collect();
    let schema = Schema::parse(SCHEMA).unwrap();
    let tables = [Table { header: &full, rows: &rows }, Table { header: &part, rows: &short }];
    let flat = resolve(&schema, &tables, None, |_| ()).unwrap();
    assert_eq!(flat.clusters[0].len(), flat.clusters[1].len());
    let error = resolve(&schema, &tables[1..], None, |_| ()).unwrap_err();
    assert_eq!(error.to_string(), "no file has the column \"number\"");
    let keyless = header("key given family born number street postcode");
    let error = resolve(&schema, &[Table { header: &keyless, rows: &[] }], None, |_| ()).unwrap_err();
    assert_eq!(error.to_string(), "file 1 lacks the row key column \"id\"");
}

#[test]
fn few_or_no_rows_are_no_error() {
    let (rows, _) = people(1);
    assert_eq!(run(&header(HEADER), &[]).clusters, [Vec::<u64>::new()]);
    assert_eq!(run(&header(HEADER), &rows[..1]).clusters, [vec![1]]);
}

#[test]
fn a_few_rows_of_a_family_or_an_office_are_not_one_person() {
    let schema = "
fields:
  - {is: full_name, columns: [name]}
  - {is: date, columns: [born], date_order: mdy}
  - {is: id_number, columns: [id]}
  - {is: email, columns: [email]}
  - {is: address, columns: [address]}
";
    let rows = [
        ["Ada Lima", "3/1/1970", "294669999", "lima@x.org", "1304 Poppy Drive"],
        ["Lima, Ada", "Mar 1 70", "", "Ada <lima@x.org>", "1304 Poppy Drive"],
        ["Bo Lima", "9/28/97", "", "lima@x.org", "1304 Poppy Drive"],
        ["Cy Lima", "", "201777719", "lima@x.org", "1304 Poppy Drive"],
        ["Dan Moss", "", "", "info@y.org", "1 Cody Road"],
        ["Eve Nash", "", "", "info@y.org", "1 Cody Road"],
    ];
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
    let header = header("name born id email address");
    let schema = Schema::parse(schema).unwrap();
    let flat = resolve(&schema, &[Table { header: &header, rows: &rows }], None, |_| ()).unwrap();
    assert!(matches!(flat.weights, Weights::Shipped(_)));
    assert_eq!(flat.clusters, [[1, 1, 2, 3, 4, 5]]);
}

#[test]
fn a_schema_with_an_unknown_word_is_refused() {
    for text in [
        "fields: []",
        "fields: [{is: given_name, columns: []}]",
        "fields: [{is: nickname, columns: [a]}]",
        "x: 1",
    ] {
        assert!(Schema::parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_shipped_examples_are_schemas() {
    for text in [
        include_str!("../../../../schemas/examples/dblp_acm.yaml"),
        include_str!("../../../../schemas/examples/dedupe_earlychildhood.yaml"),
        include_str!("../../../../schemas/examples/fake_1000.yaml"),
        include_str!("../../../../schemas/examples/fodors_zagats.yaml"),
        include_str!("../../../../schemas/examples/pseudopeople_employers.yaml"),
        include_str!("../../../../schemas/examples/pseudopeople_households.yaml"),
        include_str!("../../../../schemas/examples/senzing_truthset.yaml"),
        include_str!("../../../../schemas/examples/febrl3.yaml"),
        include_str!("../../../../schemas/examples/historical_50k.yaml"),
        include_str!("../../../../schemas/examples/pseudopeople.yaml"),
    ] {
        let spec = Schema::parse(text).unwrap().spec().unwrap();
        assert!(spec.keys.iter().any(|key| key.individuating), "{text}");
    }
}

#[test]
fn where_people_live_together_a_family_name_is_little_news() {
    let (rows, _) = people(60);
    let flat = run(&header(HEADER), &rows);
    let home = flat.weights.trained().unwrap().model.groups.get("home").unwrap();
    let family = flat.weights.trained().unwrap().model.fields.get("f1").unwrap().levels[0].bits;
    let within = home.within.get("f1").unwrap().bits[0];
    assert!(within < family / 2, "in a home a family name is little news: {within} against {family}");
}

/// Titles with their authors, as two libraries have them; every fifth twice in the first, a year apart.
fn libraries() -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let mut dice = Dice(11);
    let vocabulary: Vec<String> = (0..150).map(|_| dice.word(3)).collect();
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for work in 0..200 {
        let title: Vec<&str> = (0..6).map(|_| &*vocabulary[dice.below(150)]).collect();
        let (title, author, year) = (title.join(" "), dice.word(3), 1990 + dice.below(10));
        here.push(vec![title.clone(), format!("ann {author}"), year.to_string()]);
        if work % 5 == 0 {
            here.push(vec![title.clone(), format!("ann {author}"), (year + 1).to_string()]);
        }
        there.push(vec![dice.slip(&title), format!("A. {author}"), year.to_string()]);
    }
    (here, there)
}

#[test]
fn files_that_name_nothing_twice_have_at_most_one_row_each_in_a_cluster() {
    let (here, there) = libraries();
    let schema = |clean: bool| {
        let text =
            "fields: [{is: text, columns: [t]}, {is: name_list, columns: [a]}, {is: date, columns: [y]}]";
        Schema::parse(&format!("clean_files: {clean}\n{text}")).unwrap()
    };
    let header: Vec<String> = ["t", "a", "y"].map(str::to_owned).into();
    let tables = [Table { header: &header, rows: &here }, Table { header: &header, rows: &there }];
    let repeats = |clusters: &[u64]| {
        let distinct: std::collections::BTreeSet<&u64> = clusters.iter().collect();
        clusters.len() - distinct.len()
    };
    let clean = resolve(&schema(true), &tables, None, |_| {}).unwrap();
    assert_eq!((repeats(&clean.clusters[0]), repeats(&clean.clusters[1]), clean.reviews), (0, 0, 0));
    let together = clean.clusters[1].iter().filter(|cluster| clean.clusters[0].contains(cluster)).count();
    assert!(together >= 190, "{together} of 200 found their partner");
    let as_they_come = resolve(&schema(false), &tables, None, |_| {}).unwrap();
    assert!(repeats(&as_they_come.clusters[0]) > 0);
}

#[test]
fn rows_of_organisations_that_say_the_same_are_one() {
    let schema =
        Schema::parse("fields: [{is: organisation, columns: [n]}, {is: address, columns: [a]}]").unwrap();
    let header: Vec<String> = ["n", "a"].map(str::to_owned).into();
    let row = |name: &str, address: &str| vec![name.to_owned(), address.to_owned()];
    let mut rows = vec![row("Oak School, Inc.", "5 North Elm Street"); 120];
    rows.push(row("OAK SCHOOL", "5 N. Elm St"));
    rows.push(row("", ""));
    rows.push(row("", ""));
    let resolved = resolve(&schema, &[Table { header: &header, rows: &rows }], None, |_| {}).unwrap();
    let clusters = &resolved.clusters[0];
    assert!(clusters[..121].iter().all(|cluster| *cluster == 1));
    assert_ne!(clusters[121], clusters[122]);
}
