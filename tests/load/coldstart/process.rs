//! A process as the kernel sees it: its CPU time, its memory, its program's pages. Linux only.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{Advice, fadvise};

/// Longer than any function computes without waiting for anything, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    fn file(self, name: &str) -> String {
        let path = format!("/proc/{}/{name}", self.0);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn threads(self) -> Vec<PathBuf> {
        let entries = fs::read_dir(format!("/proc/{}/task", self.0)).expect("a process");
        entries.map(|entry| entry.expect("a thread").path()).collect()
    }

    /// Its CPU time so far, when all its threads wait: before that the kernel has not counted all.
    pub(crate) async fn cpu_at_rest(self) -> Duration {
        let began = Instant::now();
        loop {
            let before = self.cpu();
            if self.rests() && before == self.cpu() {
                return before;
            }
            assert!(began.elapsed() < PATIENCE, "process {} never waits", self.0);
            tokio::task::yield_now().await;
        }
    }

    fn cpu(self) -> Duration {
        let nanoseconds = self.threads().into_iter().map(|thread| {
            // A thread may end between the two looks.
            let text = fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
            text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or_default()
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    fn rests(self) -> bool {
        self.threads().into_iter().all(|thread| {
            let text = fs::read_to_string(thread.join("stat")).unwrap_or_default();
            // The name, in brackets, may hold anything.
            let state = text.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
            state.is_none_or(|state| state == 'S')
        })
    }

    /// The most memory that it has had, in bytes: of its own, of its program, of libraries.
    pub(crate) fn memory_max(self) -> u64 {
        let status = self.file("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|text| text.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        kib.expect("a size").saturating_mul(1024)
    }

    /// How often it waited for the disk to bring a page.
    pub(crate) fn major_faults(self) -> u64 {
        let stat = self.file("stat");
        let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
        // The twelfth field of all; two stand before the state.
        let field = after_name.split(' ').nth(9).and_then(|text| text.parse().ok());
        field.expect("a number")
    }
}

/// Lets the kernel forget what it has of a file in memory.
pub(crate) fn evict(path: &Path) {
    let file = File::open(path).expect("a program");
    // What is not on the disk yet is not forgotten.
    file.sync_all().expect("written");
    fadvise(&file, 0, None, Advice::DontNeed).expect("forgotten");
}

/// Has all of a file in memory.
pub(crate) fn touch(path: &Path) {
    let read = fs::read(path).expect("a program");
    assert!(!read.is_empty(), "{}: nothing in it", path.display());
}
