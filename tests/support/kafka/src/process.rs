//! Programs that end with the process that started them, however that ends: a shell holds each and waits for its standard
//! input to close.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

/// Starts a program, tells its process id, and ends it when the standard input closes or says something.
const KEEPER: &str = r#"
folder=$1 signal=$2
shift 2
exec 3<&0
"$@" </dev/null >>"$folder/log" 2>&1 &
pid=$!
echo $pid
read word <&3
kill -$signal $pid 2>/dev/null
wait $pid 2>/dev/null
[ "$word" = keep ] || rm -rf "$folder"
"#;

/// A program with a folder of its own, both gone with the value.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
    signal: &'static str,
    keeper: Mutex<Option<Child>>,
    pid: AtomicU32,
}

impl Kept {
    /// A folder for a program that is ended by a signal; nothing is started yet.
    pub(crate) fn new(name: &str, signal: &'static str) -> Kept {
        let folder = tempfile::Builder::new()
            .prefix(&format!("yibiao-{name}-"))
            .tempdir()
            .expect("a folder can be made");
        Kept { folder: folder.keep(), signal, keeper: Mutex::new(None), pid: AtomicU32::new(0) }
    }

    /// The program's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("the new folder can be written to");
        path
    }

    /// Starts the program.
    pub(crate) fn start(&self, program: &Path, words: &[&str]) {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&self.folder)
            .arg(self.signal)
            .arg(program)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        let mut pid = String::new();
        let stdout = keeper.stdout.take().expect("invariant: it is piped");
        BufReader::new(stdout).read_line(&mut pid).expect("the keeper tells the process id");
        self.pid.store(pid.trim().parse().expect("a process id is a number"), Ordering::Relaxed);
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(keeper);
    }

    /// Ends the program; its folder stays.
    pub(crate) fn end(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut keeper) = keeper else { return };
        let told = keeper.stdin.take().map(|mut stdin| stdin.write_all(b"keep\n"));
        assert!(matches!(told, Some(Ok(()))), "the keeper takes its order");
        keeper.wait().expect("the keeper ends");
    }

    /// The program's process id, while it runs.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.load(Ordering::Relaxed)
    }

    /// What the program has written.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(keeper.stdin.take());
            keeper.wait().expect("the keeper ends");
        } else {
            std::fs::remove_dir_all(&self.folder).expect("the folder is ours");
        }
    }
}

/// Waits a little before a program is asked again whether it has started.
pub(crate) fn pause() {
    let (_keep, never) = mpsc::channel::<()>();
    let told = never.recv_timeout(Duration::from_millis(100));
    assert!(told.is_err(), "nobody sends: it runs into its timeout");
}
