//! The waterfall of a pair as SVG: from the prior, field by field, to the weight, against the cuts. It names fields and
//! levels and shows no value, so that it may be passed on.

use crate::query::{cell, list};
use serde_json::Value as Json;
use std::fmt::Write as _;

/// Sizes, in pixels.
const WIDTH: f64 = 960.0;
const NAMES: f64 = 300.0;
const NUMBERS: f64 = 70.0;
const ROW: f64 = 26.0;
const TOP: f64 = 76.0;
const FOOT: f64 = 44.0;

/// One step: what it is called, from where to where it goes, in bits.
struct Step {
    name: String,
    from: f64,
    to: f64,
    whole: bool,
}

/// The picture of an explained pair; `None` of anything else.
pub(crate) fn svg(pair: &Json) -> Option<String> {
    let number = |of: &Json, name: &str| of.get(name).and_then(Json::as_f64);
    let steps = steps(pair)?;
    let cuts = pair.get("cuts_bits")?;
    let (review, auto) = (number(cuts, "review")?, number(cuts, "auto")?);
    let ends = steps.iter().flat_map(|step| [step.from, step.to]).chain([0.0, review, auto]);
    let (least, most) =
        ends.fold((0.0_f64, 0.0_f64), |(least, most), bits| (least.min(bits), most.max(bits)));
    let span = (most - least).max(1.0);
    let x = |bits: f64| NAMES + (bits - least) / span * (WIDTH - NAMES - NUMBERS);
    let rows = f64::from(u32::try_from(steps.len()).ok()?);
    let (bottom, height) = (TOP + rows * ROW, TOP + rows * ROW + FOOT);
    let mut out = String::new();
    let records = list(pair, "pair").iter().filter_map(Json::as_str).collect::<Vec<_>>().join("  –  ");
    write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"12\" y=\"26\" font-size=\"16\" font-weight=\"bold\">{}</text>\n\
         <text x=\"12\" y=\"48\" fill=\"#52606d\">{} · {}</text>\n",
        escaped(&records),
        escaped(&cell(pair, "model")),
        escaped(&format!("kept apart by {}", cell(pair, "kept_apart_by"))),
    )
    .ok()?;
    for (name, bits, colour) in
        [("review", review, "#b7791f"), ("auto", auto, "#2f855a"), ("0", 0.0, "#9aa5b1")]
    {
        let at = x(bits);
        write!(
            out,
            "<line x1=\"{at:.1}\" y1=\"{:.1}\" x2=\"{at:.1}\" y2=\"{bottom:.1}\" stroke=\"{colour}\" stroke-dasharray=\"4 3\"/>\n\
             <text x=\"{at:.1}\" y=\"{:.1}\" fill=\"{colour}\" text-anchor=\"middle\" font-size=\"11\">{name}{}</text>\n",
            TOP - 6.0,
            bottom + if name == "auto" { 16.0 } else { 30.0 },
            if name == "0" { String::new() } else { format!(" {bits:+.1}") },
        )
        .ok()?;
    }
    for (at, step) in (0u32..).zip(&steps) {
        let y = TOP + f64::from(at) * ROW;
        let (left, right) = (x(step.from.min(step.to)), x(step.from.max(step.to)));
        let colour = match step {
            Step { whole: true, .. } => "#486581",
            Step { from, to, .. } if to >= from => "#2f855a",
            Step { .. } => "#c53030",
        };
        let bits = if step.whole { step.to } else { step.to - step.from };
        write!(
            out,
            "<text x=\"12\" y=\"{:.1}\">{}</text>\n<rect x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\" rx=\"2\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{bits:+.3}</text>\n",
            y + 17.0,
            escaped(&step.name),
            y + 4.0,
            (right - left).max(1.5),
            ROW - 8.0,
            right + 6.0,
            y + 17.0,
        )
        .ok()?;
    }
    out.push_str("</svg>\n");
    Some(out)
}

/// From the prior to the weight. A field of an evidence group is one step, and what the group takes off again is another.
fn steps(pair: &Json) -> Option<Vec<Step>> {
    let number = |of: &Json, name: &str| of.get(name).and_then(Json::as_f64);
    let prior = number(pair, "prior_bits")?;
    let mut steps = vec![Step { name: "prior".to_owned(), from: 0.0, to: prior, whole: true }];
    let mut add = |name: String, bits: f64| {
        let from = steps.last().map_or(prior, |step| step.to);
        steps.push(Step { name, from, to: from + bits, whole: false });
        from + bits
    };
    let mut at = prior;
    for field in list(pair, "fields") {
        let (name, level) = (cell(field, "field"), cell(field, "level"));
        let home = if field.get("within_group") == Some(&Json::Bool(true)) { ", in one home" } else { "" };
        at = add(format!("{name}: {level}{home}"), number(field, "bits")?);
        let rarity = number(field, "rarity_bits")?;
        if rarity.abs() > f64::EPSILON {
            at = add(format!("{name}: rarity of the value"), rarity);
        }
    }
    for group in list(pair, "groups") {
        let (sum, bits) = (number(group, "sum_bits")?, number(group, "bits")?);
        if (sum - bits).abs() > f64::EPSILON {
            at = add(format!("{}: counts once", cell(group, "group")), bits - sum);
        }
    }
    let weight = number(pair, "weight_bits")?;
    if (weight - at).abs() > 5e-4 {
        add("rule and limits".to_owned(), weight - at);
    }
    steps.push(Step { name: "weight".to_owned(), from: 0.0, to: weight, whole: true });
    Some(steps)
}

/// Text that may stand in XML and HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pair() -> Json {
        json!({
            "pair": ["GA:1", "MZ:<2>"], "model": "person v1", "kept_apart_by": "too little weight", "prior_bits": -15.0,
            "fields": [
                { "field": "name", "level": "exact", "left": "秘密", "right": "秘密", "bits": 14.5, "rarity_bits": 1.25, "within_group": false },
                { "field": "phone", "level": "exact", "left": "1", "right": "1", "bits": 10.0, "rarity_bits": 0.0, "within_group": false },
                { "field": "home", "level": "house", "left": "1", "right": "1", "bits": 10.5, "rarity_bits": 0.0, "within_group": false },
            ],
            "groups": [{ "group": "household", "sum_bits": 20.5, "bits": 10.5 }],
            "weight_bits": 11.25, "cuts_bits": { "review": -1.0, "auto": 2.5 },
        })
    }

    #[test]
    fn the_steps_lead_from_the_prior_to_the_weight() {
        let steps = steps(&pair()).unwrap();
        let names: Vec<&str> = steps.iter().map(|step| &*step.name).collect();
        let expected = [
            "prior",
            "name: exact",
            "name: rarity of the value",
            "phone: exact",
            "home: house",
            "household: counts once",
            "weight",
        ];
        assert_eq!(names, expected);
        let last = &steps[steps.len() - 2];
        assert!((last.to - 11.25).abs() < 1e-9, "{}", last.to);
    }

    #[test]
    fn the_picture_is_whole_xml_and_shows_no_value() {
        let drawn = svg(&pair()).unwrap();
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"));
        assert!(drawn.contains("MZ:&lt;2&gt;") && !drawn.contains("秘密"));
        assert!(svg(&json!({ "entity": "P-1" })).is_none());
    }
}
