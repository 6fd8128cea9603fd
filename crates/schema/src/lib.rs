//! The dictionary of elements, code lists and Avro schemas.
