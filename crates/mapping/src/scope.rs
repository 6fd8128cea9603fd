//! The area that a file is about: what its addresses leave out at the top.

use yibiao_record::{Address, Level};

/// Province, city and district.
#[derive(Clone, Debug)]
pub(crate) struct Scope([(Level, Box<str>); 3]);

impl Scope {
    pub(crate) fn new(province: &str, city: &str, district: &str) -> Scope {
        Scope([
            (Level::Province, province.into()),
            (Level::City, city.into()),
            (Level::District, district.into()),
        ])
    }

    /// The address with the levels that stand above its widest one. A level left out in between stays out: it may be
    /// another place's.
    pub(crate) fn complete(&self, mut address: Address) -> Address {
        let Some(widest) = address.levels().next().map(|(level, _)| level) else { return address };
        for (level, name) in self.0.iter().filter(|(level, _)| *level < widest) {
            address = address.with(*level, name);
        }
        address
    }

    /// Whether the address states where it lies, so that [`Scope::complete`] adds nothing to it.
    pub(crate) fn states(&self, address: &Address) -> bool {
        address.levels().next().is_none_or(|(widest, _)| self.0.iter().all(|(level, _)| *level >= widest))
    }

    /// Whether the address lies in the scope, as stated.
    pub(crate) fn holds(&self, address: &Address) -> bool {
        self.0.iter().all(|(level, name)| address.get(*level) == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_above_the_widest_known_level_is_completed() {
        let scope = Scope::new("示例省", "示例市", "示例区");
        let village = scope.complete(Address::default().with(Level::Village, "桃花村"));
        assert!(scope.holds(&village));
        assert_eq!(village.get(Level::Town), None);
        let gap = Address::default().with(Level::Province, "别省").with(Level::Village, "桃花村");
        assert_eq!(scope.complete(gap.clone()), gap);
        assert!(scope.complete(Address::default()).is_empty());
    }
}
