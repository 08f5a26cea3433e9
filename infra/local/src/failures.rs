//! What no function of a local market could handle: in a file, or in the log. The queue that a
//! deployment has for it is not known here.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
};

use app::ports::{DeadLetter, DeadLetters, NotKept};
use async_trait::async_trait;
use edge::{dead_letters::letter_json, system::Turns};

/// A file with one letter a line, as [`letter_json`] has it.
pub(crate) struct FailureFile {
    path: PathBuf,
    turns: Turns,
}

impl FailureFile {
    /// The file at this path, made with its first letter.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, turns: Turns::new(1) }
    }
}

#[async_trait]
impl DeadLetters for FailureFile {
    /// On the disk when it says so.
    async fn put(&self, letter: &DeadLetter) -> Result<(), NotKept> {
        let (path, line) = (self.path.clone(), letter_json(letter));
        let appended = self.turns.run(move || append(&path, &line)).await;
        let appended = appended.map_err(|error| NotKept(error.to_string()))?;
        appended.map_err(|error| NotKept(error.to_string()))
    }
}

/// In one write, so that a killed process leaves no half line in the way of the next.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()
}

/// A line in the log.
pub(crate) struct FailureLog;

#[async_trait]
impl DeadLetters for FailureLog {
    async fn put(&self, letter: &DeadLetter) -> Result<(), NotKept> {
        tracing::error!(letter = letter_json(letter), "nobody can handle this");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tempfile::tempdir;

    use super::*;

    #[tokio::test]
    async fn each_letter_is_a_line_behind_those_before_it() {
        let directory = tempdir().expect("a directory");
        let path = directory.path().join("failures.jsonl");
        for source in ["market-journal/1", "market-journal/2"] {
            let letter = DeadLetter {
                function: "project",
                source: source.to_owned(),
                reason: "a bug".to_owned(),
                body: "{\n}".to_owned(),
            };
            FailureFile::new(path.clone()).put(&letter).await.expect("kept");
        }
        let text = std::fs::read_to_string(&path).expect("readable");
        let sources = text.lines().map(|line| {
            let letter: Value = serde_json::from_str(line).expect("JSON");
            letter["source"].clone()
        });
        assert_eq!(sources.collect::<Vec<_>>(), ["market-journal/1", "market-journal/2"]);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_keeps_nothing() {
        let directory = tempdir().expect("a directory");
        let letter = DeadLetter {
            function: "project",
            source: String::new(),
            reason: String::new(),
            body: String::new(),
        };
        let file = FailureFile::new(directory.path().join("gone/failures.jsonl"));
        assert!(file.put(&letter).await.is_err());
    }
}
