//! The population register: every registration and what happened to it.

use crate::Plan;
use crate::day::{AS_OF, Day, Moment};
use crate::dice::Dice;
use crate::identity::Numbers;
use crate::world::{Marital, Person, PersonIndex, Relation, World, planted};

/// Why a person is registered here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Where they live.
    Home,
    /// With the parents, although married elsewhere.
    MarriedOut,
    /// In a child's household too.
    WithChild,
    /// A second time, under another valid id.
    SecondId,
}

/// What a message of the register changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The phone.
    Phone,
    /// The residence.
    Move,
    /// The employer.
    Work,
    /// The name.
    Name,
    /// The education.
    Education,
}

/// What happened to a registration.
#[derive(Clone, Copy)]
pub(crate) struct Story {
    /// When it was made.
    pub(crate) opened: Moment,
    /// A change.
    pub(crate) changed: Option<(Moment, Change)>,
    /// When and why it was struck off.
    pub(crate) closed: Option<(Moment, &'static str)>,
    /// The last message is delivered a second time.
    pub(crate) redelivered: bool,
    /// A message older than the change, which arrives after everything else.
    pub(crate) late: Option<Moment>,
}

/// One key of the register.
#[derive(Clone, Copy)]
pub(crate) struct Registration {
    /// The person.
    pub(crate) person: PersonIndex,
    /// Why here.
    pub(crate) kind: Kind,
    /// The key, without its letters.
    pub(crate) key: u64,
    /// Number of the registered household.
    pub(crate) unit: u64,
    /// Its head.
    pub(crate) head: PersonIndex,
    /// How the person stands to the head.
    pub(crate) relation: Relation,
    /// Index of the household in the county that it belongs to.
    pub(crate) household: usize,
    /// What happened.
    pub(crate) story: Story,
}

/// The offices of the register and what is still owed to a rate because no fitting household was found.
struct Clerkship<'a> {
    plan: &'a Plan,
    world: &'a World,
    keys: Numbers,
    units: Numbers,
    unit_of: Vec<u64>,
    list: Vec<Registration>,
    married_out_due: u32,
    with_child_due: u32,
}

/// All registrations, household by household.
pub(super) fn registrations(plan: &Plan, world: &World) -> Vec<Registration> {
    let size = if plan.households > 400_000 { 10_000_000 } else { 1_000_000 };
    let mut clerkship = Clerkship {
        plan,
        world,
        keys: Numbers::new(0, 100_000_000, 43, &[]),
        units: Numbers::new(990_101_000_000, size, 47, &[planted::SAMPLE_UNIT]),
        unit_of: Vec::with_capacity(world.households.len()),
        list: Vec::with_capacity(world.people.len()),
        married_out_due: 0,
        with_child_due: 0,
    };
    for index in 0..world.households.len() {
        clerkship.register(index);
    }
    clerkship.list
}

impl Clerkship<'_> {
    fn register(&mut self, index: usize) {
        let household = self.world.household(index);
        let sample = self.world.planted.sample_household == Some(index);
        let unit = if sample { planted::SAMPLE_UNIT } else { self.units.issue() };
        let parents_unit = household.parents_apart.then(|| self.units.issue());
        self.unit_of.push(unit);
        let parent = |relation| matches!(relation, Relation::Father | Relation::Mother);
        let parents_head =
            self.world.members(household).find(|(_, member)| parent(member.relation)).map(|(index, _)| index);
        for (person, who) in self.world.members(household) {
            let mut registration = Registration {
                person,
                kind: Kind::Home,
                key: self.keys.issue(),
                unit,
                head: household.head,
                relation: who.relation,
                household: index,
                story: self.story(person, who, Kind::Home),
            };
            if let (Some(unit), Some(head), true) = (parents_unit, parents_head, parent(who.relation)) {
                registration.unit = unit;
                registration.head = head;
                registration.relation = if head == person { Relation::Head } else { Relation::Spouse };
            }
            self.list.push(registration);
            self.again(person, who, index);
        }
    }

    /// Second registrations of a person.
    fn again(&mut self, person: PersonIndex, who: &Person, index: usize) {
        let mut dice = Dice::at(self.plan.seed, &[12, person.number()]);
        let wife = matches!(who.relation, Relation::Spouse | Relation::DaughterInLaw)
            && who.marital == Marital::Married;
        if let Some((kind, host)) = self.world.planted.registered_again.get(&person) {
            let relation = if *kind == Kind::MarriedOut { Relation::Daughter } else { Relation::Other };
            self.register_again(person, who, *kind, *host, relation);
            return;
        }
        if who.planted {
            return;
        }
        self.married_out_due += u32::from(wife && dice.happens(self.plan.noise.married_out));
        self.with_child_due += u32::from(who.age() >= 60 && dice.happens(self.plan.noise.two_households));
        if self.married_out_due > 0 && wife && who.age() < 60 {
            if let Some(host) = self.kin(who, index, |head, age| head.age() - age >= 18) {
                self.married_out_due -= 1;
                self.register_again(person, who, Kind::MarriedOut, host, Relation::Daughter);
            }
        } else if self.with_child_due > 0 && who.age() >= 60 && who.died.is_none() {
            if let Some(host) = self.kin(who, index, |head, age| (18..46).contains(&(age - head.age()))) {
                self.with_child_due -= 1;
                let relation =
                    if who.sex == crate::world::Sex::Man { Relation::Father } else { Relation::Mother };
                self.register_again(person, who, Kind::WithChild, host, relation);
            }
        } else if who.second_id.is_some()
            && let Some(host) = self.kin(who, index, |_, _| true)
        {
            self.register_again(person, who, Kind::SecondId, host, Relation::Other);
        }
    }

    /// A household before this one whose head has the same surname and a fitting age.
    fn kin(&self, who: &Person, index: usize, fits: impl Fn(&Person, i32) -> bool) -> Option<usize> {
        let surname = who.name.surname()?;
        (index.saturating_sub(150)..index).rev().find(|host| {
            let head = self.world.person(self.world.household(*host).head);
            head.name.surname() == Some(surname) && !head.planted && fits(head, who.age())
        })
    }

    fn register_again(
        &mut self,
        person: PersonIndex,
        who: &Person,
        kind: Kind,
        host: usize,
        relation: Relation,
    ) {
        let unit = *self.unit_of.get(host).expect("invariant: hosts come before their guests");
        let registration = Registration {
            person,
            kind,
            key: self.keys.issue(),
            unit,
            head: self.world.household(host).head,
            relation,
            household: host,
            story: self.story(person, who, kind),
        };
        self.list.push(registration);
    }

    fn story(&self, person: PersonIndex, who: &Person, kind: Kind) -> Story {
        let path = [13, person.number(), u64::from(kind == Kind::Home)];
        let mut dice = Dice::at(self.plan.seed, &path);
        let mut moment = |first: i32, last: i32| Moment {
            day: Day(dice.between(first, last.max(first))),
            second: 28_800 + dice.below(36_000),
        };
        let initial = (Day::of(2025, 11, 1).0, Day::of(2025, 12, 31).0);
        let opened = if who.born.0 > initial.1 {
            moment(who.born.0 + 3, (who.born.0 + 40).min(AS_OF.0))
        } else {
            moment(who.born.0.max(initial.0), initial.1)
        };
        let changed_at = moment(opened.day.0.max(initial.1) + 1, AS_OF.0 - 3);
        let late_at = moment(opened.day.0 + 1, (changed_at.day.0 - 1).max(opened.day.0 + 1));
        let left_at = moment(changed_at.day.0 + 1, AS_OF.0 - 1);
        let closed_at = who.died.map(|died| moment(died.0 + 1, died.0 + 20));
        let mut story = Story { opened, changed: None, closed: None, redelivered: false, late: None };
        if let Some(planned) = self.world.planted.stories.get(&(person, kind)) {
            return *planned;
        }
        if who.planted {
            return story;
        }
        if kind == Kind::Home {
            story.changed = self.change(&mut dice, who, changed_at);
            // A death is not always reported, and a few people leave the district.
            story.closed = closed_at.filter(|_| dice.percent(96)).map(|at| (at, "死亡"));
            if who.died.is_none() && dice.below(10_000) < 14 {
                story.closed = Some((left_at, "迁出"));
            }
        } else if dice.percent(8) {
            story.closed = Some((changed_at, "重复户口"));
        }
        if let (Some((change, _)), Some((close, _))) = (story.changed, story.closed)
            && change >= close
        {
            story.changed = None;
        }
        let old_message = matches!(story.changed, Some((_, Change::Phone))) && story.closed.is_none();
        story.late = (old_message && late_at < changed_at && dice.percent(3)).then_some(late_at);
        story.redelivered = dice.below(1000) < 3;
        story
    }

    fn change(&self, dice: &mut Dice, who: &Person, at: Moment) -> Option<(Moment, Change)> {
        if let Some((moved, _)) = self.world.household(who.household).moved {
            return (who.born < moved.day).then_some((moved, Change::Move));
        }
        if who.former.is_some() && dice.percent(65) {
            return Some((at, Change::Name));
        }
        let grown = who.age() >= 18;
        match dice.below(100) {
            0..20 if who.former_phone.is_some() => Some((at, Change::Phone)),
            20..23 if grown => Some((at, Change::Work)),
            23..25 if (6..30).contains(&who.age()) => Some((at, Change::Education)),
            _ => None,
        }
    }
}
