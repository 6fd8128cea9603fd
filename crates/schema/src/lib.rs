//! The dictionary of elements, the code lists, and the Avro schemas made from them.
//!
//! **Invariant:** an element's number and a code's meaning never change; the dictionary refuses two elements with one
//! number or one id.
//! **Invariant:** every element is graded: one without a class does not load, so nothing ungraded can be published.
//! **Invariant:** this crate is the only one that knows Avro.

pub mod avro;
mod codes;
mod dictionary;
pub mod element;

pub use codes::{Code, CodeList, Dialect};
pub use dictionary::{Class, Dictionary, Element, Origin, ValueType};

/// A dictionary or code list that cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[error("cannot load {file}: {key}: {reason}; {hint}")]
pub struct DictionaryError {
    /// The file.
    pub file: String,
    /// Where in the file: the element or code and the key, or line and column.
    pub key: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub hint: &'static str,
}

impl DictionaryError {
    fn new(file: &str, key: impl Into<String>, reason: impl Into<String>, hint: &'static str) -> Self {
        Self { file: file.to_owned(), key: key.into(), reason: reason.into(), hint }
    }
}

/// Reads a YAML file of the schemas folder into its raw form.
fn read_yaml<'text, T: serde::Deserialize<'text>>(
    file: &str,
    text: &'text str,
) -> Result<T, DictionaryError> {
    serde_saphyr::from_str(text).map_err(|error| {
        let key = error
            .location()
            .map_or_else(|| "start".to_owned(), |at| format!("line {}, column {}", at.line(), at.column()));
        DictionaryError::new(
            file,
            key,
            error.without_snippet().to_string(),
            "correct the key or value there; the files shipped in schemas/ show the form",
        )
    })
}
