//! The models by which entities are compared: the shipped ones, or those that were adopted since. Planning what another
//! would do, and adopting it at a marked position of the logs.
//!
//! **Invariant:** the model in force is that of the last decision to adopt one that was not taken back; so a restart has the
//! same, and taking the decision back brings the model before it back.

use crate::ingest::{Draft, IngestError};
use crate::node::{Decisions, Node, empty_world};
use crate::publisher::{Resolved, Standing};
use crate::review::Decided;
use yibiao_record::{Change, Decision, DecisionKind, DecisionSeq, EntityKind, Submission, Timestamp};
use yibiao_resolve::file::{ModelFile, ModelFileError};
use yibiao_resolve::world::{Assignment, Settings, World};
use yibiao_store::{Raw, ReadError};

/// Why a model was not planned or adopted.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// It cannot be read, or is no model of rows like these.
    #[error("cannot use the model")]
    File(#[from] ModelFileError),
    /// It is a model of something else.
    #[error("the model is named {name:?}, and entities of kind {} are to be compared by it; name it so", kind.name())]
    Name {
        /// The name in the file.
        name: Box<str>,
        /// The kind.
        kind: EntityKind,
    },
    /// It is in force already.
    #[error("{title} is in force already")]
    InForce {
        /// Name and version.
        title: String,
    },
    /// Another model of that name and version was adopted before.
    #[error(
        "another model was adopted as {title} in decision {seq}: a version never changes; give this one a new version"
    )]
    Version {
        /// Name and version.
        title: String,
        /// The decision.
        seq: DecisionSeq,
    },
    /// The shipped model has that name and version.
    #[error(
        "{title} is the shipped model, and this is another: a version never changes; give this one a new version"
    )]
    Shipped {
        /// Name and version.
        title: String,
    },
    /// It could not be made durable, or what it would do could not be read.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

/// What a model would do.
#[derive(Debug)]
pub struct ModelPlan {
    /// The model in force.
    pub before: ModelFile,
    /// Entities of each kind before and after.
    pub entities: Vec<(EntityKind, usize, usize)>,
    /// Tasks for a steward of each kind before and after.
    pub reviews: Vec<(EntityKind, usize, usize)>,
    /// What adopting it now would publish. Numbers of entities that would be new, and of changes, are those that it would
    /// give out now.
    pub changes: Vec<Change>,
}

impl Decisions {
    /// The decision to adopt a model of a kind that is in force, and the model's file.
    fn adopted(&self, kind: EntityKind) -> Option<(DecisionSeq, &str)> {
        self.all.iter().rev().find_map(|decision| match &decision.kind {
            DecisionKind::Adopt(of, file) if *of == kind && self.holds(decision.seq) => {
                Some((decision.seq, &**file))
            }
            _ => None,
        })
    }

    /// The models in force.
    pub(crate) fn settings(&self) -> Result<Settings, ModelFileError> {
        let mut settings = Settings::shipped();
        for kind in EntityKind::ALL {
            if let Some((_, file)) = self.adopted(kind) {
                *settings.model_mut(kind) = ModelFile::parse_yaml(file)?;
            }
        }
        Ok(settings)
    }
}

/// A world made anew, and what of the one before it would be another.
struct Rebuilt {
    world: World,
    settings: Settings,
    steps: Vec<Standing>,
}

impl Node {
    /// The model in force, and the decision that adopted it, where it is not the shipped one.
    pub fn model(&self, kind: EntityKind) -> (&ModelFile, Option<DecisionSeq>) {
        (self.settings.model(kind), self.decisions.adopted(kind).map(|(seq, _)| seq))
    }

    /// What adopting a model would do; nothing is changed. A second world is in memory meanwhile.
    pub fn plan(&mut self, kind: EntityKind, file: &str) -> Result<ModelPlan, AdoptError> {
        let file = self.adoptable(kind, file)?;
        self.settle()?;
        let mut settings = self.settings.clone();
        let before = std::mem::replace(settings.model_mut(kind), file);
        let rebuilt = self.rebuilt(settings, &self.decisions)?;
        let counts = |world: &World| {
            EntityKind::ALL.map(|kind| (world.entities(kind).count(), world.engine(kind).review_count()))
        };
        let both = EntityKind::ALL.into_iter().zip(counts(&self.world)).zip(counts(&rebuilt.world));
        let (entities, reviews) =
            both.map(|((kind, old), new)| ((kind, old.0, new.0), (kind, old.1, new.1))).unzip();
        let changes =
            self.published_by().changes(&Draft::default(), rebuilt.steps).map_err(IngestError::from)?;
        Ok(ModelPlan { before, entities, reviews, changes })
    }

    /// Adopts a model: one durable commit with the decision and all changes that follow from it.
    pub fn adopt(
        &mut self,
        kind: EntityKind,
        file: &str,
        actor: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<Decided, AdoptError> {
        let title = self.adoptable(kind, file)?.title();
        self.settle()?;
        let seq = DecisionSeq(self.last.decision.0 + 1);
        let kind = DecisionKind::Adopt(kind, file.into());
        let decision = Decision { seq, kind, actor: actor.into(), reason: reason.into(), at };
        Ok(self.switch(decision, &format!("adopt {title}"))?)
    }

    /// Commits a decision by which another model comes in force, and publishes what follows. Until then nothing is changed.
    pub(crate) fn switch(&mut self, decision: Decision, action: &str) -> Result<Decided, SwitchError> {
        let mut decisions = self.decisions.clone();
        decisions.note(decision.clone());
        let settings = decisions.settings()?;
        let Rebuilt { world, settings, steps } = self.rebuilt(settings, &decisions)?;
        self.decisions = decisions;
        (self.world, self.settings) = (world, settings);
        let draft = Draft { time: decision.at, ..Draft::default() };
        let resolved = Resolved { draft, steps, counts: self.counts() };
        Ok(self.carry_out(decision, resolved, action)?)
    }

    /// Reads a file, and checks that it may come in force.
    fn adoptable(&self, kind: EntityKind, text: &str) -> Result<ModelFile, AdoptError> {
        let file = ModelFile::parse_yaml(text)?;
        if *file.name != *kind.name() {
            return Err(AdoptError::Name { name: file.name, kind });
        }
        let digest = file.content_digest();
        if self.settings.model(kind).content_digest() == digest {
            return Err(AdoptError::InForce { title: file.title() });
        }
        for decision in &self.decisions.all {
            let DecisionKind::Adopt(of, earlier) = &decision.kind else { continue };
            let earlier = ModelFile::parse_yaml(earlier)?;
            if *of == kind && earlier.version == file.version && earlier.content_digest() != digest {
                return Err(AdoptError::Version { title: file.title(), seq: decision.seq });
            }
        }
        let shipped = ModelFile::shipped(kind);
        if shipped.version == file.version && shipped.content_digest() != digest {
            return Err(AdoptError::Shipped { title: file.title() });
        }
        Ok(file)
    }

    /// The world that the live rows make under these models and the decisions taken, with the ids that entities have.
    fn rebuilt(&self, settings: Settings, decisions: &Decisions) -> Result<Rebuilt, SwitchError> {
        let mut world = empty_world(&settings)?;
        let assignments = EntityKind::ALL.into_iter().flat_map(|kind| {
            let of = |entity| Assignment { entity, members: self.world.members(entity) };
            self.world.entities(kind).map(of)
        });
        let next = EntityKind::ALL.map(|kind| (kind, self.world.next_number(kind)));
        let view = self.store.view().map_err(IngestError::from)?;
        let mut failed: Option<ReadError> = None;
        let stands = |row: &Submission| self.records.get(&row.key).is_some_and(|entry| entry.seq == row.seq);
        let rows =
            view.submissions(.., Raw::Skip).map_while(|row| row.map_err(|error| failed = Some(error)).ok());
        let steps = world.restore(rows.filter(stands), assignments, &next, &decisions.all);
        if let Some(error) = failed {
            return Err(IngestError::from(error).into());
        }
        let steps = Standing::of(&world, steps);
        Ok(Rebuilt { world, settings, steps })
    }
}

/// Why another model did not come in force.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SwitchError {
    /// It cannot be read, or is no model of rows like these.
    #[error("cannot use the model")]
    File(#[from] ModelFileError),
    /// It could not be made durable.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

impl From<SwitchError> for AdoptError {
    fn from(error: SwitchError) -> Self {
        match error {
            SwitchError::File(error) => error.into(),
            SwitchError::Ingest(error) => error.into(),
        }
    }
}
