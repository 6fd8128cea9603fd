//! From an answer to its rows and to what is asked for next: pure.

use crate::body::Said;
use crate::pull::config::{Config, CursorFrom, Next};
use crate::pull::position::Ask;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use yibiao_http_client::{HeaderMap, Url, header};

/// A page that was understood.
pub(crate) struct Page {
    pub(crate) rows: Vec<Said>,
    /// What to ask for next.
    pub(crate) next: Ask,
    /// Whether the source was read to its end.
    pub(crate) end: bool,
}

/// A page that was not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    /// Why, without its content.
    pub(crate) reason: String,
    /// What follows it, where that stands beside it.
    pub(crate) next: Option<Ask>,
}

pub(crate) fn read(
    config: &Config,
    asked: (&Ask, &Url),
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Page, Unread> {
    let unread = |reason: String| {
        // What follows may stand in a header, whatever the page holds.
        let beside = match &config.next {
            Some(Next::Link) => linked(asked.1, headers).ok().flatten(),
            Some(Next::Cursor { from: CursorFrom::Header(name), .. }) => {
                said_in(headers, name).map(Ask::Cursor)
            }
            _ => None,
        };
        Unread { reason, next: beside.filter(|next| next != asked.0) }
    };
    let whole: Json = serde_json::from_slice(body).map_err(|error| {
        // The library's own message may quote the content: only the place is passed on.
        unread(format!("it is not JSON from line {}, column {} on", error.line(), error.column()))
    })?;
    let raw = raw_rows(body, &config.rows)
        .ok_or_else(|| unread("it has no array where `rows` points".to_owned()))?;
    let rows: Vec<Said> = raw.iter().map(|row| said(config, row)).collect();
    let (next, end) = follow(config, asked, headers, &whole, &raw).map_err(&unread)?;
    Ok(Page { rows, next, end })
}

/// The rows as they stand in the page's bytes.
fn raw_rows<'a>(body: &'a [u8], pointer: &str) -> Option<Vec<&'a RawValue>> {
    let mut at: &RawValue = serde_json::from_slice(body).ok()?;
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        let members: std::collections::BTreeMap<String, &'a RawValue> =
            serde_json::from_str(at.get()).ok()?;
        at = members.get(&name).copied()?;
    }
    serde_json::from_str(at.get()).ok()
}

fn said(config: &Config, row: &RawValue) -> Said {
    let raw = row.get().as_bytes().to_vec();
    let row: Option<Json> = config.key.as_ref().and_then(|_| serde_json::from_str(row.get()).ok());
    let found = |pointer: &Option<String>| row.as_ref()?.pointer(pointer.as_deref()?);
    let key = found(&config.key).and_then(text);
    let body = match (&config.key, &key) {
        (Some(_), None) => Err("it has no text or number where `key` points".to_owned()),
        _ if found(&config.deleted) == Some(&Json::Bool(true)) => Ok(None),
        _ => Ok(Some(raw.clone())),
    };
    Said { raw, key, body }
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What to ask for next, and whether the source was read to its end.
fn follow(
    config: &Config,
    (asked, url): (&Ask, &Url),
    headers: &HeaderMap,
    page: &Json,
    rows: &[&RawValue],
) -> Result<(Ask, bool), String> {
    let counted = |step: usize, first: u64| match (rows.is_empty(), asked) {
        (true, _) => (Ask::Start, true),
        (false, Ask::Number(number)) => {
            (Ask::Number(number + u64::try_from(step).unwrap_or(u64::MAX)), false)
        }
        (false, _) => (Ask::Number(first + u64::try_from(step).unwrap_or(u64::MAX)), false),
    };
    let next = match &config.next {
        None => (Ask::Start, true),
        Some(Next::Page { first, .. }) => counted(1, *first),
        Some(Next::Offset { .. }) => counted(rows.len(), 0),
        Some(Next::Link) => linked(url, headers)?.map_or((Ask::Start, true), |next| (next, false)),
        Some(Next::Cursor { from, .. }) => {
            let cursor = match from {
                CursorFrom::Page(pointer) => page.pointer(pointer).and_then(text),
                CursorFrom::Header(name) => said_in(headers, name),
                CursorFrom::Row(pointer) => {
                    let Some(last) = rows.last() else { return Ok((asked.clone(), true)) };
                    let last: Json = serde_json::from_str(last.get()).unwrap_or_default();
                    let cursor = last.pointer(pointer).and_then(text);
                    Some(cursor.ok_or("its last row has no text or number where `row` points")?)
                }
            };
            // A cursor that leads nowhere new is asked again, later.
            cursor.map_or((Ask::Start, true), |cursor| (Ask::Cursor(cursor), rows.is_empty()))
        }
    };
    if !next.1 && next.0 == *asked {
        return Ok((next.0, true));
    }
    Ok(next)
}

fn said_in(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.trim().to_owned()).filter(|said| !said.is_empty())
}

/// The address of `rel="next"`, on the same server.
fn linked(url: &Url, headers: &HeaderMap) -> Result<Option<Ask>, String> {
    let links = headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    let Some(reference) = links.flat_map(links_of).find_map(|(to, next)| next.then_some(to)) else {
        return Ok(None);
    };
    let next = url.join(reference).map_err(|_| "its next link is no address".to_owned())?;
    if !next.same_server(url) {
        return Err("its next link leads to another server".to_owned());
    }
    Ok(Some(Ask::Path(next.path_and_query().to_owned())))
}

/// The links of one header: address, and whether it is the next.
fn links_of(value: &str) -> impl Iterator<Item = (&str, bool)> {
    value.split('<').skip(1).filter_map(|link| {
        let (to, parameters) = link.split_once('>')?;
        let next =
            parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
                let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
                name.trim().eq_ignore_ascii_case("rel")
                    && value.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("next"))
            });
        Some((to, next))
    })
}
