//! Who may push and who may read: bearer tokens, each for some systems and subscriptions.

use super::Refusal;
use axum::http::{HeaderMap, StatusCode, header};
use std::collections::BTreeSet;
use std::fmt;
use yibiao_record::SystemId;

/// A token and what it is good for.
#[derive(Clone)]
pub(crate) struct Token {
    /// A digest of the token: equal in constant time, and no secret to print.
    pub(crate) digest: blake3::Hash,
    pub(crate) push: BTreeSet<SystemId>,
    pub(crate) subscriptions: BTreeSet<Box<str>>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("push", &self.push)
            .field("subscriptions", &self.subscriptions)
            .finish_non_exhaustive()
    }
}

/// The tokens of a node.
#[derive(Debug)]
pub(super) struct Access(Vec<Token>);

impl Access {
    pub(super) fn new(tokens: Vec<Token>) -> Access {
        Access(tokens)
    }

    /// Whose request it is.
    pub(super) fn of(&self, headers: &HeaderMap) -> Result<&Token, Refusal> {
        let refuse = |reason: &str| {
            let hint = "send `Authorization: Bearer …` with the token that the operator gave you";
            Err(Refusal::new(StatusCode::UNAUTHORIZED, reason, hint))
        };
        let said = headers.get(header::AUTHORIZATION).and_then(|said| said.to_str().ok());
        let Some((scheme, token)) = said.and_then(|said| said.split_once(' ')) else {
            return refuse("the request has no bearer token");
        };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return refuse("the request has no bearer token");
        }
        let digest = blake3::hash(token.trim().as_bytes());
        match self.0.iter().find(|known| known.digest == digest) {
            Some(known) => Ok(known),
            None => refuse("the token is not known, or no longer"),
        }
    }
}
