//! Charts of the report, as SVG inside the page.

use std::fmt::Write as _;
use yibiao_resolve::measure::Bin;

/// So many bits fill the half of a bar's width.
const BAR_BITS: f64 = 20.0;
const BAR_HALF: f64 = 110.0;

/// A weight as a bar from the middle: to the right for, to the left against.
pub(super) fn bar(thousandths: i32) -> String {
    let bits = f64::from(thousandths) / 1_000.0;
    let width = (bits.abs() / BAR_BITS * BAR_HALF).min(BAR_HALF);
    let (x, colour) = if bits < 0.0 { (BAR_HALF - width, "#c53030") } else { (BAR_HALF, "#2f855a") };
    format!(
        "<svg width=\"{0}\" height=\"12\" viewBox=\"0 0 {0} 12\" style=\"margin:0\"><rect x=\"{x:.1}\" width=\"{width:.1}\" \
         height=\"12\" fill=\"{colour}\"/><line x1=\"{BAR_HALF}\" x2=\"{BAR_HALF}\" y1=\"0\" y2=\"12\" stroke=\"#9aa5b1\"/></svg>",
        BAR_HALF * 2.0
    )
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 260.0;
const MARGIN: f64 = 46.0;

/// Pairs by weight, their number by its logarithm, with both cuts.
pub(super) fn histogram(bins: &[Bin], review: i32, auto: i32) -> String {
    let cut = |thousandths: i32| f64::from(thousandths) / 1_000.0;
    let edges = bins.iter().map(|bin| f64::from(bin.bits)).chain([cut(review), cut(auto)]);
    let (least, most) = edges.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), edge| {
        (least.min(edge.floor()), most.max(edge + 1.0))
    });
    if bins.is_empty() {
        return "<p>No pair was scored.</p>".to_owned();
    }
    let log = |pairs: u64| f64::from(u32::try_from(pairs).unwrap_or(u32::MAX)).max(1.0).log10() + 0.15;
    let top = bins.iter().map(|bin| log(bin.pairs)).fold(1.0, f64::max);
    let x = |bits: f64| MARGIN + (bits - least) / (most - least) * (WIDTH - 2.0 * MARGIN);
    let y = |height: f64| HEIGHT - MARGIN - height / top * (HEIGHT - 2.0 * MARGIN);
    let mut out = format!(
        "<svg width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-size=\"11\">"
    );
    for bin in bins {
        let (left, right) = (x(f64::from(bin.bits)), x(f64::from(bin.bits) + 1.0));
        let (to, colour) = (y(log(bin.pairs)), shade(bin.bits * 1_000, review, auto));
        write!(
            out,
            "<rect x=\"{left:.1}\" y=\"{to:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"><title>{} to {} bits: {} pairs</title></rect>",
            (right - left - 1.0).max(0.5),
            HEIGHT - MARGIN - to,
            bin.bits,
            bin.bits + 1,
            bin.pairs,
        )
        .unwrap_or_default();
    }
    for (power, pairs) in
        (0u32..8).map(|power| (f64::from(power) + 0.15, 10u64.pow(power))).filter(|(at, _)| *at <= top)
    {
        write!(out, "<text x=\"4\" y=\"{:.1}\" fill=\"#7b8794\">{pairs}</text>", y(power) + 4.0)
            .unwrap_or_default();
    }
    let mut tick = (least / 5.0).ceil() * 5.0;
    while tick <= most {
        write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#7b8794\">{tick:+}</text>",
            x(tick),
            HEIGHT - MARGIN + 16.0
        )
        .unwrap_or_default();
        tick += 5.0;
    }
    for (name, at, colour, line) in
        [("人工 review", cut(review), "#b7791f", 14.0), ("自动 auto", cut(auto), "#2f855a", 28.0)]
    {
        write!(
            out,
            "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{line}\" y2=\"{1:.1}\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"5 3\"/>\
             <text x=\"{2:.1}\" y=\"{line}\" fill=\"{colour}\">{name} {at:+.1}</text>",
            x(at),
            HEIGHT - MARGIN,
            x(at) + 5.0,
        )
        .unwrap_or_default();
    }
    out.push_str("</svg>");
    out
}

/// What becomes of pairs of a weight.
fn shade(weight: i32, review: i32, auto: i32) -> &'static str {
    if weight >= auto {
        "#68d391"
    } else if weight >= review {
        "#f6c453"
    } else {
        "#bcccdc"
    }
}
