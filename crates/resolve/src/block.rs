//! Candidates: two records meet where they share a key that not too many live records have.
//!
//! **Invariant:** which records meet is a symmetric relation and a function of the set of live records. A key's
//! postings hold all its records; while they are more than the cap, its records are told apart by the key's next
//! refinement instead. Crossing the cap in either direction reports every record of the key as affected.

use crate::{
    features::{Derived, Packed, Value},
    hash,
    plan::{Plan, PlanKey, PlanPart},
    score::Values,
    spec::Take,
    zh,
};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

/// Hashes of what a key takes: mostly one.
pub(crate) type Hashes = SmallVec<[u64; 4]>;

/// What `take` takes of a value, as hashes.
fn taken(take: Take, value: &Value, out: &mut Hashes) {
    let text = &*value.text;
    if let Derived::Zh(key) = &value.derived
        && let Some(hashes) = zh::key::taken(take, key)
    {
        out.extend(hashes);
        return;
    }
    let mut push = |part: &str| {
        if !part.is_empty() {
            out.push(hash::text(part));
        }
    };
    match (take, &value.derived) {
        (Take::Whole, _) => push(text),
        (Take::First(count), _) => push(first(text, usize::from(count)).unwrap_or("")),
        (Take::Last(count), _) => push(last(text, usize::from(count)).unwrap_or("")),
        (Take::Sound, _) => {
            out.extend(soundex(text).map(|sound| hash::join(1, u64::from(u32::from_be_bytes(sound)))))
        }
        (Take::Word, _) => text.split(' ').filter(|word| word.len() > 1).for_each(push),
        (Take::Words, Derived::Words(words)) => out.extend(words.iter().copied().reduce(hash::join)),
        (Take::Words, _) => {
            let mut words: Vec<&str> = text.split(' ').collect();
            words.sort_unstable();
            push(&words.join(" "));
        }
        (Take::Head, _) => push(text.split(' ').next().unwrap_or("")),
        (Take::Tail, _) => push(text.rsplit(' ').next().unwrap_or("")),
        (Take::Year, Derived::Date(date)) if date.slack == 0 => {
            out.push(hash::join(0, u64::from(date.year.unsigned_abs())));
        }
        (Take::MonthDay, Derived::Date(date)) if date.day != 0 => {
            let (low, high) = (date.month.min(date.day), date.month.max(date.day));
            out.push(hash::join(u64::from(low), u64::from(high)));
        }
        (Take::Sector, _) => push(sector(text)),
        (Take::Year | Take::MonthDay | Take::Month | Take::Village | Take::Group, _) => {}
    }
}

fn first(text: &str, count: usize) -> Option<&str> {
    let (last, _) = text.char_indices().nth(count.checked_sub(1)?)?;
    let end = last + text.get(last..)?.chars().next()?.len_utf8();
    text.get(..end)
}

fn last(text: &str, count: usize) -> Option<&str> {
    let (start, _) = text.char_indices().nth_back(count.checked_sub(1)?)?;
    text.get(start..)
}

/// The part of a postcode before the space; without a space, all but the last third.
pub(crate) fn sector(text: &str) -> &str {
    match text.split_once(' ') {
        Some((outward, _)) => outward,
        None => first(text, text.chars().count() - text.chars().count() / 3).unwrap_or(""),
    }
}

/// American Soundex of the first word, or nothing where it has no ASCII letter.
fn soundex(text: &str) -> Option<[u8; 4]> {
    let code = |letter: u8| match letter {
        b'b' | b'f' | b'p' | b'v' => b'1',
        b'c' | b'g' | b'j' | b'k' | b'q' | b's' | b'x' | b'z' => b'2',
        b'd' | b't' => b'3',
        b'l' => b'4',
        b'm' | b'n' => b'5',
        b'r' => b'6',
        b'h' | b'w' => b'-',
        _ => b'0',
    };
    let mut letters = text.bytes().take_while(|letter| *letter != b' ').filter(u8::is_ascii_lowercase);
    let initial = letters.next()?;
    let mut sound = [initial, b'0', b'0', b'0'];
    let (mut slots, mut before) = (sound.iter_mut().skip(1), code(initial));
    for digit in letters.map(code) {
        if digit != before && digit != b'0' && digit != b'-' {
            let Some(slot) = slots.next() else { break };
            *slot = digit;
        }
        if digit != b'-' {
            before = digit;
        }
    }
    Some(sound)
}

/// The hashes of one step of a key: every combination of what its parts take.
fn step_hashes(plan: &Plan, values: &Values, record: &Packed, parts: &[PlanPart]) -> Hashes {
    let mut combined = Hashes::from_slice(&[0]);
    for part in parts {
        let field = plan.field(part.field);
        let mut of_part = Hashes::new();
        for number in record.of(part.field) {
            taken(part.take, values.value(field, number), &mut of_part);
        }
        if let ([left], [right]) = (combined.as_slice(), of_part.as_slice()) {
            combined = Hashes::from_slice(&[hash::join(*left, *right)]);
            continue;
        }
        of_part.sort_unstable();
        of_part.dedup();
        combined =
            combined.iter().flat_map(|left| of_part.iter().map(|right| hash::join(*left, *right))).collect();
    }
    combined
}

/// A record's values under a key (`depth` 0), or what tells it apart where too many share them (`depth` from 1).
pub(crate) fn hashes(
    plan: &Plan,
    values: &Values,
    record: &Packed,
    (at, key): (usize, &PlanKey),
    depth: usize,
) -> Hashes {
    let Some(parts) = key.steps.get(depth) else { return Hashes::new() };
    let mut hashes = step_hashes(plan, values, record, parts);
    if depth == 0 {
        let seed = hash::join(u64::MAX, u64::try_from(at).unwrap_or(u64::MAX));
        hashes.iter_mut().for_each(|of_record| *of_record = hash::join(seed, *of_record));
    } else if hashes.is_empty() && key.individuating {
        // Growth must not part such records: those that lack the part are told apart from the others only.
        hashes.push(0);
    }
    hashes
}

/// The records under a key's value. Most keys have one or two, which need no allocation.
#[derive(Clone, Copy)]
enum Posting {
    One(u32),
    Two(u32, u32),
    Many(u32),
}

/// All postings.
pub(crate) struct Blocks {
    postings: HashMap<u64, Posting, FxBuildHasher>,
    lists: Vec<Vec<u32>>,
    free: Vec<u32>,
    cap: usize,
}

/// The last step of an individuating key that is still over the cap: each record meets this many records, those whose
/// keys hash lowest.
pub(crate) const CENTRES: usize = 8;

/// What the postings need to know about records.
pub(crate) trait Records {
    /// The record's [`hashes`] under the key that is being changed.
    fn hashes(&self, record: u32, depth: usize) -> Hashes;
    /// A total order of records that does not depend on arrival.
    fn rank(&self, record: u32) -> (u64, &yibiao_record::SourceKey);
}

impl Blocks {
    pub(crate) fn new(cap: usize) -> Self {
        Self { postings: HashMap::default(), lists: Vec::new(), free: Vec::new(), cap }
    }

    /// The records under a value.
    pub(crate) fn records(&self, value: u64) -> SmallVec<[u32; 2]> {
        match self.postings.get(&value) {
            None => SmallVec::new(),
            Some(Posting::One(a)) => SmallVec::from_slice(&[*a]),
            Some(Posting::Two(a, b)) => SmallVec::from_slice(&[*a, *b]),
            Some(Posting::Many(list)) => SmallVec::from_slice(self.list(*list)),
        }
    }

    fn list(&self, at: u32) -> &[u32] {
        usize::try_from(at)
            .ok()
            .and_then(|at| self.lists.get(at))
            .expect("invariant: a posting names its list")
    }

    fn list_mut(&mut self, at: u32) -> &mut Vec<u32> {
        usize::try_from(at)
            .ok()
            .and_then(|at| self.lists.get_mut(at))
            .expect("invariant: a posting names its list")
    }

    fn count(&self, value: u64) -> usize {
        match self.postings.get(&value) {
            None => 0,
            Some(Posting::One(_)) => 1,
            Some(Posting::Two(..)) => 2,
            Some(Posting::Many(list)) => self.list(*list).len(),
        }
    }

    fn push(&mut self, value: u64, record: u32) -> usize {
        match self.postings.get(&value).copied() {
            None => {
                self.postings.insert(value, Posting::One(record));
                1
            }
            Some(Posting::One(a)) => {
                self.postings.insert(value, Posting::Two(a, record));
                2
            }
            Some(Posting::Two(a, b)) => {
                let at = self.free.pop().unwrap_or_else(|| {
                    self.lists.push(Vec::new());
                    u32::try_from(self.lists.len() - 1).expect("invariant: fewer lists than records")
                });
                self.list_mut(at).extend([a, b, record]);
                self.postings.insert(value, Posting::Many(at));
                3
            }
            Some(Posting::Many(list)) => {
                let list = self.list_mut(list);
                list.push(record);
                list.len()
            }
        }
    }

    fn pull(&mut self, value: u64, record: u32) -> usize {
        match self.postings.get(&value).copied() {
            Some(Posting::Two(a, b)) => {
                self.postings.insert(value, Posting::One(if a == record { b } else { a }));
                1
            }
            Some(Posting::Many(at)) => {
                let list = self.list_mut(at);
                if let Some(found) = list.iter().position(|other| *other == record) {
                    list.swap_remove(found);
                }
                let left = list.len();
                if let [a, b] = **list {
                    *list = Vec::new();
                    self.free.push(at);
                    self.postings.insert(value, Posting::Two(a, b));
                }
                left
            }
            Some(Posting::One(_)) | None => {
                self.postings.remove(&value);
                0
            }
        }
    }

    /// Enters a record under a key. Records whose candidates change by it, other than its own, go to `affected`.
    pub(crate) fn insert(
        &mut self,
        key: &PlanKey,
        records: &impl Records,
        record: u32,
        affected: &mut Vec<u32>,
    ) {
        for value in &records.hashes(record, 0) {
            self.insert_at(key, records, record, *value, 1, affected);
        }
    }

    /// `next` is the step that tells the records of `value` apart.
    fn insert_at(
        &mut self,
        key: &PlanKey,
        records: &impl Records,
        record: u32,
        value: u64,
        next: usize,
        affected: &mut Vec<u32>,
    ) {
        let count = self.push(value, record);
        if count <= self.cap {
            return;
        }
        if count == self.cap + 1 {
            let members = self.records(value);
            affected.extend(members.iter().copied());
            for member in members.into_iter().filter(|member| *member != record) {
                self.enter_children(key, records, member, value, next, affected);
            }
        } else if next == key.steps.len()
            && key.individuating
            && self.centres(records, value).contains(&record)
        {
            affected.extend(self.records(value));
        }
        self.enter_children(key, records, record, value, next, affected);
    }

    fn enter_children(
        &mut self,
        key: &PlanKey,
        records: &impl Records,
        record: u32,
        value: u64,
        next: usize,
        affected: &mut Vec<u32>,
    ) {
        for part in &records.hashes(record, next) {
            self.insert_at(key, records, record, hash::join(value, *part), next + 1, affected);
        }
    }

    /// Takes a record out of a key; its values must still be those with which it was entered.
    pub(crate) fn remove(
        &mut self,
        key: &PlanKey,
        records: &impl Records,
        record: u32,
        affected: &mut Vec<u32>,
    ) {
        for value in &records.hashes(record, 0) {
            self.remove_at(key, records, record, *value, 1, affected);
        }
    }

    fn remove_at(
        &mut self,
        key: &PlanKey,
        records: &impl Records,
        record: u32,
        value: u64,
        next: usize,
        affected: &mut Vec<u32>,
    ) {
        let star = next == key.steps.len() && key.individuating && self.count(value) > self.cap;
        if star && self.centres(records, value).contains(&record) {
            affected.extend(self.records(value));
        }
        let left = self.pull(value, record);
        if left < self.cap {
            return;
        }
        let mut leave = |blocks: &mut Self, record: u32| {
            for part in &records.hashes(record, next) {
                let child = hash::join(value, *part);
                blocks.remove_at(key, records, record, child, next + 1, affected);
            }
        };
        leave(self, record);
        if left == self.cap {
            let members = self.records(value);
            for member in &members {
                leave(self, *member);
            }
            affected.extend(members);
        }
    }

    fn centres(&self, records: &impl Records, value: u64) -> SmallVec<[u32; CENTRES]> {
        let mut members = self.records(value);
        if members.len() > CENTRES {
            members.select_nth_unstable_by_key(CENTRES - 1, |member| records.rank(*member));
        }
        members.into_iter().take(CENTRES).collect()
    }

    /// The records that a record meets under a key, itself among them, some perhaps twice.
    pub(crate) fn candidates(&self, key: &PlanKey, records: &impl Records, record: u32, out: &mut Vec<u32>) {
        for value in &records.hashes(record, 0) {
            self.candidates_at(key, records, record, *value, 1, out);
        }
    }

    fn candidates_at(
        &self,
        key: &PlanKey,
        records: &impl Records,
        record: u32,
        value: u64,
        next: usize,
        out: &mut Vec<u32>,
    ) {
        let list = match self.postings.get(&value) {
            None => return,
            Some(Posting::One(a)) => return out.push(*a),
            Some(Posting::Two(a, b)) => return out.extend([*a, *b]),
            Some(Posting::Many(list)) => self.list(*list),
        };
        if list.len() <= self.cap {
            out.extend_from_slice(list);
        } else if next < key.steps.len() {
            for part in &records.hashes(record, next) {
                self.candidates_at(key, records, record, hash::join(value, *part), next + 1, out);
            }
        } else if key.individuating {
            let centres = self.centres(records, value);
            if centres.contains(&record) {
                out.extend(self.records(value));
            } else {
                out.extend(centres);
            }
        }
    }

    /// Values of keys, and how many of them are over the cap.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.postings.len(), self.lists.iter().filter(|list| list.len() > self.cap).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Kind;

    fn parts(take: Take, kind: Kind, text: &str) -> usize {
        let mut out = Hashes::new();
        taken(take, &Value::new(kind, text), &mut out);
        out.len()
    }

    #[test]
    fn names_that_sound_alike_share_a_key() {
        for (a, b) in [("robert", "rupert"), ("smith", "smyth"), ("ashcraft", "ashcroft")] {
            assert_eq!(soundex(a), soundex(b));
        }
        assert_ne!(soundex("robert"), soundex("rubin"));
        assert_eq!(soundex("李"), None);
    }

    #[test]
    fn a_key_takes_nothing_of_a_value_that_is_too_short() {
        assert_eq!(parts(Take::First(4), Kind::Code, "abc"), 0);
        assert_eq!(parts(Take::Last(3), Kind::Code, "abc"), 1);
        assert_eq!(parts(Take::Year, Kind::Date, "198_"), 0);
        assert_eq!(parts(Take::MonthDay, Kind::Date, "1988-05"), 0);
        assert_eq!(parts(Take::Word, Kind::Text, "a bc de"), 2);
    }
}
