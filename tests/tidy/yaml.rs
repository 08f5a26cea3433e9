//! Files of YAML as values, with anchors and merged keys resolved.

use serde_json::Value;

use crate::tree::read;

/// A file's one document.
pub(crate) fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
