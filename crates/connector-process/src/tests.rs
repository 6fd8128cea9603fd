//! Whatever a program does is a failure of the connector, and the next reading goes on.

use crate::{Config, ProcessConnector};
use std::path::{Path, PathBuf};
use yibiao_contract::{BatchLimits, Connector, Cursor, Recovery};

const LIMITS: BatchLimits = BatchLimits { rows_max: 2, bytes_max: 1_000 };
const HELLO: &str = r#"{"hello":{"protocol":1,"replay":true}}"#;

/// A shell script that answers the requests one after the other by these lines.
fn script(folder: &Path, answers: &[&str]) -> Config {
    let mut text = "#!/bin/sh\n".to_owned();
    for answer in answers {
        text += &format!("read -r request\n{answer}\n");
    }
    let path: PathBuf = folder.join("program.sh");
    std::fs::write(&path, text).unwrap();
    Config::new(vec!["sh".to_owned(), path.display().to_string()])
}

fn say(line: &str) -> String {
    format!("echo '{line}'")
}

/// What comes of a reading of a program that answers so.
async fn failure(answers: &[&str]) -> (Recovery, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = script(folder.path(), answers);
    config.line_bytes_max = 2_000;
    let mut connector = ProcessConnector::new(config);
    let error = connector.read(&Cursor::default(), LIMITS).await.unwrap_err();
    (error.recovery, error.to_string())
}

#[tokio::test]
async fn a_program_that_crashes_is_started_again_at_the_position() {
    let folder = tempfile::tempdir().unwrap();
    // The first one dies within a batch; the next one finds its trace, and answers.
    let trace = folder.path().join("trace");
    let batch = r#"{"open":{"name":"a","columns":["id"]}}
{"row":{"at":1,"cells":["k"]}}"#;
    let end = r#"{"close":{}}
{"end":{"cursor":"1"}}"#;
    let read =
        format!("echo '{batch}'\nif [ ! -e {0} ]; then touch {0}; exit 7; fi\necho '{end}'", trace.display());
    let mut connector = ProcessConnector::new(script(folder.path(), &[&say(HELLO), &read]));
    let died = connector.read(&Cursor::default(), LIMITS).await.unwrap_err();
    assert_eq!(died.recovery, Recovery::Retry, "{died}");
    let batch = connector.read(&Cursor::default(), LIMITS).await.unwrap().unwrap();
    assert_eq!((batch.items.len(), batch.cursor), (3, Cursor(b"p1:1".to_vec())));
}

#[tokio::test]
async fn a_program_that_hangs_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = script(folder.path(), &[&say(HELLO), "exec tail -f /dev/null"]);
    config.answer_ms_max = 200;
    let error = ProcessConnector::new(config).read(&Cursor::default(), LIMITS).await.unwrap_err();
    assert_eq!(error.recovery, Recovery::Retry);
    assert!(error.reason.contains("answer_ms_max"), "{error}");
}

#[tokio::test]
async fn a_program_that_breaks_the_protocol_stops_for_a_person_and_is_not_quoted() {
    let row = say(r#"{"row":{"at":1,"cells":["SECRET"]}}"#);
    let rows = [row.as_str(); 3].join("\n");
    let long = "printf '%3000d\\n' 7".to_owned();
    for (answers, reason) in [
        (vec!["echo SECRET".to_owned()], "no answer of the protocol"),
        (vec![say(r#"{"hello":{"protocol":9,"replay":true}}"#)], "version 9"),
        (vec![say(r#"{"done":{}}"#)], "`hello` was asked for"),
        (vec![say(HELLO), say(r#"{"row":{"at":"SECRET"}}"#)], "no answer of the protocol"),
        (vec![say(HELLO), say(HELLO)], "it answered hello"),
        (vec![say(HELLO), rows], "more than the 2 rows"),
        (vec![say(HELLO), long], "line_bytes_max"),
        (vec![say(HELLO), say(r#"{"message":{"at":1,"time":0,"delete":true}}"#)], "without `messages`"),
    ] {
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        let (recovery, text) = failure(&answers).await;
        assert_eq!(recovery, Recovery::Halt, "{text}");
        assert!(text.contains(reason) && !text.contains("SECRET"), "{text}");
    }
}

#[tokio::test]
async fn an_error_of_the_program_is_handed_on_as_it_says() {
    let error = r#"{"error":{"attempt":"cannot read b","reason":"it is torn","hint":"mend it","recovery":"quarantine","edition":"b"}}"#;
    let (recovery, text) = failure(&[&say(HELLO), &say(error)]).await;
    assert_eq!((recovery, text.as_str()), (Recovery::Quarantine, "cannot read b: it is torn; mend it"));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told_with_what_to_do() {
    let config = Config::new(vec!["/nowhere/at/all".to_owned(), "--password=SECRET".to_owned()]);
    let connector = ProcessConnector::new(config);
    let findings = connector.check().await;
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert!(!finding.good && finding.hint.contains("`run:`"), "{finding:?}");
    assert!(!format!("{findings:?}{connector:?}").contains("SECRET"));
}

#[tokio::test]
async fn a_program_sees_what_its_configuration_names_and_no_other_secret() {
    let folder = tempfile::tempdir().unwrap();
    let answer = r#"env > "$OUT"; echo '{"nothing":{}}'"#;
    let mut config = script(folder.path(), &[&say(HELLO), answer]);
    let out = folder.path().join("env");
    config.env = [("OUT".to_owned(), out.display().to_string())].into();
    assert!(ProcessConnector::new(config).read(&Cursor::default(), LIMITS).await.unwrap().is_none());
    let seen = std::fs::read_to_string(out).unwrap();
    let names = seen.lines().filter_map(|line| Some(line.split_once('=')?.0));
    let stray: Vec<&str> = names
        .filter(|name| {
            !["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "OUT", "PWD", "_", "SHLVL", "OLDPWD"]
                .contains(name)
        })
        .collect();
    assert!(stray.is_empty(), "{stray:?}");
}

#[tokio::test]
async fn a_commit_reaches_the_program_that_read_and_starts_none() {
    let folder = tempfile::tempdir().unwrap();
    let end = say(r#"{"messages":{"name":"t","columns":["id"]}}"#) + "\n" + &say(r#"{"end":{"cursor":"c"}}"#);
    let noted = folder.path().join("noted");
    let note = format!("echo \"$request\" > {}\necho '{{\"done\":{{}}}}'", noted.display());
    let config = script(folder.path(), &[&say(HELLO), &end, &note]);
    let mut connector = ProcessConnector::new(config.clone());
    let cursor = connector.read(&Cursor::default(), LIMITS).await.unwrap().unwrap().cursor;
    connector.commit(&cursor).await.unwrap();
    assert_eq!(std::fs::read_to_string(&noted).unwrap(), "{\"do\":\"commit\",\"upto\":\"c\"}\n");
    std::fs::remove_file(&noted).unwrap();
    ProcessConnector::new(config).commit(&cursor).await.unwrap();
    assert!(!noted.exists());
}
