//! Invented flat sets that are not of persons: publications, eating places, organisations, Chinese companies.
//!
//! What the resolver does with such files is chosen on these, and reported on others. Each set holds what makes its kind
//! hard: the same title in a journal and at a conference, front matter with one title, chains, branches, several
//! organisations in one house.
//!
//! **Invariant:** a set is a function of its seed.

mod firms;
mod places;
mod publications;
mod words;

use crate::score::{Record, Score, score};
use crate::sets::Sheet;
use std::collections::BTreeMap;
use yibiao_resolve::flat::{self, Schema, Table};
use yibiao_tests::Failure;
use yibiao_tests::dice::Dice;

/// An invented set: what its columns mean, its files, and of each row the entity.
#[derive(Clone, Debug)]
pub struct Invented {
    /// What it is of.
    pub name: &'static str,
    /// Its schema.
    pub schema: &'static str,
    /// Its files: name and content.
    pub files: Vec<(&'static str, Sheet)>,
    /// Of each file, of each row: the entity.
    pub truth: Vec<Vec<u32>>,
    /// Score pairs between the files only.
    pub between: bool,
}

/// All invented sets of a seed.
pub fn sets(seed: u64) -> Vec<Invented> {
    let mut dice = Dice::new(seed);
    vec![
        publications::set(&mut dice),
        places::set(&mut dice),
        firms::organisations(&mut dice),
        firms::chinese(&mut dice),
    ]
}

impl Invented {
    /// Resolves the set and scores it.
    pub fn run(&self) -> Result<(Score, flat::Flat), Failure> {
        let schema = Schema::parse(self.schema)?;
        let tables: Vec<Table<'_>> =
            self.files.iter().map(|(_, sheet)| Table { header: &sheet.header, rows: &sheet.rows }).collect();
        let resolved = flat::resolve(&schema, &tables, None, |_| {})?;
        let (mut truth, mut clusters) = (BTreeMap::new(), BTreeMap::new());
        for (((name, _), entities), numbers) in self.files.iter().zip(&self.truth).zip(&resolved.clusters) {
            for (row, (entity, number)) in entities.iter().zip(numbers).enumerate() {
                let record: Record = (Box::from(*name), row.to_string().into());
                truth.insert(record.clone(), entity.to_string().into());
                clusters.insert(record, *number);
            }
        }
        let files = self.files.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let between = files.first().zip(files.get(1)).filter(|_| self.between);
        Ok((score(&truth, &clusters, between.map(|(one, other)| (*one, *other))), resolved))
    }
}

/// A sheet of the columns and rows.
fn sheet(header: &[&str], rows: Vec<Vec<String>>) -> Sheet {
    Sheet { header: header.iter().map(|name| (*name).to_owned()).collect(), rows }
}
