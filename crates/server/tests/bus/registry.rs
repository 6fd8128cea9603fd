//! A schema registry that is not ours.

use crate::desk::{Desk, standing, wait_for};
use crate::rows;
use serde_json::{Value as Json, json};
use std::path::Path;
use yibiao_kafka_testkit::{Broker, ForeignRegistry, Gate, python};
use yibiao_record::EntityKind;
use yibiao_schema::Dictionary;
use yibiao_schema::avro::EntitySchema;

/// What a registry answers: HTTP's code and the body, without the words of an error.
fn answer(url: &str, path: &str, body: Option<&Json>) -> (u16, Json) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent = ureq::Agent::from(config);
    let address = format!("{url}{path}");
    let media = "application/vnd.schemaregistry.v1+json";
    let answer = match body {
        Some(body) => agent.post(&address).content_type(media).send(body.to_string()),
        None => agent.get(&address).call(),
    };
    let mut answer = answer.unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    let mut json: Json = serde_json::from_str(&text).unwrap();
    if let Some(object) = json.as_object_mut() {
        object.retain(|key, _| !matches!(key.as_str(), "message" | "messages"));
        // A schema is the same however it is spaced.
        if let Some(schema) = object.get_mut("schema") {
            *schema = serde_json::from_str(schema.as_str().unwrap()).unwrap();
        }
    }
    (answer.status().as_u16(), json)
}

#[test]
fn our_schemas_stand_in_a_foreign_registry_and_ours_answers_as_that_one_does() {
    let (broker, foreign) = (Broker::shared(), ForeignRegistry::shared());
    let shipped = Desk::shipped("foreign.county");
    let ours = r#"registry: "http://${HTTP_LISTEN}/registry""#;
    let gate = Gate::to(foreign.secure_port());
    let url = format!("https://127.0.0.1:{}/apis/ccompat/v7", gate.port());
    let theirs = format!(
        r#"registry: "{url}", registry_authorities: "{}", register: true"#,
        foreign.authority().display()
    );
    let config = shipped.replace(ours, &theirs);
    assert_ne!(config, shipped);
    let desk = Desk::of(broker, "foreign.county", &config);
    let node = desk.run();
    let rows = rows::of_county(8);
    let (before, after) = rows.split_at(rows.len() / 2);
    desk.has_topics();
    desk.send(before);
    // It is away at the start: nothing leaves whose schema has no number. Once that is known, it is not needed.
    let away =
        || desk.unready().remove("delivery bus-persons").filter(|reason| reason.contains("cannot register"));
    wait_for(away, || format!("{:?}\n{}", desk.unready(), desk.log()));
    assert!(desk.events().is_empty());
    gate.open();
    desk.settled(before.len());
    gate.shut();
    desk.send(after);
    desk.settled(rows.len());
    gate.open();

    let topic = "foreign.county.cur.civil.person.v1";
    let subject = format!("{topic}-value");
    let [number_here, number_there] = [desk.registry(), foreign.url()].map(|url| {
        let (_, latest) = answer(&url, &format!("/subjects/{subject}/versions/latest"), None);
        latest["id"].as_u64().unwrap()
    });
    let text = EntitySchema::of(Dictionary::shipped(), EntityKind::Person).text().to_owned();
    let other = json!({ "schema": r#"{"type":"record","name":"Other","fields":[]}"# });
    let same = json!({ "schema": text });
    let questions = [
        ("/subjects/{subject}/versions", None),
        ("/subjects/{subject}/versions/1", None),
        ("/subjects/{subject}/versions/latest", None),
        ("/subjects/{subject}/versions/1/schema", None),
        ("/subjects/{subject}/versions/99", None),
        ("/subjects/nobody/versions", None),
        ("/subjects/nobody/versions/1", None),
        ("/schemas/ids/{id}", None),
        ("/schemas/ids/{id}/schema", None),
        ("/schemas/ids/2147483600", None),
        ("/config/nobody", None),
        ("/subjects/{subject}", Some(&same)),
        ("/subjects/{subject}", Some(&other)),
        ("/subjects/nobody", Some(&same)),
        ("/subjects/{subject}/versions", Some(&same)),
        ("/compatibility/subjects/{subject}/versions/latest", Some(&same)),
        ("/compatibility/subjects/{subject}/versions/latest", Some(&other)),
    ];
    for (path, body) in questions {
        let [here, there] =
            [(desk.registry(), number_here), (foreign.url(), number_there)].map(|(url, number)| {
                let path = path.replace("{subject}", &subject).replace("{id}", &number.to_string());
                let (status, mut said) = answer(&url, &path, body);
                if said["id"] == number {
                    said["id"] = "the schema's number".into();
                }
                (status, said)
            });
        assert_eq!(here, there, "{path}");
    }

    // Whoever reads knows only the foreign registry.
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bus/stock_client.py");
    let printed = python(&program, &[broker.bootstrap(), &foreign.url(), topic]);
    let read = printed.lines().skip(1).map(|line| serde_json::from_str::<Json>(line).unwrap());
    let persons = standing(&desk.current());
    let mut told = 0;
    for line in read.filter(|line| !line["value"].is_null()) {
        let address = line["headers"]["ce_dataschema"].as_str().unwrap();
        assert_eq!(address, format!("{url}/schemas/ids/{number_there}"));
        told += usize::from(persons.contains_key(line["key"].as_str().unwrap()));
    }
    assert!(told >= persons.len() && !persons.is_empty());
    node.stop();
}
