//! The one binary: CLI, health and metrics, and the one place that wires connectors.
fn main() {}
