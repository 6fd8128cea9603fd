//! Running again: on the same files, on files changed a little, on our own files come back.

use crate::support::{Desk, FILES, bytes, lines, tree};
use crate::workbook::{Workbook, row};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs;

/// How often rows of a system came to something.
fn rows(desk: &Desk, system: &str, outcome: &str) -> u64 {
    let status = desk.ask(&["status"]);
    let of = status["systems"].as_array().unwrap().iter().find(|of| of["system"] == system).unwrap();
    of["rows"][outcome].as_u64().unwrap()
}

#[test]
fn a_second_run_writes_nothing_new() {
    let desk = Desk::county(60);
    desk.run_once();
    let (files, counts, all) = (tree(&desk.out()), desk.counts(), desk.everything());
    desk.run_once();
    assert_eq!(tree(&desk.out()), files, "neither bytes nor times of change may differ");
    assert_eq!((desk.counts(), desk.everything()), (counts, all));
}

#[test]
fn a_file_delivered_again_yields_nothing() {
    let desk = Desk::county(40);
    desk.run_once();
    let counts = desk.counts();
    let read: u64 = FILES.map(|(system, _)| rows(&desk, system, "repeated")).iter().sum();
    for (system, _) in FILES {
        let bytes = fs::read(desk.delivered(system)).unwrap();
        fs::remove_file(desk.delivered(system)).unwrap();
        fs::write(desk.delivered(system), bytes).unwrap();
    }
    let before = tree(&desk.out());
    desk.run_once();
    assert_eq!(desk.counts(), counts);
    assert_eq!(tree(&desk.out()), before);
    let again: u64 = FILES.map(|(system, _)| rows(&desk, system, "repeated")).iter().sum();
    assert_eq!(again, read, "the same bytes are recognised before a row is read");
}

#[test]
fn our_own_files_come_back_without_a_trace() {
    let desk = Desk::county(60);
    desk.run_once();
    let (counts, all) = (desk.counts(), desk.everything());
    for (system, _) in FILES {
        fs::copy(desk.written(system), desk.delivered(system)).unwrap();
    }
    desk.run_once();
    assert_eq!(desk.counts(), counts, "[submissions, changes, quarantined]");
    assert_eq!(desk.everything(), all);
    // A third time: what is written into our own file is nothing.
    for (system, _) in FILES {
        assert_eq!(
            fs::read(desk.written(system)).unwrap(),
            fs::read(desk.delivered(system)).unwrap(),
            "{system}"
        );
    }
}

#[test]
fn our_own_files_come_back_one_department_at_a_time_without_a_trace() {
    let desk = Desk::county(40);
    desk.run_once();
    let (counts, all) = (desk.counts(), desk.everything());
    let written = bytes(&desk.out());
    for (system, file) in FILES {
        let ours = &written[&std::path::Path::new(system).join(file)];
        fs::write(desk.delivered(system), ours).unwrap();
        desk.run_once();
        assert_eq!(desk.counts(), counts, "after {system}");
    }
    assert_eq!(desk.everything(), all);
}

#[test]
fn sorting_the_ledger_changes_nothing_but_the_row_numbers() {
    let desk = Desk::county(60);
    desk.run_once();
    let counts = desk.counts();
    let entities = |members: &str| -> BTreeSet<String> {
        members
            .lines()
            .filter(|line| line.starts_with("MZ,"))
            .map(|line| line.rsplit_once(",P-").unwrap().1.to_owned())
            .collect()
    };
    let before = desk.members("person");
    let mut book = Workbook::open(&desk.delivered("MZ"));
    let people = book.people();
    let mut sorted: Vec<String> = people.iter().map(|at| book.rows[*at].clone()).collect();
    sorted.reverse();
    sorted.rotate_left(7);
    for (at, row) in people.iter().zip(sorted) {
        book.rows[*at] = row;
    }
    book.save(&desk.delivered("MZ"));
    desk.run_once();
    assert_eq!(desk.counts(), counts);
    let after = desk.members("person");
    assert_eq!(entities(&after), entities(&before));
    let others = |members: &str| -> BTreeSet<String> {
        members.lines().filter(|line| !line.starts_with("MZ,")).map(str::to_owned).collect()
    };
    assert_eq!(others(&after), others(&before));
    // The row that stands first now is the person whose row stood at its place before.
    let of = |members: &str, row: usize| {
        let start = format!("MZ,{row},");
        members.lines().find_map(|line| line.strip_prefix(&start).map(str::to_owned)).unwrap()
    };
    let first = people[people.len() - 1 - 7] + 1;
    assert_eq!(of(&after, people[0] + 1), of(&before, first));
}

#[test]
fn a_row_inserted_at_the_top_of_the_ledger_is_one_new_key() {
    let desk = Desk::county(60);
    desk.run_once();
    let before = desk.members("person");
    let mut book = Workbook::open(&desk.delivered("MZ"));
    let people = book.people();
    book.rows.insert(people[0], row(&[("B", "訾新来"), ("C", "女"), ("D", "1950.02"), ("L", "本人")]));
    book.save(&desk.delivered("MZ"));
    let submissions = desk.counts()[0];
    desk.run_once();
    assert_eq!(desk.counts()[0], submissions + 1);
    assert_eq!(
        (rows(&desk, "MZ", "new"), rows(&desk, "MZ", "changed")),
        (u64::try_from(people.len()).unwrap() + 1, 0)
    );
    let after = desk.members("person");
    let moved = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let number: usize = cells[1].parse().unwrap();
        format!("MZ,{},{},{}", number + 1, cells[2], cells[3])
    };
    let mz = |members: &str| -> Vec<String> {
        members.lines().filter(|line| line.starts_with("MZ,")).map(str::to_owned).collect()
    };
    let expected: BTreeSet<String> = mz(&before).iter().map(|line| moved(line)).collect();
    let after: BTreeSet<String> = mz(&after).into_iter().collect();
    let new: Vec<&String> = after.difference(&expected).collect();
    assert!(expected.is_subset(&after) && new.len() == 1, "{new:?}");
    assert!(new[0].starts_with(&format!("MZ,{},", people[0] + 1)) && new[0].ends_with(",true"), "{new:?}");
}

#[test]
fn a_changed_file_yields_only_what_changed() {
    let desk = Desk::county(60);
    desk.run_once();
    let [submissions, changes, _] = desk.counts();
    let all = desk.everything();
    // The police register a new state of marriage, which they have the authority over.
    let text = fs::read_to_string(desk.delivered("GA")).unwrap();
    let last = text.lines().rfind(|line| line.contains("\"HYZKDM\":\"20\"")).unwrap();
    let time = last.split_once("\"更新时间\":\"").unwrap().1.split('"').next().unwrap();
    let news =
        last.replace("\"HYZKDM\":\"20\"", "\"HYZKDM\":\"40\"").replace(time, "2026-11-05T10:00:00+08:00");
    fs::write(desk.delivered("GA"), format!("{text}{news}\n")).unwrap();
    desk.run_once();
    assert_eq!((desk.counts()[0], rows(&desk, "GA", "changed") > 0), (submissions + 1, true));
    assert!(desk.counts()[1] <= changes + 2, "one row speaks of one person and one dwelling");
    let now = desk.everything();
    let different: Vec<&str> = lines(&now).symmetric_difference(&lines(&all)).copied().collect();
    assert_eq!(different.len(), 2, "one line as it was and as it is: {different:?}");
}

#[test]
fn a_row_changed_in_a_snapshot_and_changed_back_leaves_everything_as_it_was() {
    let desk = Desk::county(60);
    desk.run_once();
    let (submissions, all) = (desk.counts()[0], desk.everything());
    let text = fs::read_to_string(desk.delivered("NY")).unwrap();
    let (head, rest) = text.split_once("<人均年纯收入>").unwrap();
    let (_, tail) = rest.split_once('<').unwrap();
    fs::write(desk.delivered("NY"), format!("{head}<人均年纯收入>4321.00<{tail}")).unwrap();
    desk.run_once();
    assert_eq!((desk.counts()[0], rows(&desk, "NY", "changed")), (submissions + 1, 1));
    fs::write(desk.delivered("NY"), text).unwrap();
    desk.run_once();
    assert_eq!(desk.everything(), all);
}

#[test]
fn a_row_that_left_a_snapshot_ends_and_comes_back_as_it_was() {
    let desk = Desk::county(40);
    desk.run_once();
    let (before, all) = (desk.members("person"), desk.everything());
    let text = fs::read_to_string(desk.delivered("NY")).unwrap();
    let (head, rest) = text.split_once("<记录 ").unwrap();
    let (_, tail) = rest.split_once("</记录>").unwrap();
    fs::write(desk.delivered("NY"), format!("{head}{}", tail.trim_start())).unwrap();
    desk.run_once();
    let gone: Vec<Json> = vec![rows(&desk, "NY", "ended").into(), rows(&desk, "NY", "retracted").into()];
    assert_eq!(gone, [1, 0]);
    let after = desk.members("person");
    assert_eq!(after.lines().count(), before.lines().count(), "a key once accepted stays in the export");
    assert_eq!(after.lines().filter(|line| line.starts_with("NY,") && line.ends_with(",false")).count(), 1);
    fs::write(desk.delivered("NY"), text).unwrap();
    desk.run_once();
    assert_eq!(desk.everything(), all);
}
