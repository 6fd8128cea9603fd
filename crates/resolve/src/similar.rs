//! Whether two texts are close. Most pairs share few letters and are refused by counting those.
//!
//! **Invariant:** the answers are those of the plain measures; counting letters only saves their time.

/// Letters are counted in so many buckets; letters that share one can only make texts look closer than they are.
const BUCKETS: usize = 128;

/// Lengths in characters, and an upper bound of the characters that the two have in common.
struct Counted {
    a: usize,
    b: usize,
    common: usize,
}

#[expect(clippy::as_conversions, reason = "a bucket is the low seven bits of a character")]
fn bucket(letter: char) -> usize {
    letter as usize % BUCKETS
}

fn count(a: &str, b: &str) -> Counted {
    let mut letters = [0u8; BUCKETS];
    let mut counted = Counted { a: 0, b: 0, common: 0 };
    for letter in a.chars() {
        counted.a += 1;
        if let Some(slot) = letters.get_mut(bucket(letter)) {
            *slot = slot.saturating_add(1);
        }
    }
    for letter in b.chars() {
        counted.b += 1;
        if let Some(slot) = letters.get_mut(bucket(letter)).filter(|slot| **slot > 0) {
            *slot -= 1;
            counted.common += 1;
        }
    }
    counted
}

/// Whether at most so many insertions, deletions, substitutions and swaps of neighbours lead from the one to the other.
pub(crate) fn within_edits(a: &str, b: &str, most: usize) -> bool {
    // A character has at most four bytes.
    if a.len().abs_diff(b.len()) > most * 4 {
        return false;
    }
    let counted = count(a, b);
    counted.a.max(counted.b) - counted.common <= most && strsim::osa_distance(a, b) <= most
}

/// Whether their Jaro-Winkler similarity is at least that.
pub(crate) fn winkler_reaches(a: &str, b: &str, least: f64) -> bool {
    let counted = count(a, b);
    if counted.common == 0 {
        return least <= 0.0;
    }
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let share = |of: usize| float(counted.common) / float(of);
    let jaro = (share(counted.a) + share(counted.b) + 1.0) / 3.0;
    let prefix = float(a.chars().zip(b.chars()).take(4).take_while(|(a, b)| a == b).count());
    // A hair more than the bound, for the rounding of floats.
    jaro + 0.1 * prefix * (1.0 - jaro) + 1e-9 >= least && strsim::jaro_winkler(a, b) >= least
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counting_letters_changes_no_answer(a in "[a-dß李]{0,8}", b in "[a-dß李]{0,8}", most in 0usize..4, least in 0u8..=100) {
            prop_assert_eq!(within_edits(&a, &b, most), strsim::osa_distance(&a, &b) <= most);
            let least = f64::from(least) / 100.0;
            if !(a.is_empty() && b.is_empty()) {
                prop_assert_eq!(winkler_reaches(&a, &b, least), strsim::jaro_winkler(&a, &b) >= least);
            }
        }
    }
}
