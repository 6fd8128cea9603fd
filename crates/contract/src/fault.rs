//! Points on the way of the data at which a test may hold the node, to kill it or its brokers there.
//!
//! Only a test build has them, by the cargo feature `faults`: there a folder named by `YIBIAO_FAULTS` is looked at. A file
//! with a point's name arms the point; whoever passes it next renames the file to `<name>.held` and waits until it is gone.
//! In any other build [`pass`] does nothing.

/// A point where a crash is worth a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A batch is decided on; nothing of it is written.
    AfterDecide,
    /// Its changes are made; nothing of it is durable.
    BeforeCommit,
    /// It is durable; its source has not been told.
    AfterCommitBeforeAck,
    /// Events are with the brokers, in a transaction that is open.
    InTransaction,
    /// The receiver has events for good; the node has not noted it.
    AfterSendBeforeNote,
}

impl Point {
    /// Every point, in the order of the way.
    pub const ALL: [Point; 5] = [
        Point::AfterDecide,
        Point::BeforeCommit,
        Point::AfterCommitBeforeAck,
        Point::InTransaction,
        Point::AfterSendBeforeNote,
    ];

    /// Its name: the file that arms it.
    pub fn name(self) -> &'static str {
        match self {
            Point::AfterDecide => "after-decide",
            Point::BeforeCommit => "before-commit",
            Point::AfterCommitBeforeAck => "after-commit-before-ack",
            Point::InTransaction => "in-transaction",
            Point::AfterSendBeforeNote => "after-send-before-note",
        }
    }
}

/// Passes a point.
#[cfg(not(feature = "faults"))]
pub fn pass(_: Point) {}

/// Passes a point; where it is armed, once the test lets go. Blocks.
#[cfg(feature = "faults")]
pub fn pass(point: Point) {
    use std::path::PathBuf;
    use std::sync::LazyLock;
    static FOLDER: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os("YIBIAO_FAULTS").map(PathBuf::from));
    let Some(folder) = FOLDER.as_ref() else { return };
    let held = folder.join(format!("{}.held", point.name()));
    if std::fs::rename(folder.join(point.name()), &held).is_ok() {
        while held.exists() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}
