//! What a receiver's own rows look like once they are completed and corrected: pure but for reading the store.
//!
//! **Invariant:** a cell is only set to a value that the policy lets through for the subscription.

use crate::deliver::DeliveryReport;
use crate::ingest::{IDENTITY, identity_digest};
use crate::node::Node;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_contract::{Edition, Item, OutRow, RowStatus};
use yibiao_format::{BadRow, Row};
use yibiao_mapping::{Before, Binding, CellEdit, Identity, Mapping, Mode, Parsed, Spellings};
use yibiao_policy::{Projected, Subject, Subscription};
use yibiao_record::{Canonical, ElementId, EntityId, EntityKind, Op, SourceKey, Timestamp, Value};
use yibiao_store::{DeliveredRow, ReadError, View, value_digest};

/// One row for the receiver, and what must be remembered of it.
pub(crate) struct Projection {
    pub(crate) row: OutRow,
    /// The entities that the row speaks of.
    pub(crate) entities: Vec<EntityId>,
    /// What it is going to hold of ours, where that is more than is noted already.
    pub(crate) delivered: Option<DeliveredRow>,
}

/// A row of the newest edition of a file without a key column.
struct Listed {
    key: SourceKey,
    identity: Vec<Box<str>>,
}

/// Turns the receiver's own rows into what is written.
pub(crate) struct Projector<'a> {
    node: &'a Node,
    subscription: &'a Subscription,
    mapping: &'a Mapping,
    view: &'a View,
    /// By locator.
    listed: BTreeMap<u64, Listed>,
    /// Rows about which a steward is asked.
    in_review: BTreeSet<SourceKey>,
    canonical: BTreeMap<EntityId, Canonical>,
    /// The edition that is being read.
    edition: Option<Edition>,
    spellings: Spellings,
    /// The time of the delivery.
    at: Timestamp,
}

impl<'a> Projector<'a> {
    pub(crate) fn new(
        node: &'a Node,
        subscription: &'a Subscription,
        mapping: &'a Mapping,
        view: &'a View,
        at: Timestamp,
    ) -> Result<Self, ReadError> {
        let system = mapping.system();
        let mut listed = BTreeMap::new();
        if let Some(edition) = view.editions(system)?.pop() {
            for row in view.edition_pages(system, edition)?.into_iter().flat_map(|page| page.rows) {
                let key = SourceKey { system, local: row.local };
                let identity = row.identity.into_iter().map(Box::from).collect();
                listed.insert(row.locator, Listed { key, identity });
            }
        }
        let in_review = node.reviewed_rows(system);
        Ok(Self {
            node,
            subscription,
            mapping,
            view,
            listed,
            in_review,
            canonical: BTreeMap::new(),
            edition: None,
            spellings: Spellings::default(),
            at,
        })
    }

    /// Learns from rows how each part of the file is spelt. All rows are learnt from before the first is projected.
    pub(crate) fn learn(&mut self, items: &[Item]) {
        for (edition, rows) in self.editions(items) {
            // An edition that the mapping cannot read was refused when it came in, and stays as it is.
            let Ok(binding) = self.mapping.bind(&edition.name, &edition.opening) else { continue };
            for item in rows {
                if let Item::Row(row) = item {
                    self.spellings.note(self.mapping, &binding.own(row));
                }
            }
        }
    }

    /// Rows for the receiver, in its own order.
    pub(crate) fn project(
        &mut self,
        items: &[Item],
        report: &mut DeliveryReport,
    ) -> Result<Vec<Projection>, ReadError> {
        let mut projections = Vec::with_capacity(items.len());
        for (edition, rows) in self.editions(items) {
            let Ok(binding) = self.mapping.bind(&edition.name, &edition.opening) else { continue };
            for item in rows {
                match item {
                    Item::Row(row) => {
                        projections.push(self.row(&binding, &edition.opening.columns, row, report)?);
                    }
                    Item::Bad(BadRow { locator, .. }) => {
                        projections.push(left(*locator, RowStatus::Quarantined, "see the quarantine"));
                    }
                    Item::Open(_) | Item::Close | Item::Messages(_) => {}
                }
            }
        }
        Ok(projections)
    }

    /// The items by the edition that they belong to; a batch may begin in the middle of one.
    fn editions<'items>(&mut self, items: &'items [Item]) -> Vec<(Edition, &'items [Item])> {
        let mut parts = Vec::new();
        let mut rest = items;
        while let Some(first) = rest.first() {
            if let Item::Open(edition) = first {
                self.edition = Some(edition.clone());
            }
            let after = rest.iter().skip(1).position(|item| matches!(item, Item::Open(_)));
            let (part, next) = rest.split_at(after.map_or(rest.len(), |at| at + 1));
            parts.extend(self.edition.clone().map(|edition| (edition, part)));
            rest = next;
        }
        parts
    }

    fn row(
        &mut self,
        binding: &Binding<'_>,
        columns: &[String],
        row: &Row,
        report: &mut DeliveryReport,
    ) -> Result<Projection, ReadError> {
        let Ok(parsed) = binding.parse(row) else {
            return Ok(left(row.locator, RowStatus::Quarantined, "see the quarantine"));
        };
        let Some(key) = self.key(row.locator, &parsed.identity) else {
            return Ok(left(row.locator, RowStatus::Filtered, "not taken in yet"));
        };
        if !self.stands(&key, &parsed) {
            return Ok(left(row.locator, RowStatus::Unchanged, "superseded or ended by a later row"));
        }
        let entities = self.load(&key)?;
        if self.in_review.contains(&key) {
            let mut left = left(row.locator, RowStatus::Review, "as it was until a steward has decided");
            left.entities = entities.into_values().collect();
            return Ok(left);
        }
        let edits = self
            .mapping
            .write_like(&binding.own(row), &self.spellings, &|element| self.value(&entities, element));
        let delivered = self.delivered(binding, columns, row, &key, &edits)?;
        let (reason, completed, corrected) = self.reason(&edits);
        report.completed += completed;
        report.corrected += corrected;
        let status = if edits.is_empty() { RowStatus::Unchanged } else { RowStatus::Changed };
        let cells = edits.into_iter().map(|edit| (edit.column, edit.cell)).collect();
        let local = matches!(parsed.identity, Identity::Key(_)).then(|| key.local.to_string());
        Ok(Projection {
            row: OutRow { locator: Some(row.locator), key: local, cells, status, reason },
            entities: entities.into_values().collect(),
            delivered,
        })
    }

    fn key(&self, locator: u64, identity: &Identity) -> Option<SourceKey> {
        match identity {
            Identity::Key(local) => Some(SourceKey { system: self.mapping.system(), local: local.clone() }),
            Identity::Columns(columns) => {
                let listed = self.listed.get(&locator)?;
                // A file that changed since it was taken in has other rows in these places: they come next time.
                (listed.identity == *columns).then(|| listed.key.clone())
            }
        }
    }

    /// Whether the row is what its key stands for now.
    fn stands(&self, key: &SourceKey, parsed: &Parsed) -> bool {
        let Some(entry) = self.node.records.get(key) else { return false };
        let current = self.mapping.source().mode == Mode::Snapshot || parsed.version == entry.version;
        current && parsed.op == Op::Upsert && entry.op == Op::Upsert
    }

    /// The entities that a row speaks of, their canonical values at hand.
    fn load(&mut self, key: &SourceKey) -> Result<BTreeMap<EntityKind, EntityId>, ReadError> {
        let mut entities = BTreeMap::new();
        for kind in EntityKind::ALL {
            let Some(entity) = self.node.world.entity_of_row(kind, key) else { continue };
            entities.insert(kind, entity);
            if !self.canonical.contains_key(&entity) {
                self.canonical.insert(entity, self.node.canonical(entity, self.view)?);
            }
        }
        Ok(entities)
    }

    /// The canonical value of an element for the row's entities, as far as the subscription may see it.
    fn value(&self, entities: &BTreeMap<EntityKind, EntityId>, element: ElementId) -> Option<Value> {
        let kind = self.node.dictionary.element(element)?.entity;
        let canonical = self.canonical.get(entities.get(&kind)?)?;
        let chosen = canonical.get(element)?;
        if chosen.system == self.mapping.system() {
            return None; // its own word, in another of its rows: each of them is right in its place
        }
        let value = &chosen.value;
        let values = |element| canonical.get(element).map(|value| value.value.clone());
        let subject = Subject { kind, event: None, held: true, values: &values };
        match self.node.policy.admit(self.subscription, subject, self.at).ok()?.project(element, value) {
            Projected::Allow => Some(value.clone()),
            Projected::Mask(masked) => Some(masked),
            Projected::Refuse(_) => None,
        }
    }

    /// What must be remembered of a row once it is written: our words in it, and how its identity columns will read.
    fn delivered(
        &self,
        binding: &Binding<'_>,
        columns: &[String],
        row: &Row,
        key: &SourceKey,
        edits: &[CellEdit],
    ) -> Result<Option<DeliveredRow>, ReadError> {
        let known = self.view.delivered(key)?;
        let mut next = known.clone();
        if let Ok(parsed) = binding.parse(&edited(columns, row, edits)) {
            let ours = |element| edits.iter().any(|edit| edit.element == element);
            for claim in parsed.claims.iter().filter(|claim| ours(claim.element)) {
                let word = (claim.element, value_digest(&claim.value));
                if !next.contains(&word) {
                    next.push(word);
                }
            }
        }
        if !edits.is_empty() {
            next.retain(|(element, _)| *element != IDENTITY);
            next.push((IDENTITY, identity_digest(&binding.identity_after(row, edits))));
        }
        next.sort_unstable();
        Ok((next != known).then(|| DeliveredRow { key: key.clone(), elements: next }))
    }

    /// For the receipt: how many cells of which elements, and in which way.
    fn reason(&self, edits: &[CellEdit]) -> (String, u64, u64) {
        let mut parts = Vec::new();
        let mut counts = [0, 0];
        for ((word, before), count) in
            [("completed", Before::Empty), ("corrected", Before::Differs)].into_iter().zip(&mut counts)
        {
            let columns: Vec<&str> =
                edits.iter().filter(|edit| edit.before == before).map(|edit| edit.column.as_str()).collect();
            *count = u64::try_from(columns.len()).unwrap_or(u64::MAX);
            if !columns.is_empty() {
                parts.push(format!("{word}: {}", columns.join(", ")));
            }
        }
        let [completed, corrected] = counts;
        (parts.join("; "), completed, corrected)
    }
}

/// A row that stays as its receiver has it.
fn left(locator: u64, status: RowStatus, reason: &str) -> Projection {
    let row =
        OutRow { locator: Some(locator), key: None, cells: Vec::new(), status, reason: reason.to_owned() };
    Projection { row, entities: Vec::new(), delivered: None }
}

/// The row as it will be once it is written.
fn edited(columns: &[String], row: &Row, edits: &[CellEdit]) -> Row {
    let mut row = row.clone();
    for edit in edits {
        let place = columns.iter().position(|column| *column == edit.column);
        if let Some(cell) = place.and_then(|place| row.cells.get_mut(place)) {
            *cell = edit.cell.clone();
        }
    }
    row
}
