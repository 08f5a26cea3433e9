//! The program as a process: started, killed, and told to stop.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

/// A market that runs; it ends with this value.
pub(crate) struct Process {
    child: Child,
    port: u16,
    /// Kept open: who prints to a closed pipe is ended.
    _out: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it on a free port, and waits until it is ready.
    pub(crate) fn start(directory: &Path) -> Self {
        Self::start_with(directory, &["--port", "0"])
    }

    /// Starts it with these arguments, and waits until it is ready.
    pub(crate) fn start_with(directory: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_market"))
            .args(["--json", "--quiet", "--data-dir"])
            .arg(directory)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a report");
        let report: Value = serde_json::from_str(&line).expect("a report, or it has not started");
        let port = report["url"].as_str().and_then(|url| url.rsplit(':').next()?.parse().ok());
        Self { child, port: port.expect("a port"), _out: out }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once, whatever it does (SIGKILL).
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().expect("a signal");
        assert!(told.success());
        let status = self.child.wait().expect("ended");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
