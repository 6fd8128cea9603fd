//! `model report`: a model as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.
//!
//! **Invariant:** the page holds shares, weights and counts; no value of any row, and no hash of one.

mod charts;
mod drift;

use crate::waterfall::escaped;
use std::fmt::Write as _;
use yibiao_resolve::file::ModelFile;
use yibiao_resolve::measure::Measured;
use yibiao_resolve::train::Made;
use yibiao_resolve::{FieldModel, Frequencies};

/// The page of a model, beside an earlier one where that is given.
pub(crate) fn html(file: &ModelFile, against: Option<&ModelFile>) -> String {
    let mut page = Page::default();
    page.head(&file.title());
    page.line(&format!("<h1>{}</h1>", escaped(&file.title())));
    page.line(&format!("<p class=\"dim\">摘要 digest {}</p>", escaped(&file.content_digest())));
    cuts(&mut page, file);
    if let Some(made) = &file.made {
        learning(&mut page, made);
    }
    weights(&mut page, file);
    frequencies(&mut page, file);
    match file.made.as_ref().and_then(|made| made.measured.as_ref()) {
        Some(measured) => measures(&mut page, file, measured),
        None => {
            page.line("<h2>分数与索引键 Scores and blocking keys</h2>");
            page.line("<p>Not measured: this file was written by hand. <code>yibiao model train</code> measures what it learns.</p>");
        }
    }
    if let Some(before) = against {
        drift::drift(&mut page, file, before);
    }
    page.line("</main></body></html>");
    page.text
}

/// The page as it grows.
#[derive(Default)]
pub(crate) struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, title: &str) {
        self.line("<!doctype html>\n<html lang=\"zh\"><head><meta charset=\"utf-8\">");
        self.line(&format!("<title>{}</title>", escaped(title)));
        self.line(STYLE);
        self.line("</head><body><main>");
    }

    /// Adds a line of HTML.
    pub(crate) fn line(&mut self, html: &str) {
        self.text.push_str(html);
        self.text.push('\n');
    }

    /// Adds a table; cells are HTML.
    pub(crate) fn table(&mut self, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        let cells = |cells: &[String], tag: &str| -> String {
            cells.iter().fold(String::new(), |mut all, cell| {
                write!(all, "<{tag}>{cell}</{tag}>").unwrap_or_default();
                all
            })
        };
        let header: Vec<String> = header.iter().map(|name| escaped(name)).collect();
        self.line(&format!("<table><thead><tr>{}</tr></thead><tbody>", cells(&header, "th")));
        for row in rows {
            self.line(&format!("<tr>{}</tr>", cells(&row, "td")));
        }
        self.line("</tbody></table>");
    }
}

const STYLE: &str = "<style>
:root{color-scheme:light}
body{margin:0;background:#f5f7fa;color:#1f2933;font:14px/1.5 system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif}
main{max-width:1060px;margin:0 auto;padding:24px 32px 64px;background:#fff}
h1{font-size:26px;margin:8px 0 0}h2{font-size:19px;margin:36px 0 8px;border-bottom:2px solid #d9e2ec;padding-bottom:4px}
h3{font-size:15px;margin:22px 0 4px}
table{border-collapse:collapse;margin:8px 0;font-variant-numeric:tabular-nums}
th,td{padding:3px 12px 3px 0;text-align:left;border-bottom:1px solid #e4e7eb;vertical-align:middle}
th{color:#52606d;font-weight:600}code{background:#f0f4f8;padding:1px 4px;border-radius:3px}
.dim{color:#7b8794;margin:0}.num{text-align:right}.up{color:#2f855a}.down{color:#c53030}svg{display:block;margin:8px 0}
</style>";

/// Thousandths of a bit as bits.
pub(crate) fn bits(thousandths: i32) -> String {
    format!("{:+.2}", f64::from(thousandths) / 1_000.0)
}

/// A share as a person reads it.
fn share(share: f64) -> String {
    if share >= 0.001 { format!("{share:.4}") } else { format!("{share:.2e}") }
}

fn cuts(page: &mut Page, file: &ModelFile) {
    let cuts = &file.spec.cuts;
    page.line("<h2>判定线 Cuts</h2>");
    let rows = [
        ("先验 prior: any pair before anything is compared", file.model.prior),
        ("弱 weak: a pair is an edge from here on", cuts.weak),
        ("人工 review: a steward is asked from here on", cuts.review),
        ("自动 auto: clusters merge from here on", cuts.auto),
        ("下限 floor", cuts.floor),
        ("上限 ceiling", cuts.ceiling),
    ];
    page.table(&["", "bits"], rows.map(|(name, value)| vec![escaped(name), bits(value)]));
}

fn learning(page: &mut Page, made: &Made) {
    page.line("<h2>学习 How it was learnt</h2>");
    let labels = made.labels;
    let rows = [
        ("程序 program", made.by.to_string()),
        ("记录 records", made.records.to_string()),
        ("样本 sample", made.sample.to_string()),
        ("随机种子 seed", made.seed.to_string()),
        ("匹配对 matching pairs, about", made.matches.to_string()),
        ("占全部对 of all pairs", share(made.matching_share)),
        (
            "人工结论 rulings",
            format!(
                "{} linked ({} of them below the review cut), {} parted ({} of them above the automatic cut)",
                labels.linked, labels.linked_below, labels.parted, labels.parted_above
            ),
        ),
        (
            "未学习 kept as they were",
            if made.kept.is_empty() { "–".to_owned() } else { made.kept.join(", ") },
        ),
    ];
    page.table(&["", ""], rows.map(|(name, value)| vec![escaped(name), escaped(&value)]));
    page.line("<h3>各键的学习 Runs, one for each individuating key</h3>");
    let rows = made.sessions.iter().map(|session| {
        vec![
            format!("<code>{}</code>", escaped(&session.key)),
            session.pairs.to_string(),
            share(session.matching_share),
            if session.used { "yes" } else { "no: too few match" }.to_owned(),
        ]
    });
    page.table(&["键 key", "对 pairs", "匹配 matching", "采用 used"], rows);
}

fn weights(page: &mut Page, file: &ModelFile) {
    page.line("<h2>权重 Weights</h2>");
    page.line(
        "<p>m: share of matching pairs at the level; u: of other pairs; weight: log2(m / u), in bits.</p>",
    );
    for spec in &file.spec.fields {
        let Some(model) = file.model.fields.get(&spec.name) else { continue };
        let group = spec.group.as_ref().map(|group| format!(", 证据组 group {group}")).unwrap_or_default();
        page.line(&format!(
            "<h3>{}<span class=\"dim\"> {:?}{}</span></h3>",
            escaped(&spec.name),
            spec.kind,
            escaped(&group)
        ));
        let rows = model.levels.iter().map(|level| {
            vec![
                escaped(&level.name),
                share(level.m),
                share(level.u),
                format!(
                    "<span class=\"{}\">{}</span>",
                    if level.bits < 0 { "down" } else { "up" },
                    bits(level.bits)
                ),
                charts::bar(level.bits),
            ]
        });
        page.table(&["级别 level", "m", "u", "权重 bits", ""], rows);
    }
    if file.model.groups.is_empty() {
        return;
    }
    page.line("<h3>证据组 Evidence groups</h3>");
    let rows = file.model.groups.iter().map(|(name, group)| {
        let within: Vec<String> = group
            .within
            .iter()
            .map(|(field, within)| {
                let all: Vec<String> = within.bits.iter().map(|of| bits(*of)).collect();
                format!("{}: {}", escaped(field), all.join(" "))
            })
            .collect();
        vec![escaped(name), bits(group.agrees_from), bits(group.bits), within.join("<br>")]
    });
    page.table(
        &[
            "组 group",
            "起点 agrees from",
            "合计 counts",
            "同户内的权重 weights of other fields inside, best level first",
        ],
        rows,
    );
}

fn frequencies(page: &mut Page, file: &ModelFile) {
    page.line("<h2>词频 Term frequency</h2>");
    page.line("<p>What full agreement weighs by how often the value occurs. The values themselves are not shown, nor their hashes.</p>");
    let mut rows = Vec::new();
    for (name, model) in &file.model.fields {
        let Some(frequencies) = &model.frequencies else { continue };
        let mut counts: Vec<u64> = frequencies.counts.values().copied().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let at = |place: usize| {
            counts.get(place).map_or("–".to_owned(), |count| weighed(model, frequencies, *count))
        };
        rows.push(vec![
            escaped(name),
            frequencies.total.to_string(),
            counts.len().to_string(),
            at(0),
            at(9),
            at(99),
            weighed(model, frequencies, frequencies.unlisted),
        ]);
    }
    page.table(
        &[
            "字段 field",
            "计数 values counted",
            "列出 listed",
            "最常见 commonest",
            "第10 10th",
            "第100 100th",
            "未列出 not listed",
        ],
        rows,
    );
}

/// A count, and what full agreement on a value of that count weighs.
fn weighed(model: &FieldModel, frequencies: &Frequencies, count: u64) -> String {
    let exact = model.levels.first().map_or(0, |level| level.bits);
    let rarity = model.rarity_of_count(count, frequencies.total);
    format!("{count}: {} bits", bits(exact + rarity))
}

fn measures(page: &mut Page, file: &ModelFile, measured: &Measured) {
    page.line("<h2>分数 Scores</h2>");
    page.line(&format!(
        "<p>{} candidate pairs of {} records by weight. Left of the review line nothing happens, between the lines a steward \
         is asked, right of the automatic line clusters merge.</p>",
        measured.candidates, measured.records
    ));
    page.line(&charts::histogram(&measured.weights, file.spec.cuts.review, file.spec.cuts.auto));
    page.line("<h2>索引键 Blocking keys</h2>");
    page.line(
        "<p>What each key costs, and what is found by it alone: pairs that would be lost without it.</p>",
    );
    let rows = measured.keys.iter().map(|cost| {
        vec![
            format!("<code>{}</code>", escaped(&cost.key)),
            cost.pairs.to_string(),
            percent(cost.pairs, measured.candidates),
            cost.only.to_string(),
            cost.only_of_weight.to_string(),
        ]
    });
    page.table(
        &[
            "键 key",
            "对 pairs",
            "占 of all",
            "独有 only by it",
            "其中达人工线 of these, at the review cut or above",
        ],
        rows,
    );
    page.line("<h2>无法匹配的记录 Unlinkable records</h2>");
    page.line(&format!(
        "<p>{} of {} records ({}) weigh less than the automatic cut even with a copy of themselves: they say too little to be \
         joined by themselves.</p>",
        measured.unlinkable,
        measured.records,
        percent(measured.unlinkable, measured.records)
    ));
}

/// A part of a whole, in per cent.
fn percent(part: u64, whole: u64) -> String {
    let tenths = part.saturating_mul(1_000).checked_div(whole).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use yibiao_record::EntityKind;

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_closes_what_it_opens() {
        for kind in EntityKind::ALL {
            let file = ModelFile::shipped(kind);
            let page = html(&file, Some(&file));
            for outside in ["http:", "https:", "src=", "href=", "<script", "@import", "url("] {
                assert!(!page.contains(outside), "{outside}");
            }
            for tag in ["table", "svg", "h2", "h3", "p", "main", "tr"] {
                let opened =
                    page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
                assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
            }
        }
    }

    #[test]
    fn every_level_is_shown_with_its_weight() {
        let file = ModelFile::shipped(EntityKind::Person);
        let page = html(&file, None);
        for level in file.model.fields.values().flat_map(|field| &field.levels) {
            assert!(page.contains(&format!("<td>{}</td>", level.name)), "{}", level.name);
            assert!(page.contains(&bits(level.bits)), "{}", level.bits);
        }
    }

    #[test]
    fn parts_of_a_whole_are_shown_in_per_cent() {
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(0, 0), "0.0 %");
    }
}
