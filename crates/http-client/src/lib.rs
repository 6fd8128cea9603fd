//! Requests to others over HTTP, where the address comes from a configuration or from a partner's answer.
//!
//! One connection at a time and per owner, HTTP/1.1, no pool: what an owner holds while its peer hangs is a socket
//! and its request.
//!
//! **Invariant:** a connection is made only to an address that was checked: private, loopback and other local addresses
//! are refused unless they are allowed, for a name all its addresses are asked, and none is looked up a second time.
//! **Invariant:** plain HTTP goes only to addresses that are allowed by name.
//! **Invariant:** a redirect is an answer like any other, and is followed by nobody.
//! **Invariant:** every exchange is bounded in time and bytes.
//! **Invariant:** a fault names the peer and what went wrong, never a path, a header or a body; a secret is never printed.

mod address;
mod client;
mod connection;
mod exchange;
mod later;
mod secret;
#[cfg(test)]
mod tests;
mod url;

pub use address::Allowed;
pub use client::{Answer, Body, Client, Fault, Limits, Request};
pub use connection::{Kept, Trust, TrustError};
pub use later::retry_after;
pub use secret::{Secret, SecretError, SecretRef, SecretSource, basic, bearer};
pub use url::{BadUrl, Url, form};

// What requests and answers are made of.
pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
