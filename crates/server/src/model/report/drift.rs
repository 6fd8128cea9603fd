//! A model beside an earlier one: what weighs more, what weighs less, what else is another.

use super::{Page, bits, charts};
use crate::waterfall::escaped;
use std::collections::BTreeSet;
use yibiao_resolve::file::ModelFile;

pub(super) fn drift(page: &mut Page, file: &ModelFile, before: &ModelFile) {
    page.line(&format!(
        "<h2>与 {} 比较 Beside {}</h2>\n<p class=\"dim\">摘要 digest {}</p>",
        escaped(&before.title()),
        escaped(&before.title()),
        escaped(&before.content_digest())
    ));
    let (new, old) = (&file.spec.cuts, &before.spec.cuts);
    let numbers = [
        ("先验 prior", before.model.prior, file.model.prior),
        ("弱 weak", old.weak, new.weak),
        ("人工 review", old.review, new.review),
        ("自动 auto", old.auto, new.auto),
    ];
    let rows =
        numbers.map(|(name, old, new)| vec![escaped(name), bits(old), bits(new), difference(new - old)]);
    page.table(&["", "此前 before", "现在 now", "变化 drift"], rows);
    page.line("<h3>权重变化 Drift of weights, largest first</h3>");
    let mut drifts = Vec::new();
    for (name, field) in &file.model.fields {
        let earlier = before.model.fields.get(name);
        for level in &field.levels {
            let old = earlier.and_then(|field| field.levels.iter().find(|old| old.name == level.name));
            drifts.push((name, &level.name, old.map(|old| old.bits), level.bits));
        }
    }
    drifts.sort_by_key(|(_, _, old, new)| std::cmp::Reverse(old.map_or(i32::MAX, |old| (new - old).abs())));
    let rows =
        drifts.into_iter().filter(|(_, _, old, new)| *old != Some(*new)).map(|(field, level, old, new)| {
            vec![
                escaped(field),
                escaped(level),
                old.map_or("–".to_owned(), bits),
                bits(new),
                old.map_or("新 new".to_owned(), |old| difference(new - old)),
                charts::bar(new - old.unwrap_or(0)),
            ]
        });
    page.table(&["字段 field", "级别 level", "此前 before", "现在 now", "变化 drift", ""], rows);
    lists(page, file, before);
}

fn difference(thousandths: i32) -> String {
    let class = if thousandths < 0 { "down" } else { "up" };
    format!("<span class=\"{class}\">{}</span>", bits(thousandths))
}

/// Fields, keys and rules that are only in one of the two.
fn lists(page: &mut Page, file: &ModelFile, before: &ModelFile) {
    let of = |file: &ModelFile| -> [BTreeSet<String>; 3] {
        let rule = |rule: &yibiao_resolve::RuleSpec| {
            let when: Vec<String> =
                rule.when.iter().map(|when| format!("{} {}", when.field, when.levels.join("/"))).collect();
            format!("{:?}: {}", rule.effect, when.join(", "))
        };
        [
            file.spec.fields.iter().map(|field| field.name.to_string()).collect(),
            file.spec.keys.iter().map(|key| key.on.to_string()).collect(),
            file.spec.rules.iter().map(rule).collect(),
        ]
    };
    let mut rows = Vec::new();
    for ((what, new), old) in ["字段 field", "键 key", "规则 rule"].into_iter().zip(of(file)).zip(of(before))
    {
        let row = |sign: &str, item: &String| vec![sign.to_owned(), what.to_owned(), escaped(item)];
        rows.extend(new.difference(&old).map(|item| row("+", item)));
        rows.extend(old.difference(&new).map(|item| row("−", item)));
    }
    if rows.is_empty() {
        page.line("<p>字段、键与规则相同。 Fields, keys and rules are the same.</p>");
    } else {
        page.table(&["", "", ""], rows);
    }
}
