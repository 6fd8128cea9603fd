//! What is true of every person, and which situations people are in.

use crate::files::Source;
use crate::office::{address, mz, words};
use crate::roll::Kind;
use crate::world::{Household, Person, PersonIndex, World};

/// One line for each fact about each person.
pub(super) fn facts(world: &World) -> impl Iterator<Item = String> {
    world.people.iter().zip(0..).flat_map(move |(who, index)| {
        let facts = facts_of(world, who);
        facts.into_iter().map(move |(element, value)| format!("P{:07},{element},{value}", index + 1))
    })
}

fn facts_of(world: &World, who: &Person) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("citizen_id", who.id.full()),
        ("name", who.name.text()),
        ("sex", words::sex(who.sex).to_owned()),
        ("birth_date", who.born.dashed()),
        ("ethnicity", words::ethnicity(who.ethnicity).to_owned()),
    ];
    let optional = [
        ("former_name", who.former.map(|name| name.text())),
        ("mobile", who.phone.map(|phone| phone.to_string())),
        ("mobile_previous", who.former_phone.map(|phone| phone.to_string())),
        ("citizen_id_second", who.second_id.map(|id| id.full())),
        ("death_date", who.died.map(|day| day.dashed())),
        ("employer", who.work.text()),
    ];
    facts.extend(optional.into_iter().filter_map(|(element, value)| value.map(|value| (element, value))));
    if who.rolls.unregistered {
        return facts;
    }
    let household = world.household(who.household);
    let house = world.house(household.house);
    let village = world.village(house.village);
    facts.extend([
        ("division_code", village.code.to_string()),
        ("grid_code", format!("{}{:03}", village.code, village.grid(house.spot.group()))),
        ("hukou_address", address::full(world, world.house(household.registered_house))),
        ("residence_address", address::full(world, house)),
        ("true_household_id", format!("H{:07}", who.household + 1)),
        ("true_house_id", format!("D{:07}", household.house + 1)),
        ("head_name", world.person(household.head).name.text()),
        ("relation_to_head", words::relation(who.relation).to_owned()),
        ("household_size", world.living(household).to_string()),
        ("marital_status", words::marital(who.marital).to_owned()),
        ("education", words::education(who.education).to_owned()),
        ("self_care_ability", words::care(who.dependence).to_owned()),
        ("house_structure", words::structure(house.structure).to_owned()),
        ("build_year", house.built.to_string()),
        ("safety_grade", house.grade.to_string()),
        ("bank_account", format!("DEMO-ACCT-{:04}", who.account)),
    ]);
    if !who.illnesses.is_empty() {
        facts.push(("chronic_disease", who.illnesses.join(";")));
    }
    if let Some((kind, degree)) = who.disability {
        facts.push(("disability_type", words::disability(kind).to_owned()));
        facts.push(("disability_level", degree.to_string()));
    }
    if let Some((_, from)) = household.moved {
        facts.push(("residence_previous", address::full(world, world.house(from))));
    }
    if let Some(guardian) = who.guardian.map(|guardian| world.person(guardian)) {
        facts.push(("contact_name", guardian.name.text()));
        facts.extend(guardian.phone.map(|phone| ("contact_phone", phone.to_string())));
    }
    cases(household, who, &mut facts);
    facts
}

/// What is true because of a case at an office.
fn cases(household: &Household, who: &Person, facts: &mut Vec<(&'static str, String)>) {
    if let (Some(relief), true) = (&household.relief, who.rolls.relief) {
        let (categories, amount) = mz::relief_of(who, relief);
        facts.extend([
            ("assistance_category", categories.join(";")),
            ("assistance_start", format!("{}-{:02}", relief.since.0, relief.since.1)),
            ("monthly_amount", amount.to_string()),
            ("household_ref_MZ", format!("DB{}-{:04}", relief.since.0, relief.number)),
        ]);
    }
    if let (Some(case), true) = (&household.monitoring, who.rolls.monitoring) {
        facts.extend([
            ("monitor_category", case.category.to_owned()),
            ("return_risk", case.risk.to_owned()),
            ("farmland_area", format!("{}.{}", case.farmland / 10, case.farmland % 10)),
            ("helper_name", case.helper.clone()),
            ("household_ref_NY", case.number.to_string()),
        ]);
    }
}

/// Situations that chance made: who is in which.
pub(super) fn situations(source: Source<'_>) -> Vec<(PersonIndex, &'static str)> {
    let mut found = Vec::new();
    for (who, index) in source.world.people.iter().zip(0..) {
        let index = PersonIndex(index);
        if who.planted {
            continue;
        }
        let moved = !who.rolls.unregistered && source.world.household(who.household).moved.is_some();
        for (is, trap) in [
            (who.name.is_dotted(), "dotted"),
            (who.name.rare().is_some(), "rare_hanzi"),
            (who.former.is_some(), "renamed"),
            (moved, "moved"),
            (who.died.is_some() && who.rolls.relief, "dead_but_paid"),
        ] {
            if is {
                found.push((index, trap));
            }
        }
    }
    for registration in &source.rolls.ga {
        let trap = match registration.kind {
            Kind::Home => continue,
            Kind::MarriedOut => "married_out",
            Kind::WithChild => "two_households_GA",
            Kind::SecondId => "double_hukou",
        };
        found.push((registration.person, trap));
    }
    for registration in source.rolls.ga.iter().filter(|registration| registration.story.late.is_some()) {
        found.push((registration.person, "ga_old_message_arrives_last"));
    }
    for entry in &source.rolls.ny {
        if entry.household != source.world.person(entry.person).household {
            found.push((entry.person, "two_households_NY"));
        }
    }
    found
}
