//! Bodies of every kind, and the order in which what was pushed is taken, made durable and answered.

use super::*;
use yibiao_contract::{Message, MessageBody};
use yibiao_format::Limits;
use yibiao_mapping::Mapping;
use yibiao_record::{SystemId, Timestamp};

const AT: Timestamp = Timestamp(1_790_000_000);
const LIMITS: BatchLimits = BatchLimits { rows_max: 1_000, bytes_max: 1 << 20 };

fn mapping(system: &str) -> &'static Mapping {
    Mapping::of_system(SystemId::new(system).unwrap()).unwrap()
}

fn read(system: &str, kind: Kind, body: &str) -> Result<Pushed, BodyError> {
    read_body(mapping(system), kind, false, body.as_bytes(), Limits::default(), AT)
}

fn messages(pushed: &Pushed) -> Vec<&Message> {
    let mut found = Vec::new();
    for item in &pushed.items {
        if let Item::Messages(messages) = item {
            found.extend(&messages.messages);
        }
    }
    found
}

fn keys(pushed: &Pushed) -> Vec<Option<&str>> {
    pushed.rows.iter().map(|row| row.key.as_deref()).collect()
}

const ROW: &str = r#"{"house_code":"H-1"}"#;

#[test]
fn one_object_an_array_lines_and_csv_say_the_same() {
    let one = read("ZJ", Kind::Json, ROW).unwrap();
    assert_eq!(keys(&one), [Some("H-1")]);
    assert_eq!(one.rows[0].fault, None);
    for (kind, body) in [
        (Kind::Json, format!("[{ROW}]")),
        (Kind::Ndjson, format!("{ROW}\n\n")),
        (Kind::Unsaid, ROW.to_owned()),
        (Kind::Csv, "house_code\nH-1\n".to_owned()),
    ] {
        let other = read("ZJ", kind, &body).unwrap();
        assert_eq!(
            (keys(&other), messages(&other)[0].body.clone()),
            (keys(&one), messages(&one)[0].body.clone())
        );
    }
}

#[test]
fn a_row_may_have_its_key_beside_it_and_no_value_is_a_delete() {
    let pushed =
        read("MZ", Kind::Json, r#"[{"key":"17","value":{"姓名":"张三"}},{"key":"17","value":null}]"#);
    let pushed = pushed.unwrap();
    assert_eq!(keys(&pushed), [Some("17"), Some("17")]);
    assert!(matches!(messages(&pushed)[0].body, MessageBody::Cells(_)));
    assert_eq!(messages(&pushed)[1].body, MessageBody::Delete);
}

#[test]
fn a_row_of_a_file_without_a_key_column_is_keyed_by_who_it_is_about() {
    let row = r#"{"姓名":"张三","身份证号":"110101195003071218"}"#;
    let [first, again] = [(); 2].map(|()| read("MZ", Kind::Json, row).unwrap());
    assert!(first.rows[0].key.is_some());
    assert_eq!(first.rows, again.rows);
}

#[test]
fn a_bad_row_says_why_and_the_others_go_on() {
    let pushed = read("ZJ", Kind::Ndjson, &format!("{ROW}\n{{\"house_code\":\n{ROW}")).unwrap();
    let faulty: Vec<bool> = pushed.rows.iter().map(|row| row.fault.is_some()).collect();
    assert_eq!(faulty, [false, true, false]);
    assert_eq!(messages(&pushed)[1].raw, b"{\"house_code\":");
}

#[test]
fn what_is_no_json_is_refused_whole_without_its_content() {
    let error = read("ZJ", Kind::Json, r#"[{"house_code":"SECRET"},"#).unwrap_err().to_string();
    assert!(error.contains("line 1") && !error.contains("SECRET"), "{error}");
    assert!(matches!(read("ZJ", Kind::Ndjson, " \n"), Err(BodyError::Unreadable { .. })));
    assert!(matches!(read("ZJ", Kind::Own, "x"), Err(BodyError::Unsupported(_))));
    assert!(matches!(read("MZ", Kind::Own, "no workbook"), Err(BodyError::Unreadable { .. })));
}

#[test]
fn the_own_file_is_an_edition_in_its_own_encoding() {
    let header = "DE02_01_039_00,DE02_01_030_00,DE02_01_005_01,随访日期";
    let text = format!("{header}\n张三,110101195003071218,1950-03-07,2026-09-01\n");
    let bytes = encoding_rs::GB18030.encode(&text).0.into_owned();
    let pushed = read_body(mapping("WJ"), Kind::Csv, false, &bytes, Limits::default(), AT).unwrap();
    assert!(matches!(&pushed.items[0], Item::Open(edition) if edition.opening.columns[3] == "随访日期"));
    assert_eq!(pushed.items.last(), Some(&Item::Close));
    assert_eq!(pushed.rows.len(), 1);
}

fn inbox_with(bodies: &[&str]) -> (Inbox, Vec<tokio::sync::oneshot::Receiver<()>>) {
    let inbox = Inbox::new();
    let leave = |body: &&str| inbox.leave(read("ZJ", Kind::Ndjson, body).unwrap().items).unwrap();
    let waiting = bodies.iter().map(leave).collect();
    (inbox, waiting)
}

#[tokio::test]
async fn a_request_is_answered_after_the_commit_of_its_rows_and_not_before() {
    let (inbox, mut waiting) = inbox_with(&[ROW, ROW]);
    let mut connector: HttpConnector<Never> = HttpConnector::new(Some(inbox), None);
    connector.ready().await;
    let from = Cursor(vec![7]);
    let batch = connector.read(&from, LIMITS).await.unwrap().unwrap();
    assert_eq!((batch.items.len(), &batch.cursor), (2, &from));
    assert_eq!(connector.read(&from, LIMITS).await.unwrap(), None);
    assert!(waiting.iter_mut().all(|durable| durable.try_recv().is_err()));
    connector.commit(&from).await.unwrap();
    assert!(waiting.iter_mut().all(|durable| durable.try_recv().is_ok()));
}

#[test]
fn a_full_inbox_refuses() {
    let inbox = Inbox::new();
    let items = || read("ZJ", Kind::Json, ROW).unwrap().items;
    let waiting: Vec<_> = std::iter::from_fn(|| inbox.leave(items()).ok()).collect();
    assert!(!waiting.is_empty());
    assert_eq!(inbox.leave(items()).err(), Some(Full));
    assert!(inbox.take(LIMITS, true).is_some());
    assert!(inbox.leave(items()).is_ok());
}

#[test]
fn a_large_request_is_parted_and_answered_with_its_last_part() {
    let body = format!("{ROW}\n").repeat(2_500);
    let (inbox, mut waiting) = inbox_with(&[&body]);
    let mut rows = 0;
    while let Some(items) = inbox.take(LIMITS, true) {
        assert!(waiting[0].try_recv().is_err());
        rows += items
            .iter()
            .map(|item| if let Item::Messages(of) = item { of.messages.len() } else { 0 })
            .sum::<usize>();
        inbox.durable();
    }
    assert_eq!(rows, 2_500);
    assert!(waiting[0].try_recv().is_ok());
}

/// A connector that no test has.
#[derive(Debug)]
enum Never {}

impl Connector for Never {
    fn capabilities(&self) -> ConnectorCapabilities {
        match *self {}
    }

    async fn check(&self) -> Vec<Finding> {
        match *self {}
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        match *self {}
    }

    async fn read(&mut self, _: &Cursor, _: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        match *self {}
    }

    async fn commit(&mut self, _: &Cursor) -> Result<(), EdgeError> {
        match *self {}
    }
}
