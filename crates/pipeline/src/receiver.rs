//! Receivers that said that they are gone: kept in the store, so that they are left alone whatever starts again.

use crate::deliver::DeliverError;
use crate::node::Node;
use yibiao_contract::{EdgeError, Recovery};
use yibiao_record::Timestamp;
use yibiao_store::{AuditDraft, Commit, ReadError, View};

/// Since when and why a subscription's receiver is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disabled {
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: String,
}

impl Disabled {
    /// What the delivery comes to.
    pub(crate) fn error(&self, subscription: &str) -> EdgeError {
        EdgeError {
            attempt: format!("{subscription} is disabled since {}", self.since),
            reason: self.reason.clone(),
            hint: format!(
                "its changes stay pending; `yibiao webhook enable {subscription}` goes on with them"
            ),
            recovery: Recovery::Halt,
            edition: None,
        }
    }

    /// What the store has of a subscription.
    pub(crate) fn read(view: &View, subscription: &str) -> Result<Option<Disabled>, ReadError> {
        let bytes = view.cursor(&name(subscription))?.unwrap_or_default();
        let text = String::from_utf8(bytes).unwrap_or_default();
        Ok(text.split_once(' ').map(|(since, reason)| Disabled {
            since: Timestamp(since.parse().unwrap_or_default()),
            reason: reason.to_owned(),
        }))
    }
}

/// Beside the cursors of sources; no system has a name like this.
fn name(subscription: &str) -> String {
    format!("receiver/{subscription}")
}

impl Node {
    /// Leaves a subscription's receiver alone from now on.
    pub(crate) fn disable(
        &mut self,
        subscription: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), DeliverError> {
        self.keep(subscription, format!("{} {reason}", at.0), "disable", at)
    }

    /// Delivers to a subscription's receiver again; says whether it was disabled.
    pub fn enable(&mut self, subscription: &str, at: Timestamp) -> Result<bool, DeliverError> {
        if Disabled::read(&self.store.view()?, subscription)?.is_none() {
            return Ok(false);
        }
        self.keep(subscription, String::new(), "enable", at)?;
        Ok(true)
    }

    fn keep(
        &mut self,
        subscription: &str,
        state: String,
        action: &str,
        at: Timestamp,
    ) -> Result<(), DeliverError> {
        self.store.commit(&Commit {
            cursors: vec![(name(subscription), state.into_bytes())],
            audit: vec![AuditDraft {
                at,
                actor: subscription.into(),
                action: action.into(),
                ..AuditDraft::default()
            }],
            ..Commit::default()
        })?;
        self.renew_last()?;
        self.refresh_account(subscription)?;
        self.tell();
        Ok(())
    }
}
