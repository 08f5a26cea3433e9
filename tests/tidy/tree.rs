//! The files of the workspace as text. What must stand in them, each test says.

use std::{fs, path::Path};

use toml::Table;

/// What is not ours, or is made by a build or a run.
const SKIPPED: [&str; 5] = ["target", ".git", ".market", ".aws-sam", "node_modules"];

/// A file of the workspace.
pub(crate) struct File {
    /// Its path from the workspace's root, as in `shared/domain/src/lib.rs`.
    pub(crate) path: String,
    /// What stands in it.
    pub(crate) text: String,
}

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace around this package")
}

/// A file's text, by its path from the root.
pub(crate) fn read(path: &str) -> String {
    let text = fs::read_to_string(root().join(path));
    text.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of tables and keys.
pub(crate) fn toml(path: &str) -> Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All text files, in the order of their paths.
pub(crate) fn files() -> Vec<File> {
    let mut files = Vec::new();
    collect(root(), &mut files);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(files.len() > 100, "the workspace was not found: {} files", files.len());
    files
}

/// All Rust sources.
pub(crate) fn sources() -> Vec<File> {
    files().into_iter().filter(|file| file.path.ends_with(".rs")).collect()
}

/// The names in a directory that end so, without the end, in their order.
pub(crate) fn stems(directory: &str, end: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(directory)).expect(directory);
    let names = entries.map(|entry| entry.expect(directory).file_name());
    let mut stems: Vec<String> =
        names.filter_map(|name| name.to_str()?.strip_suffix(end).map(str::to_owned)).collect();
    stems.sort();
    stems
}

fn collect(directory: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("a readable directory").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if SKIPPED.contains(&name) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
            continue;
        }
        let relative = path.strip_prefix(root()).expect("below the root");
        let path = relative.to_str().expect("a name in Unicode").to_owned();
        // A packed asset is no text; a file that another program has just removed is none either.
        if let Ok(text) = fs::read_to_string(root().join(&path)) {
            files.push(File { path, text });
        }
    }
}
