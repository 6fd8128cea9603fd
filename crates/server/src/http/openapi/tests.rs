//! The document against the routes and against itself.

use super::*;
use crate::http::routes::Served;
use crate::http::{Metrics, Parts};
use std::collections::{BTreeMap, BTreeSet};

fn http() -> Http {
    let parts = Parts {
        tokens: Vec::new(),
        doors: BTreeMap::new(),
        delivered: BTreeSet::new(),
        subjects: Vec::new(),
        topics: Vec::new(),
    };
    Http::new(
        parts,
        std::path::Path::new("nowhere"),
        Metrics::register(&prometheus::Registry::new()).unwrap(),
    )
}

#[test]
fn every_route_is_documented_and_every_documented_one_is_served() {
    let http = http();
    let registry = prometheus::Registry::new();
    let mut served: Served = http.router().1;
    served.extend(crate::admin::router(crate::admin::Readiness::default(), registry, http).unwrap().1);
    let documented: Served =
        OPERATIONS.iter().map(|operation| (operation.method, operation.path.to_owned())).collect();
    assert_eq!(documented, served);
    assert_eq!(documented.len(), OPERATIONS.len());
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = document(&http());
    let mut open = vec![&document];
    let mut references = 0;
    while let Some(json) = open.pop() {
        match json {
            Json::Object(object) => {
                if let Some(Json::String(to)) = object.get("$ref") {
                    references += 1;
                    assert!(document.pointer(to.strip_prefix('#').unwrap()).is_some(), "{to}");
                }
                open.extend(object.values());
            }
            Json::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(references > 100, "{references}");
}
