//! What departments deliver by mistake or malice: the error names file and place and says what to do, the other
//! departments go on, and nothing is lost.

use crate::support::{Desk, FILES, Ran, YIBIAO, bytes, file};
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn follow_ups(desk: &Desk) -> String {
    encoding_rs::GB18030.decode(&fs::read(desk.delivered("WJ")).unwrap()).0.into_owned()
}

/// Runs to the end with one department's file spoilt: says so in these words, and everyone else gets their file.
/// Mended, everything comes in.
fn spoilt(system: &str, spoil: impl FnOnce(&Desk), words: &[&str]) {
    let undisturbed = Desk::county(40);
    undisturbed.run_once();
    let desk = undisturbed.twin();
    spoil(&desk);
    let ran = desk.run_once_badly();
    for word in [&[file(system)], words].concat() {
        assert!(ran.err.contains(word), "{word} is not said: {}", ran.err);
    }
    for (other, _) in FILES {
        assert!(other == system || desk.written(other).exists(), "{other} was held up: {}", ran.err);
    }
    fs::copy(undisturbed.delivered(system), desk.delivered(system)).unwrap();
    desk.run_once();
    assert_eq!(desk.counts()[0], undisturbed.counts()[0], "mended, every row comes in");
}

#[test]
fn an_unknown_column_is_told_and_carried_along() {
    let desk = Desk::county(40);
    let text = follow_ups(&desk);
    let lines: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(at, line)| format!("{line},{}", if at == 0 { "备注" } else { "甲" }))
        .collect();
    fs::write(desk.delivered("WJ"), gb18030(&format!("{}\n", lines.join("\n")))).unwrap();
    let ran = desk.yibiao(&["run", "--once"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("WARN") && ran.err.contains("column 备注 is unknown"), "{}", ran.err);
    assert_eq!(desk.counts()[2], 0);
    let back = encoding_rs::GB18030.decode(&fs::read(desk.written("WJ")).unwrap()).0.into_owned();
    assert!(back.lines().next().unwrap().ends_with(",备注") && back.lines().nth(1).unwrap().ends_with(",甲"));
}

#[test]
fn a_missing_key_column() {
    let spoil = |desk: &Desk| {
        let text = follow_ups(desk).replacen("DE02_01_030_00", "DE02_01_030_01", 1);
        fs::write(desk.delivered("WJ"), gb18030(&text)).unwrap();
    };
    spoilt("WJ", spoil, &["DE02_01_030_00", "identity column"]);
}

#[test]
fn another_encoding_than_the_mapping_says() {
    let spoil = |desk: &Desk| fs::write(desk.delivered("WJ"), follow_ups(desk)).unwrap();
    spoilt("WJ", spoil, &["header", "gb18030", "encoding"]);
}

#[test]
fn an_empty_file() {
    let spoil = |desk: &Desk| fs::write(desk.delivered("NY"), "").unwrap();
    spoilt("NY", spoil, &["it is empty; have it exported and delivered again"]);
}

#[test]
fn a_header_that_names_two_columns_alike() {
    let spoil = |desk: &Desk| {
        let text = follow_ups(desk).replacen("DE02_01_040_00", "DE02_01_039_00", 1);
        fs::write(desk.delivered("WJ"), gb18030(&text)).unwrap();
    };
    spoilt(
        "WJ",
        spoil,
        &["column DE02_01_039_00", "columns 2 and 3 of the header have the same name; rename one"],
    );
}

#[test]
fn a_folder_where_a_file_is_expected() {
    let desk = Desk::county(40);
    fs::remove_file(desk.delivered("YJ")).unwrap();
    fs::create_dir(desk.delivered("YJ")).unwrap();
    let ran = desk.run_once_badly();
    let words = "cannot read yj_flood_evacuation.xlsx: it is a folder or a device, no file; move it away and deliver the file";
    assert!(ran.err.contains(words), "{}", ran.err);
    assert!(desk.written("GA").exists() && desk.written("NY").exists());
}

#[test]
fn a_document_type_that_defines_entities() {
    let spoil = |desk: &Desk| {
        let bomb = "<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>";
        let text = fs::read_to_string(desk.delivered("NY")).unwrap().replacen("?>", &format!("?>{bomb}"), 1);
        fs::write(desk.delivered("NY"), text).unwrap();
    };
    spoilt("NY", spoil, &["document type", "have it exported without <!DOCTYPE"]);
}

#[test]
fn a_workbook_that_unpacks_to_too_much() {
    let spoil = |desk: &Desk| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let name = "xl/worksheets/sheet1.xml";
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&vec![b' '; 7_654_321]).unwrap();
        let mut bytes = zip.finish().unwrap().into_inner();
        // It says that it unpacks to 3 GiB: to make so much for real would take the test longer than the refusal.
        let size = 7_654_321_u32.to_le_bytes();
        let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..at + 4] == size).collect();
        assert!(!places.is_empty());
        for place in places {
            bytes[place..place + 4].copy_from_slice(&(3_u32 << 30).to_le_bytes());
        }
        fs::write(desk.delivered("MZ"), bytes).unwrap();
    };
    spoilt(
        "MZ",
        spoil,
        &["xl/worksheets/sheet1.xml unpacks to more than", "have a genuine workbook delivered"],
    );
}

#[test]
fn one_line_of_a_hundred_megabytes_is_set_aside_and_the_others_go_on() {
    let desk = Desk::county_of(40, &["GA", "NY"]);
    let whole = desk.twin();
    let text = fs::read_to_string(desk.delivered("GA")).unwrap();
    let (head, tail) = text.split_at(text.match_indices('\n').nth(9).unwrap().0 + 1);
    // A hole in the file reads as a line of zeros and takes no room.
    let mut long = File::create(desk.delivered("GA")).unwrap();
    long.write_all(head.as_bytes()).unwrap();
    long.seek(SeekFrom::Current(100 << 20)).unwrap();
    long.write_all(b"\n").unwrap();
    long.write_all(tail.as_bytes()).unwrap();
    drop(long);
    desk.ask(&["run", "--once"]);
    let list = desk.ask(&["quarantine", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!((&list[0]["row"], &list[0]["system"]), (&11.into(), &"GA".into()));
    assert!(list[0]["reason"].as_str().unwrap().contains("row_bytes_max"), "{list}");
    fs::remove_file(whole.delivered("MZ")).unwrap_or_default();
    fs::write(desk.delivered("GA"), &text).unwrap();
    let before = desk.counts()[0];
    desk.run_once();
    assert_eq!(desk.counts()[0], before, "every good row had come in");
}

#[test]
fn a_file_without_the_right_to_read_it() {
    let desk = Desk::county(40);
    fs::set_permissions(desk.delivered("NY"), fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = Command::new(YIBIAO);
    if fs::metadata(desk.path("")).unwrap().uid() == 0 {
        // The superuser may read everything: so the program runs as somebody else, from where that one may start it.
        let program = desk.path("yibiao");
        fs::copy(YIBIAO, &program).unwrap();
        let nobody = 65_534;
        for path in ["", "in"].map(|name| desk.path(name)) {
            std::os::unix::fs::chown(path, Some(nobody), Some(nobody)).unwrap();
        }
        command = Command::new(program);
        command.uid(nobody).gid(nobody);
    }
    let ran = Ran::of(&command.args(["run", "--once", "-c"]).arg(desk.config()).output().unwrap());
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let words = "cannot read ny_poverty_monitoring.xml: the rights do not suffice; give the account that runs yibiao the right";
    assert!(ran.err.contains(words), "{}", ran.err);
    assert!(desk.written("GA").exists() && !desk.written("NY").exists());
}

#[test]
fn a_disk_that_is_full_loses_nothing() {
    let undisturbed = Desk::county(60);
    undisturbed.run_once();
    let all = undisturbed.everything();
    // Files may grow to so many kB, and then writing fails as on a full disk: the store first, the files given back next.
    for kilobytes in ["300", "600", "24"] {
        let desk = undisturbed.twin();
        if kilobytes == "24" {
            fs::create_dir(desk.store()).unwrap();
            let (from, to) = (undisturbed.store().join("yibiao.redb"), desk.store().join("yibiao.redb"));
            fs::copy(from, to).unwrap();
        }
        let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &script, YIBIAO, "run", "--once", "-c"]).arg(desk.config());
        let ran = Ran::of(&command.output().unwrap());
        assert_eq!(ran.code, Some(1), "{kilobytes} kB: {}", ran.err);
        assert!(ran.err.contains("space") || ran.err.contains("room"), "{kilobytes} kB: {}", ran.err);
        desk.run_once();
        assert_eq!(desk.everything(), all, "{kilobytes} kB");
        assert_eq!(bytes(&desk.out()), bytes(&undisturbed.out()), "{kilobytes} kB");
    }
}

#[test]
fn a_file_cut_off_in_the_middle_ends_nothing() {
    let desk = Desk::county(40);
    desk.run_once();
    let members = desk.members("person");
    let text = fs::read(desk.delivered("NY")).unwrap();
    OpenOptions::new()
        .write(true)
        .open(desk.delivered("NY"))
        .unwrap()
        .set_len(u64::try_from(text.len() / 2).unwrap())
        .unwrap();
    let ran = desk.run_once_badly();
    assert!(ran.err.contains("ny_poverty_monitoring.xml") && ran.err.contains("deliver"), "{}", ran.err);
    assert_eq!(desk.members("person"), members, "nothing is concluded from rows that did not come");
    fs::write(desk.delivered("NY"), text).unwrap();
    desk.run_once();
    assert_eq!(desk.members("person"), members);
}
