//! Seeded chance: a small generator whose sequence is fixed for ever, because files are compared by their bytes.
//!
//! **Invariant:** the same seed and path give the same sequence on every machine and in every version; there is no
//! other source of chance in this crate.

/// A probability in millionths, so that rates compare and multiply exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub u32);

impl Rate {
    /// A rate given in hundredths of a per cent: `Rate::basis(600)` is 6 %.
    pub const fn basis(points: u32) -> Rate {
        Rate(points * 100)
    }

    /// The rate times `percent` hundredths, at most certainty.
    pub fn times(self, percent: u32) -> Rate {
        let millionths = u64::from(self.0) * u64::from(percent) / 100;
        Rate(u32::try_from(millionths.min(1_000_000)).expect("invariant: at most a million"))
    }
}

/// A sequence of chance (SplitMix64, Steele and others 2014).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The sequence that belongs to a path below a seed, for example to one row of one file. Neighbouring paths
    /// give unrelated sequences.
    pub(crate) fn at(seed: u64, path: &[u64]) -> Dice {
        let mut state = mix(seed ^ 0x5d1c_0e4a_77b3_9f21);
        for step in path {
            state = mix(state ^ mix(step.wrapping_add(0x9e37_79b9_7f4a_7c15)));
        }
        Dice(state)
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 to `end` - 1. `end` is not 0.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        let high = (u128::from(self.bits()) * u128::from(end)) >> 64;
        u32::try_from(high).expect("invariant: below a 32-bit end")
    }

    /// A number between two ends, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = u32::try_from(high - low + 1).expect("invariant: ends in order");
        low + i32::try_from(self.below(width)).expect("invariant: width of an i32 range")
    }

    /// Whether something of that probability happens.
    pub(crate) fn happens(&mut self, rate: Rate) -> bool {
        self.below(1_000_000) < rate.0
    }

    /// Whether something of so many per cent happens.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of them, each alike.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let len = u32::try_from(from.len()).expect("invariant: a short list");
        *from.get(self.place(len)).expect("invariant: picked from a list that is not empty")
    }

    /// One of them, earlier ones more often (the list stands in order of frequency).
    pub(crate) fn favour<T: Copy>(&mut self, from: &[T]) -> T {
        let len = u32::try_from(from.len()).expect("invariant: a short list");
        let place = self.place(len).min(self.place(len));
        *from.get(place).expect("invariant: picked from a list that is not empty")
    }

    /// One of them by weight.
    pub(crate) fn weigh<T: Copy>(&mut self, from: &[(T, u32)]) -> T {
        let mut left = self.below(from.iter().map(|(_, weight)| weight).sum());
        for (thing, weight) in from {
            if left < *weight {
                return *thing;
            }
            left -= weight;
        }
        unreachable!("invariant: a number below the sum of the weights falls on one of them")
    }

    fn place(&mut self, len: u32) -> usize {
        usize::try_from(self.below(len)).expect("invariant: an index")
    }
}

/// SplitMix64's finaliser: a bijection that spreads every bit.
fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// The `index`-th number of a fixed shuffle of 0 to `size` - 1: identifiers that are unique without looking orderly.
/// `size` has no prime factor but 2, 3, 5, 7, 11 and 101, which the multiplier avoids.
pub(crate) fn scatter(index: u64, size: u64, salt: u64) -> u64 {
    let spread = u128::from(index) * 7_368_787 + u128::from(mix(salt) % size);
    u64::try_from(spread % u128::from(size)).expect("invariant: below a 64-bit size")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_sequence_never_changes() {
        let mut dice = Dice::at(7, &[1, 2]);
        let drawn: Vec<u32> = (0..6).map(|_| dice.below(1000)).collect();
        assert_eq!(drawn, [507, 74, 476, 820, 520, 385]);
    }

    #[test]
    fn a_rate_is_met_in_the_long_run() {
        let mut dice = Dice::at(1, &[]);
        let hits = (0..100_000).filter(|_| dice.happens(Rate::basis(600))).count();
        assert!((5_700..6_300).contains(&hits), "{hits} of 100000 at 6 %");
    }

    #[test]
    fn scattered_numbers_do_not_collide() {
        let size = 99_000;
        let mut seen: Vec<u64> = (0..size).map(|index| scatter(index, size, 3)).collect();
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..size));
    }

    proptest! {
        #[test]
        fn between_keeps_within_its_ends(seed: u64, low in -500i32..500, width in 0i32..500) {
            let drawn = Dice::at(seed, &[]).between(low, low + width);
            prop_assert!((low..=low + width).contains(&drawn));
        }
    }
}
