//! Ingest, deliver, review: loops over the traits; names no connector.
