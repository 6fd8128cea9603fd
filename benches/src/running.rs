//! Processes of a measurement, which end with it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A process that ends with the value.
#[derive(Debug)]
pub struct Running(pub Child);

impl Running {
    /// Starts a node, the program `yibiao`, with the configuration `yibiao.yaml` of a folder; its log goes there.
    ///
    /// # Panics
    ///
    /// Where it cannot be started.
    pub fn node(program: &Path, folder: &Path, environment: &[(&str, &str)]) -> Running {
        let log = std::fs::File::create(folder.join("log")).expect("the folder can be written to");
        let child = Command::new(program)
            .args(["run", "-c"])
            .arg(folder.join("yibiao.yaml"))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Running(child.expect("the program can be started"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only where it has ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
