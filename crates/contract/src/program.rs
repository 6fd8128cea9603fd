//! A connector as a program of its own: line-delimited JSON over standard input and output.
//!
//! This module has both sides' words and [`serve`], which makes a program of any [`Connector`]. The protocol in prose, for
//! authors in other languages, is the page of `connector-process`.
//!
//! Needs the cargo feature `program`.
//!
//! **Invariant:** every line is one [`Request`] or one [`Answer`]; the node asks, the program answers, and nothing else is
//! on standard output.

mod items;
mod lines;
#[cfg(test)]
mod tests;

pub use items::{Items, lines_of};
pub use lines::{
    Answer, BadLine, Bytes, ErrorLine, FoundLine, Hello, MessageLine, MessagesLine, OpenLine, Request,
    RowLine, SchemaLine,
};

use crate::{Batch, BatchLimits, Connector, Cursor, Discovered, EdgeError, Finding};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, BufRead, Write};

/// The version of the protocol. A change that an older program would misread raises it.
pub const PROTOCOL: u32 = 1;

/// Serves a connector on standard input and output until the node closes them: the body of a program's `main`.
pub fn serve<C: Connector>(connector: C) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve_on(connector, io::stdin().lock(), io::stdout().lock()))
}

/// Serves a connector on any two streams.
pub async fn serve_on<C: Connector>(
    mut connector: C,
    input: impl BufRead,
    mut output: impl Write,
) -> io::Result<()> {
    for line in input.lines() {
        let answers = match serde_json::from_str::<Request>(&line?) {
            Ok(request) => answer(&mut connector, request).await,
            Err(_) => vec![Answer::Error(ErrorLine::from(EdgeError::halt(
                "cannot answer",
                "the request is none of this protocol",
                format!("this program speaks version {PROTOCOL}: use a version of it that the node knows"),
            )))],
        };
        for answer in answers {
            serde_json::to_writer(&mut output, &answer)?;
            output.write_all(b"\n")?;
        }
        output.flush()?;
    }
    Ok(())
}

async fn answer<C: Connector>(connector: &mut C, request: Request) -> Vec<Answer> {
    let answered = match request {
        Request::Hello { .. } => {
            let can = connector.capabilities();
            Ok(vec![Answer::Hello(Hello { protocol: PROTOCOL, replay: can.replay, snapshot: can.snapshot })])
        }
        Request::Check => {
            let line = |finding: Finding| {
                let Finding { subject, good, detail, hint } = finding;
                FoundLine { subject, good, detail, hint }
            };
            Ok(vec![Answer::Findings(connector.check().await.into_iter().map(line).collect())])
        }
        Request::Discover => connector.discover().await.map(|found| {
            let line = |Discovered { name, columns }| SchemaLine { name, columns };
            vec![Answer::Schemas(found.into_iter().map(line).collect())]
        }),
        Request::Read { from, rows_max, bytes_max } => {
            let limits = BatchLimits { rows_max, bytes_max };
            let read = match cursor(&from) {
                Ok(from) => connector.read(&from, limits).await,
                Err(error) => Err(error),
            };
            read.map(|batch| match batch {
                None => vec![Answer::Nothing {}],
                Some(Batch { items, cursor }) => {
                    let end = Answer::End { cursor: STANDARD.encode(cursor.0) };
                    items.iter().flat_map(lines_of).chain([end]).collect()
                }
            })
        }
        Request::Commit { upto } => {
            let committed = match cursor(&upto) {
                Ok(upto) => connector.commit(&upto).await,
                Err(error) => Err(error),
            };
            committed.map(|()| vec![Answer::Done {}])
        }
    };
    answered.unwrap_or_else(|error| vec![Answer::Error(error.into())])
}

/// A cursor's bytes, from the text that stands for them.
fn cursor(text: &str) -> Result<Cursor, EdgeError> {
    let refused = |_| {
        EdgeError::halt(
            "cannot resume at the stored position",
            "it is of another program",
            "use the program that wrote it, or start the source anew",
        )
    };
    STANDARD.decode(text).map(Cursor).map_err(refused)
}
