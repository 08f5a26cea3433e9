//! The index of the sample events as data. What its rows promise, the tests find out.

use std::{collections::BTreeSet, fs, path::PathBuf};

/// A special case.
pub(crate) struct Row {
    /// `buy.replayed`, as its file is called without `.json`.
    pub(crate) name: String,
    /// The samples that are played before it, in order.
    after: Vec<String>,
    /// What comes of it.
    pub(crate) outcome: String,
    /// By how much the whole chain changes what John may spend.
    pub(crate) money: String,
}

impl Row {
    /// The function that it is for.
    pub(crate) fn function(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// Whether it is refused, and nothing is before it.
    pub(crate) fn leaves_nothing(&self) -> bool {
        self.after.is_empty() && self.outcome.starts_with('4') && self.money == "none"
    }

    /// What is to be played: what is before it, with what is before that, and it.
    pub(crate) fn chain(&self) -> Vec<String> {
        let rows = index();
        let mut chain = Vec::new();
        for name in &self.after {
            match rows.iter().find(|row| row.name == *name) {
                Some(row) => chain.extend(row.chain()),
                None => chain.push(name.clone()),
            }
        }
        chain.push(self.name.clone());
        // Two that share a beginning share it.
        let mut met = BTreeSet::new();
        chain.retain(|name| met.insert(name.clone()));
        chain
    }
}

fn directory() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("a workspace").join("events")
}

/// A sample as it stands in its file.
pub(crate) fn sample(name: &str) -> String {
    fs::read_to_string(directory().join(format!("{name}.json"))).expect(name)
}

/// The names of all samples.
pub(crate) fn samples() -> BTreeSet<String> {
    let files = fs::read_dir(directory()).expect("a directory");
    let names = files.map(|file| file.expect("a file").file_name());
    names.filter_map(|name| name.to_str()?.strip_suffix(".json").map(str::to_owned)).collect()
}

/// The cells of the rows that have so many, without heads and rulers.
fn rows(cells: usize) -> Vec<Vec<String>> {
    let text = fs::read_to_string(directory().join("README.md")).expect("an index");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let split = |row: &str| -> Vec<String> {
        let inner = row.trim_matches('|');
        inner.split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(split).filter(|row| row.len() == cells).collect()
}

fn plain(cell: &str) -> String {
    cell.trim_matches('`').trim_end_matches(".json").to_owned()
}

/// All special cases.
pub(crate) fn index() -> Vec<Row> {
    let row = |cells: Vec<String>| {
        let [name, _function, _special, after, outcome, money] =
            <[String; 6]>::try_from(cells).expect("six cells");
        let after = after.split(", ").filter(|name| !name.is_empty()).map(plain).collect();
        Row { name: plain(&name), after, outcome, money }
    };
    rows(6).into_iter().map(row).collect()
}

/// What stands in samples for what the world is asked for.
pub(crate) fn placeholders() -> Vec<String> {
    rows(2).iter().map(|cells| plain(&cells[0])).collect()
}
