//! Writes YAML as CloudFormation reads it, with its short forms (`!Ref`, `!Sub`). Only what the
//! stacks are made of: maps, lists, texts, numbers and truths. It reads nothing.

use std::fmt::Write;

/// The longest list that stands on one line.
const INLINE_MAX: usize = 80;

/// What a word must not look like if it is a text.
const RESERVED: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Text(String),
    Number(i64),
    Truth(bool),
    List(Vec<Self>),
    Map(Vec<Entry>),
    /// A function of CloudFormation, as in `!Ref`, and what it is given.
    Call(&'static str, Box<Self>),
}

/// A key with its value, and why it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: Node,
    pub(crate) comment: Option<String>,
}

impl Entry {
    /// With a reason above it.
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.comment = Some(reason.into());
        self
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Node {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Node {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

/// A key and its value.
pub(crate) fn entry(key: impl Into<String>, value: impl Into<Node>) -> Entry {
    Entry { key: key.into(), value: value.into(), comment: None }
}

/// Keys and values, in this order.
pub(crate) fn map(entries: impl IntoIterator<Item = Entry>) -> Node {
    Node::Map(entries.into_iter().collect())
}

/// Several, in this order.
pub(crate) fn list<T: Into<Node>>(items: impl IntoIterator<Item = T>) -> Node {
    Node::List(items.into_iter().map(Into::into).collect())
}

/// One, or a list of several.
pub(crate) fn one_or_list(mut items: Vec<Node>) -> Node {
    if items.len() == 1 { items.remove(0) } else { Node::List(items) }
}

/// A parameter or a resource, by its name.
pub(crate) fn reference(name: impl Into<String>) -> Node {
    Node::Call("Ref", Box::new(Node::Text(name.into())))
}

/// A text with names of parameters in it, as in `${Market}-buy`.
pub(crate) fn sub(text: impl Into<String>) -> Node {
    Node::Call("Sub", Box::new(Node::Text(text.into())))
}

/// An attribute of a resource, as in `BuyRole.Arn`.
pub(crate) fn attribute(name: impl Into<String>) -> Node {
    Node::Call("GetAtt", Box::new(Node::Text(name.into())))
}

/// The one if a condition holds, else the other.
pub(crate) fn either(condition: &str, one: Node, other: Node) -> Node {
    Node::Call("If", Box::new(list([condition.into(), one, other])))
}

/// The one if a condition holds, else nothing.
pub(crate) fn only_if(condition: &str, one: Node) -> Node {
    either(condition, one, reference("AWS::NoValue"))
}

/// A document of these entries, an empty line between those of the first level that have levels
/// below them.
pub(crate) fn document(head: &str, entries: &[Entry]) -> String {
    let mut text = String::new();
    for line in head.lines() {
        let _ = writeln!(text, "# {line}");
    }
    for entry in entries {
        let lines = lines_of_entry(entry);
        if lines.len() > 1 {
            text.push('\n');
        }
        for line in lines {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

fn lines(node: &Node) -> Vec<String> {
    if let Some(line) = inline(node) {
        return vec![line];
    }
    match node {
        Node::Map(entries) => entries.iter().flat_map(lines_of_entry).collect(),
        Node::List(items) => items.iter().flat_map(lines_of_item).collect(),
        Node::Call(name, given) => {
            std::iter::once(format!("!{name}")).chain(lines(given)).collect()
        }
        Node::Text(_) | Node::Number(_) | Node::Truth(_) => Vec::new(),
    }
}

fn indented(node: &Node) -> impl Iterator<Item = String> {
    lines(node).into_iter().map(|line| format!("  {line}"))
}

fn lines_of_entry(entry: &Entry) -> Vec<String> {
    let Entry { key, value, comment } = entry;
    let key = scalar(key);
    let mut all: Vec<_> =
        comment.iter().flat_map(|text| text.lines()).map(|line| format!("# {line}")).collect();
    match (inline(value), value) {
        (Some(text), _) => all.push(format!("{key}: {text}")),
        (None, Node::Call(name, given)) => {
            all.push(format!("{key}: !{name}"));
            all.extend(indented(given));
        }
        (None, _) => {
            all.push(format!("{key}:"));
            all.extend(indented(value));
        }
    }
    all
}

fn lines_of_item(item: &Node) -> Vec<String> {
    let prefix = |(place, line): (usize, String)| {
        if place == 0 { format!("- {line}") } else { format!("  {line}") }
    };
    lines(item).into_iter().enumerate().map(prefix).collect()
}

/// On one line, if it fits on one.
fn inline(node: &Node) -> Option<String> {
    match node {
        Node::Text(text) => Some(scalar(text)),
        Node::Number(number) => Some(number.to_string()),
        Node::Truth(truth) => Some(truth.to_string()),
        Node::List(items) => {
            let items: Option<Vec<_>> = items.iter().map(inline).collect();
            let line = format!("[{}]", items?.join(", "));
            (line.len() <= INLINE_MAX).then_some(line)
        }
        Node::Map(entries) => entries.is_empty().then(|| "{}".to_owned()),
        Node::Call(name, given) => match &**given {
            Node::Map(_) => None,
            given => Some(format!("!{name} {}", inline(given)?)),
        },
    }
}

/// As it is if it cannot be mistaken for anything else, else in quotes.
fn scalar(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:".contains(&byte);
    let safe = text.bytes().all(plain)
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.ends_with(':')
        && !RESERVED.contains(&text.to_ascii_lowercase().as_str());
    if safe {
        return text.to_owned();
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_mistaken_stands_in_quotes() {
        for (text, written) in [
            ("AWS::Lambda::Alias", "AWS::Lambda::Alias"),
            ("../../target", "\"../../target\""),
            ("on", "\"on\""),
            ("2010-09-09", "\"2010-09-09\""),
            ("${Market}-buy", "\"${Market}-buy\""),
            ("say \"a\\b\"", "\"say \\\"a\\\\b\\\"\""),
            ("key:", "\"key:\""),
            ("", "\"\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    #[test]
    fn maps_lists_and_calls_nest() {
        let given = map([entry("A", 1).because("One."), entry("B", list(["x", "z"]))]);
        let nested = list([given, either("Has", map([entry("C", true)]), reference("D"))]);
        let written = document("Head.", &[entry("Kind", "test"), entry("All", nested)]);
        let expected = [
            "# Head.",
            "Kind: test",
            "",
            "All:",
            "  - # One.",
            "    A: 1",
            "    B: [x, z]",
            "  - !If",
            "    - Has",
            "    - C: true",
            "    - !Ref D",
        ];
        assert_eq!(written.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_list_that_is_too_long_has_a_line_for_each() {
        let long = "a".repeat(INLINE_MAX);
        assert_eq!(lines(&list([long.as_str(), "b"])), [format!("- {long}"), "- b".to_owned()]);
        assert_eq!(lines(&list(["a", "b"])), ["[a, b]"]);
        assert_eq!(lines(&either("Has", 1.into(), reference("D"))), ["!If [Has, 1, !Ref D]"]);
    }
}
