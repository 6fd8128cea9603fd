//! What is asked of a registry and what its answers mean. Real ones are asked in the tests of `crates/server`.

use crate::{Access, Registry, RegistryError};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

/// Answers one question, and gives back what was asked.
fn answering(status: &'static str, body: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = vec![0; 4096];
        let length = stream.read(&mut asked).unwrap();
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        String::from_utf8_lossy(&asked[..length]).into_owned()
    });
    (url, asked)
}

fn registry(url: String) -> Registry {
    let login = Some(("clerk".to_owned(), "secret".to_owned()));
    Registry::new(Access { url, login, authorities: None }).unwrap()
}

#[test]
fn a_schema_is_asked_for_by_its_number_with_the_login() {
    let (url, asked) = answering("200 OK", r#"{"schema":"\"int\""}"#);
    assert_eq!(registry(url).schema(7).unwrap().as_deref(), Some("\"int\""));
    let asked = asked.join().unwrap().to_lowercase();
    assert!(asked.starts_with("get /schemas/ids/7 "), "{asked}");
    assert!(asked.contains("authorization: basic y2xlcms6c2vjcmv0"), "{asked}");
}

#[test]
fn what_an_answer_means_is_told_by_its_code() {
    let schema = |status, body| registry(answering(status, body).0).schema(7);
    assert!(matches!(schema("404 Not Found", "{}"), Ok(None)));
    assert!(matches!(schema("401 Unauthorized", ""), Err(RegistryError::Shut { status: 401, .. })));
    for (status, body) in [("500 Oops", ""), ("200 OK", "<html>"), ("200 OK", "{}")] {
        assert!(schema(status, body).unwrap_err().passes(), "{status} {body}");
    }
    let register = |status, body| registry(answering(status, body).0).register("s-value", "\"int\"");
    assert_eq!(register("200 OK", r#"{"id":12}"#).unwrap(), 12);
    let refused = register("409 Conflict", r#"{"error_code":409,"message":"incompatible"}"#).unwrap_err();
    assert!(!refused.passes() && refused.to_string().contains("s-value: incompatible"), "{refused}");
}

#[test]
fn nobody_there_passes_and_a_password_is_in_no_error() {
    let error = registry("http://127.0.0.1:1".to_owned()).schema(7).unwrap_err();
    assert!(error.passes());
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[test]
fn a_file_of_authorities_without_any_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let authorities = Some(file.path().to_owned());
    let access = Access { url: "https://127.0.0.1:1".to_owned(), login: None, authorities };
    let error = Registry::new(access).unwrap_err();
    assert!(matches!(error, RegistryError::Authorities { .. }), "{error}");
}
