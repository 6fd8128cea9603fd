//! A connector that is served gives the node what it would give in-process.

use super::*;
use crate::{ConnectorCapabilities, Edition, Item, Message, MessageBody, Messages, Recovery};
use yibiao_format::{BadRow, Cell, Opening, Row};
use yibiao_record::Timestamp;

/// A source of every kind of item.
#[derive(Debug)]
struct Everything;

fn items() -> Vec<Item> {
    let columns = vec!["id".to_owned(), "n".to_owned()];
    let opening = Opening { columns: columns.clone(), ..Opening::default() };
    let cells = vec![Cell::Text("甲\n\"".to_owned()), Cell::Number(0.5)];
    let message =
        |locator, body| Message { locator, key: None, at: Timestamp(7), raw: b"\xff".to_vec(), body };
    let messages = vec![
        message(1, MessageBody::Cells(vec![Cell::Absent, Cell::Bool(true)])),
        Message { key: Some("k".to_owned()), ..message(2, MessageBody::Delete) },
        message(3, MessageBody::Bad("it is torn".to_owned())),
    ];
    vec![
        Item::Open(Edition { name: "a.csv".to_owned(), opening, whole: true, digest: "".into() }),
        Item::Row(Row { locator: 1, cells, raw: "甲".as_bytes().to_vec() }),
        Item::Bad(BadRow { locator: 2, raw: vec![0, 255], reason: "it is torn".to_owned() }),
        Item::Close,
        Item::Messages(Messages { name: "t".to_owned(), columns, messages }),
    ]
}

impl Connector for Everything {
    fn capabilities(&self) -> ConnectorCapabilities {
        ConnectorCapabilities { replay: true, snapshot: true }
    }

    async fn check(&self) -> Vec<Finding> {
        vec![Finding::of("memory", Ok("is there".to_owned()))]
    }

    async fn discover(&self) -> Result<Vec<Discovered>, EdgeError> {
        Err(EdgeError::halt("cannot look", "it is dark", "light a lamp"))
    }

    async fn read(&mut self, from: &Cursor, limits: BatchLimits) -> Result<Option<Batch>, EdgeError> {
        assert_eq!(limits, BatchLimits { rows_max: 5, bytes_max: 9 });
        Ok(from.0.is_empty().then(|| Batch { items: items(), cursor: Cursor(vec![0xff, 1]) }))
    }

    async fn commit(&mut self, upto: &Cursor) -> Result<(), EdgeError> {
        assert_eq!(upto.0, [0xff, 1]);
        Ok(())
    }
}

async fn ask(requests: &[Request]) -> Vec<Answer> {
    let lines = requests.iter().map(|request| serde_json::to_string(request).unwrap() + "\n");
    answers(&lines.collect::<String>()).await
}

async fn answers(input: &str) -> Vec<Answer> {
    let mut output = Vec::new();
    serve_on(Everything, input.as_bytes(), &mut output).await.unwrap();
    String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn read(from: &str) -> Request {
    Request::Read { from: from.to_owned(), rows_max: 5, bytes_max: 9 }
}

#[tokio::test]
async fn items_of_every_kind_arrive_as_they_were() {
    let mut lines = ask(&[read("")]).await;
    let Some(Answer::End { cursor }) = lines.pop() else { panic!("{lines:?}") };
    let mut arrived = Items::default();
    for line in lines {
        arrived.take(line).unwrap();
    }
    assert_eq!(arrived.end(), items());
    assert_eq!(
        ask(&[read(&cursor), Request::Commit { upto: cursor }]).await,
        [Answer::Nothing {}, Answer::Done {}]
    );
}

#[tokio::test]
async fn capabilities_findings_and_errors_arrive_as_they_were() {
    let lines = ask(&[Request::Hello { protocol: PROTOCOL }, Request::Check, Request::Discover]).await;
    let [Answer::Hello(hello), Answer::Findings(found), Answer::Error(error)] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert!(hello.replay && hello.snapshot && found[0].good);
    assert_eq!(EdgeError::from(error.clone()).to_string(), "cannot look: it is dark; light a lamp");
    assert_eq!(EdgeError::from(error.clone()).recovery, Recovery::Halt);
}

#[tokio::test]
async fn what_is_no_request_or_no_cursor_is_refused() {
    for input in [
        "{\"do\":\"dance\"}\n",
        "nonsense\n",
        "{\"do\":\"read\",\"from\":\"?\",\"rows_max\":5,\"bytes_max\":9}\n",
    ] {
        let lines = answers(input).await;
        assert!(matches!(lines.as_slice(), [Answer::Error(error)] if error.recovery == "halt"), "{lines:?}");
    }
}

#[test]
fn a_row_without_bytes_is_kept_as_its_cells() {
    let line: Answer = serde_json::from_str(r#"{"row":{"at":1,"cells":["a",1,null,1.5]}}"#).unwrap();
    let mut items = Items::default();
    items.take(line).unwrap();
    let items = items.end();
    let [Item::Row(row)] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!(row.raw, br#"["a",1,null,1.5]"#);
}
