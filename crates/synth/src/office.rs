//! What departments write: each row by a clerk with habits, in the department's columns, formats and codes.
//!
//! **Invariant:** a row depends on the plan and on its own entry only, so files can be written row by row, twice, or in
//! part, and always say the same.

pub(crate) mod address;
mod clerk;
pub(crate) mod ga;
pub(crate) mod mz;
pub(crate) mod ny;
pub(crate) mod wj;
pub(crate) mod words;
pub(crate) mod yj;
pub(crate) mod zj;

use yibiao_format::Cell;

use crate::Plan;
use crate::roll::Department;
use crate::world::{House, Household, Person, PersonIndex, World};
use clerk::{Clerk, Desk};

/// A deviation that a clerk made: which element (or column), and what kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Slip {
    /// Element of the dictionary, or the column of a planted cell.
    pub(crate) element: &'static str,
    /// What was done to it.
    pub(crate) kind: &'static str,
}

/// A row as written, and what is wrong in it.
pub(crate) struct Written {
    /// Cells, in the order of the department's columns.
    pub(crate) cells: Vec<Cell>,
    /// The deviations.
    pub(crate) slips: Vec<Slip>,
}

/// What every department's clerk looks at while writing about a person.
struct Sheet<'a> {
    world: &'a World,
    clerk: Clerk<'a>,
    person: PersonIndex,
    who: &'a Person,
    household: &'a Household,
    house: &'a House,
}

impl<'a> Sheet<'a> {
    fn open(
        plan: &'a Plan,
        world: &'a World,
        department: Department,
        person: PersonIndex,
        household: usize,
        copy: u8,
    ) -> Self {
        let who = world.person(person);
        let household = world.household(household);
        let house = world.house(household.house);
        let village = world.village(house.village);
        let desk = Desk { department, town: village.town_number(), village: village.code };
        let clerk = Clerk::at(plan, desk, &[person.number(), u64::from(copy)], who.planted);
        Sheet { world, clerk, person, who, household, house }
    }

    /// Puts planted cells over the written ones.
    fn finish(
        self,
        department: Department,
        copy: u8,
        columns: &[&'static str],
        mut cells: Vec<Cell>,
    ) -> Written {
        debug_assert_eq!(columns.len(), cells.len());
        let mut slips = self.clerk.slips;
        if let Some(planted) = self.world.planted.cells.get(&(department, self.person, copy)) {
            for (column, planted) in planted {
                let place = columns.iter().position(|name| name == column);
                let cell = place.and_then(|place| cells.get_mut(place));
                *cell.expect("invariant: planted cells name columns of their department") = planted.clone();
                slips.push(Slip { element: column, kind: "planted" });
            }
        }
        Written { cells, slips }
    }

    /// The guardian's name and phone.
    fn contact(&self) -> Option<(String, Option<u64>)> {
        let guardian = self.world.person(self.who.guardian?);
        Some((guardian.name.text(), guardian.phone))
    }
}

/// Text, or nothing where there is none.
fn text(value: Option<String>) -> Cell {
    value.map_or(Cell::Absent, Cell::Text)
}
