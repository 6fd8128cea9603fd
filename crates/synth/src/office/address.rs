//! Addresses, as each department writes them: which levels, in which words, and which one a clerk leaves out.

use super::clerk::Clerk;
use crate::day::number_words;
use crate::place::{DISTRICT, Spot, Village};
use crate::world::{House, World};

/// How an address is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// MZ, registered address: from the district down.
    Ledger,
    /// MZ, home: from the village down.
    LedgerHome,
    /// WJ: no house number, sometimes a remark on a second line.
    Visit,
    /// ZJ: from the town down, `第三村民小组`.
    Survey,
    /// YJ: a corner of the village instead of a number.
    Flood,
    /// NY: levels between slashes.
    Monitoring,
}

/// A level, what its omission is called, and its words.
type Part = (&'static str, &'static str, String);

const PROVINCE: &str = "示例省";
const CITY: &str = "示例市";

/// The address of a house, with what goes wrong in it noted under that element.
pub(super) fn write(
    clerk: &mut Clerk<'_>,
    world: &World,
    house: &House,
    style: Style,
    element: &'static str,
) -> String {
    let village = world.village(house.village);
    let name = village_name(clerk, village, style);
    let mut parts: Vec<Part> = upper(village, style);
    parts.push(("village", "omit_village", name));
    match house.spot {
        Spot::Rural { group, number, corner } => {
            rural(clerk, village, style, group, number, corner, &mut parts)
        }
        Spot::Urban { .. } => urban(clerk, house.spot, style, element, &mut parts),
    }
    let levels: Vec<(&'static str, &'static str)> =
        parts.iter().map(|(level, kind, _)| (*level, *kind)).collect();
    if let Some((level, kind)) = clerk.omitted(&levels)
        && parts.len() > 2
    {
        parts.retain(|(other, ..)| *other != level);
        clerk.note(element, kind);
    }
    let separator = if style == Style::Monitoring { "/" } else { "" };
    let words: Vec<String> = parts.into_iter().map(|(.., words)| words).collect();
    let mut address = words.join(separator);
    if style == Style::Visit && clerk.dice.below(1000) < 45 {
        address.push_str(clerk.dice.pick(&[
            "\n(村委会旁)",
            "\n电话联系后上门",
            "\"老院子\"",
            "\n(\"大院\"后)",
        ]));
    }
    address
}

/// The whole address, as the register has it.
pub(crate) fn full(world: &World, house: &House) -> String {
    let village = world.village(house.village);
    let above = format!("{PROVINCE}{CITY}{DISTRICT}{}{}", village.town(), village.name);
    match house.spot {
        Spot::Rural { group, number, .. } => format!("{above}{}组{number}号", number_words(group)),
        Spot::Urban { street, number, compound, flat: (building, unit, room), .. } => {
            format!("{above}{}{number}号{compound}{building}栋{unit}单元{room}室", street.0)
        }
    }
}

/// The village's name, perhaps the former one.
fn village_name(clerk: &mut Clerk<'_>, village: &Village, style: Style) -> String {
    let takes_former = style != Style::Ledger;
    match &village.former_name {
        Some(former) if takes_former && clerk.uses_former_village() => {
            clerk.note("residence_address", "old_village_name");
            former.clone()
        }
        _ => village.name.clone(),
    }
}

fn upper(village: &Village, style: Style) -> Vec<Part> {
    let town = ("town", "omit_town", village.town().to_owned());
    let district = ("dist", "omit_dist", DISTRICT.to_owned());
    let province = ("prov", "omit_prov", PROVINCE.to_owned());
    let city = ("city", "omit_city", CITY.to_owned());
    match style {
        Style::Monitoring => vec![province, city, district, town],
        Style::Ledger | Style::Visit => vec![district, town],
        Style::Survey => vec![town],
        Style::LedgerHome | Style::Flood => Vec::new(),
    }
}

fn rural(
    clerk: &mut Clerk<'_>,
    village: &Village,
    style: Style,
    group: u8,
    number: u16,
    corner: &str,
    parts: &mut Vec<Part>,
) {
    let words = number_words(group);
    let spoken = village.group_word();
    let group = match style {
        Style::Monitoring => format!("{words}组"),
        Style::Ledger | Style::LedgerHome => format!("{group}{spoken}"),
        Style::Visit if clerk.dice.percent(10) => format!("第{words}组"),
        Style::Visit => format!("{group}组"),
        Style::Survey => match clerk.dice.below(100) {
            0..80 => format!("第{words}村民小组"),
            80..90 => format!("第{group}村民小组"),
            _ => format!("{group}组"),
        },
        Style::Flood if clerk.dice.percent(12) => format!("{group}{spoken}"),
        Style::Flood => format!("{words}{spoken}"),
    };
    parts.push(("group", "omit_group", group));
    match style {
        Style::Ledger | Style::LedgerHome => parts.push(("no", "omit_no", format!("{number}号"))),
        Style::Survey if clerk.dice.percent(14) => {
            let wide: String = number.to_string().chars().map(full_width).collect();
            parts.push(("no", "omit_no", format!("{wide}号")));
        }
        Style::Survey => parts.push(("no", "omit_no", format!("{number}号"))),
        Style::Flood => parts.push(("nick", "omit_nick", corner.to_owned())),
        Style::Visit | Style::Monitoring => {}
    }
}

fn urban(clerk: &mut Clerk<'_>, spot: Spot, style: Style, element: &'static str, parts: &mut Vec<Part>) {
    let Spot::Urban { street, number, compound, flat: (building, unit, room), .. } = spot else { return };
    let mut street_name = street.0;
    if let (Some(former), Style::Ledger | Style::LedgerHome) = (street.1, style)
        && clerk.dice.percent(10)
    {
        clerk.note(element, "old_road_name");
        street_name = former;
    }
    let road = ("road", "omit_road", format!("{street_name}{number}号"));
    let flat = if clerk.dice.percent(35) {
        format!("{building}-{unit}-{room}")
    } else {
        format!("{building}栋{unit}单元{room}室")
    };
    let compound = ("compound", "omit_compound", compound.to_owned());
    match style {
        Style::Ledger => parts.extend([road, compound, ("room", "omit_room", flat)]),
        Style::LedgerHome => {
            parts.clear();
            let place = if clerk.dice.percent(50) { road } else { compound };
            parts.extend([place, ("room", "omit_room", flat)]);
        }
        Style::Visit | Style::Survey | Style::Flood | Style::Monitoring => {
            parts.extend([compound, ("room", "omit_room", format!("{building}栋"))]);
        }
    }
}

/// A digit in the width of a hanzi.
pub(super) fn full_width(character: char) -> char {
    match character {
        '!'..='~' => char::from_u32(u32::from(character) + 0xfee0).unwrap_or(character),
        other => other,
    }
}
