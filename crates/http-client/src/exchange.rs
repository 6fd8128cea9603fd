//! HTTP/1.1 on a connection.
//!
//! **Invariant:** while an answer is awaited nothing is held for it but the state of the call: no buffer, no task. A node
//! may have ten thousand peers that never answer.

use crate::client::{Fault, Request};
use crate::connection::Connection;
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use std::io;
use ureq_proto::BodyMode;
use ureq_proto::client::state::{Cleanup, RecvBody, RecvResponse};
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult};

/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// As what requests are sent.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("yibiao/", env!("CARGO_PKG_VERSION")));

/// The head of an answer, and what is left to be read of it.
pub(crate) struct Head {
    pub(crate) response: Response<()>,
    rest: Rest,
    /// What was read beyond the head.
    read: Vec<u8>,
}

enum Rest {
    Body(Call<RecvBody>),
    Nothing(Call<Cleanup>),
}

/// Sends a request and waits for the head of its answer.
pub(crate) async fn ask(connection: &mut Connection, request: &Request<'_>) -> Result<Head, Fault> {
    let mut call = send(connection, request).await?;
    let mut read = Vec::new();
    loop {
        let (used, response) = call.try_response(&read, false).map_err(nonsense)?;
        read.drain(..used);
        if let Some(response) = response {
            let rest = match call.proceed() {
                Some(RecvResponseResult::RecvBody(call)) => Rest::Body(call),
                Some(RecvResponseResult::Redirect(call)) => Rest::Nothing(call.proceed()),
                Some(RecvResponseResult::Cleanup(call)) => Rest::Nothing(call),
                None => return Err(ended()),
            };
            return Ok(Head { response, rest, read });
        }
        if used > 0 {
            continue;
        }
        if read.len() > HEAD_BYTES_MAX {
            let reason = format!("the head of its answer is longer than {HEAD_BYTES_MAX} bytes");
            return Err(Fault::Broken(io::Error::other(reason)));
        }
        if connection.read(&mut read).await.map_err(Fault::Broken)? == 0 {
            return Err(ended());
        }
    }
}

async fn send(connection: &mut Connection, request: &Request<'_>) -> Result<Call<RecvResponse>, Fault> {
    let (call, bytes) = written(request)?;
    connection.write(&bytes).await.map_err(Fault::Broken)?;
    Ok(call)
}

/// A request as its bytes.
fn written(request: &Request<'_>) -> Result<(Call<RecvResponse>, Vec<u8>), Fault> {
    let Request { method, url, headers, body, .. } = request;
    let mut bare = http::Request::new(());
    *bare.method_mut() = method.clone();
    // Both were parsed as parts of an address.
    *bare.uri_mut() = url.path_and_query().parse().map_err(|_| Fault::Unknown)?;
    let host = HeaderValue::from_str(&url.authority()).map_err(|_| Fault::Unknown)?;
    let mut call = Call::new(bare).map_err(nonsense)?;
    let own = [(header::HOST, host), (header::USER_AGENT, AGENT)];
    // A method that has no body has no length either.
    let length = !body.is_empty() || matches!(method.as_str(), "POST" | "PUT" | "PATCH");
    let length = length.then(|| (header::CONTENT_LENGTH, HeaderValue::from(body.len())));
    let mut size = method.as_str().len() + url.path_and_query().len() + " HTTP/1.1\r\n\r\n".len() + 1;
    for (name, value) in own.into_iter().chain(length).chain(headers.iter().cloned()) {
        size += name.as_str().len() + value.len() + ": \r\n".len();
        call.header(name, value).map_err(nonsense)?;
    }
    if !body.is_empty() {
        call.force_send_body();
    }
    let mut call = call.proceed();
    let mut bytes = vec![0; size];
    let head = call.write(&mut bytes).map_err(nonsense)?;
    bytes.truncate(head);
    bytes.extend_from_slice(body);
    match call.proceed().map_err(nonsense)? {
        Some(SendRequestResult::RecvResponse(call)) => Ok((call, bytes)),
        Some(SendRequestResult::SendBody(mut call)) => {
            call.consume_direct_write(body.len()).map_err(nonsense)?;
            let sent = call.proceed().ok_or_else(|| nonsense("its body is not whole"))?;
            Ok((sent, bytes))
        }
        // The size holds the whole head, and nobody asks to be told to go on.
        Some(SendRequestResult::Await100(_)) | None => Err(nonsense("its head is not whole")),
    }
}

/// Reads the body of an answer; says whether the connection can be used again.
pub(crate) async fn body(
    connection: &mut Connection,
    head: Head,
    bytes_max: usize,
) -> Result<(Bytes, bool), Fault> {
    let Head { rest, mut read, .. } = head;
    let mut call = match rest {
        Rest::Body(call) => call,
        Rest::Nothing(call) => return Ok((Bytes::new(), read.is_empty() && !call.must_close_connection())),
    };
    let to_the_end = call.body_mode() == BodyMode::CloseDelimited;
    let mut body = Vec::new();
    loop {
        let had = body.len();
        body.resize(had + read.len(), 0);
        let into = body.get_mut(had..).unwrap_or_default();
        let (used, got) = call.read(&read, into).map_err(nonsense)?;
        body.truncate(had + got);
        read.drain(..used);
        if body.len() > bytes_max {
            return Err(Fault::TooLong(bytes_max));
        }
        if call.can_proceed() && !to_the_end {
            break;
        }
        if used == 0 && connection.read(&mut read).await.map_err(Fault::Broken)? == 0 {
            if to_the_end {
                break;
            }
            return Err(ended());
        }
    }
    let close = match call.proceed() {
        Some(RecvBodyResult::Cleanup(call)) => call.must_close_connection(),
        Some(RecvBodyResult::Redirect(call)) => call.must_close_connection(),
        None => true,
    };
    Ok((body.into(), read.is_empty() && !close))
}

/// What was said is no HTTP.
fn nonsense(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::Broken(io::Error::new(io::ErrorKind::InvalidData, error))
}

fn ended() -> Fault {
    Fault::Broken(io::ErrorKind::UnexpectedEof.into())
}
