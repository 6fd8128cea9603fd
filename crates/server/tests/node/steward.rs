//! Tasks go out as a workbook, are decided in it, and come back.

use crate::support::Desk;
use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::Value as Json;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Types texts into empty cells of a sheet, from 1, as a spreadsheet program would.
fn fill(path: &Path, sheet: usize, cells: &[(String, &str)]) {
    let mut from = ZipArchive::new(Cursor::new(fs::read(path).unwrap())).unwrap();
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..from.len() {
        let mut part = from.by_index(at).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        if name == format!("xl/worksheets/sheet{sheet}.xml") {
            let mut text = String::from_utf8(bytes).unwrap();
            for (cell, typed) in cells {
                let start = text.find(&format!("<c r=\"{cell}\"")).unwrap();
                let end = start + text.get(start..).unwrap().find("/>").unwrap() + 2;
                let new = format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{typed}</t></is></c>");
                text.replace_range(start..end, &new);
            }
            bytes = text.into_bytes();
        }
        to.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        to.write_all(&bytes).unwrap();
    }
    fs::write(path, to.finish().unwrap().into_inner()).unwrap();
}

/// The cells to decide in, in the order of the tasks.
fn to_decide(path: &Path) -> Vec<String> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let sheet = book.worksheet_range("任务 tasks").unwrap();
    let rows = sheet.rows().enumerate();
    let heads = rows.filter(|(_, row)| matches!(&row[8], Data::String(token) if token.starts_with('*')));
    heads.map(|(at, _)| format!("G{}", at + 1)).collect()
}

fn import(desk: &Desk, path: &Path) -> (Option<i32>, Json) {
    let ran = desk.yibiao(&["review", "import", path.to_str().unwrap(), "--actor", "steward-1", "--json"]);
    (ran.code, serde_json::from_str(&ran.out).unwrap())
}

fn count(done: &Json, name: &str) -> usize {
    done[name].as_array().unwrap().len()
}

#[test]
fn what_is_decided_in_a_workbook_is_taken_over_once_and_can_be_taken_back_in_the_next() {
    let desk = Desk::county(60);
    desk.run_once();
    let before = desk.everything();
    let path = desk.path("tasks.xlsx");
    let export = ["review", "export", "--out", path.to_str().unwrap()];
    let tasks = desk.ask(&export)["tasks"].as_u64().unwrap();
    let cells = to_decide(&path);
    assert_eq!(u64::try_from(cells.len()).unwrap(), tasks);
    assert!(cells.len() > 3, "the county plants more doubts than {tasks}");
    assert_eq!(desk.yibiao(&export).code, Some(1), "a workbook that may hold decisions is not overwritten");

    let typed =
        [(cells[0].clone(), "同一 same"), (cells[1].clone(), "different"), (cells[2].clone(), "perhaps")];
    fill(&path, 1, &typed);
    let (code, done) = import(&desk, &path);
    assert_eq!(code, Some(4), "a row needs a person: {done}");
    assert_eq!((count(&done, "decided"), count(&done, "unclear")), (2, 1), "{done}");
    assert_eq!(count(&done, "undecided"), cells.len() - 3);
    assert_eq!(count(&done, "contradictory") + count(&done, "no_longer_asked"), 0);
    let (_, again) = import(&desk, &path);
    assert_eq!((count(&again, "decided"), count(&again, "no_longer_asked")), (0, 2), "{again}");

    let next = desk.path("next.xlsx");
    desk.ask(&["review", "export", "--out", next.to_str().unwrap()]);
    fill(&next, 2, &[("G2".to_owned(), "撤回"), ("G3".to_owned(), "撤回 take back")]);
    let (code, done) = import(&desk, &next);
    assert_eq!((code, count(&done, "taken_back")), (Some(0), 2), "{done}");
    assert_eq!(desk.everything(), before);
}
