//! What every Rust source keeps to.

use crate::tree::{File, sources};

const LINES_MAX: usize = 500;
const CHARACTERS_MAX: usize = 100;

/// The program's part of a source: what stands before its tests; nothing of a test's file.
fn program(file: &File) -> &str {
    let of_tests = file.path.starts_with("tests/")
        || file.path.contains("/tests/")
        || file.path.ends_with("/tests.rs");
    if of_tests {
        return "";
    }
    let inline = file.text.find("#[cfg(test)]\nmod tests {");
    inline.map_or(file.text.as_str(), |at| &file.text[..at])
}

/// Places of a text in sources, as `path:line`.
fn places<'a>(texts: impl Iterator<Item = (&'a str, &'a str)>, wanted: &str) -> Vec<String> {
    let lines = texts.flat_map(|(path, text)| {
        text.lines().enumerate().map(move |(index, line)| (path, index + 1, line))
    });
    lines
        .filter(|(_, _, line)| line.contains(wanted))
        .map(|(path, number, _)| format!("{path}:{number}"))
        .collect()
}

fn assert_nowhere(files: &[File], wanted: &str) {
    let found = places(files.iter().map(|file| (&*file.path, &*file.text)), wanted);
    assert!(found.is_empty(), "`{wanted}` stands in {found:#?}");
}

#[test]
fn every_source_says_first_what_it_is() {
    for file in sources() {
        assert!(file.text.starts_with("//! "), "{}", file.path);
    }
}

#[test]
fn no_source_has_more_than_five_hundred_lines() {
    for file in sources() {
        let lines = file.text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", file.path);
    }
}

#[test]
fn no_line_has_more_than_a_hundred_characters() {
    for file in sources() {
        for (index, line) in file.text.lines().enumerate() {
            let characters = line.chars().count();
            assert!(characters <= CHARACTERS_MAX, "{}:{}", file.path, index + 1);
        }
    }
}

#[test]
fn a_lint_is_expected_with_a_reason_and_never_allowed() {
    let files = sources();
    assert_nowhere(&files, concat!("#[", "allow"));
    assert_nowhere(&files, concat!("#![", "allow"));
    for file in &files {
        for attribute in file.text.split(concat!("#[", "expect(")).skip(1) {
            let attribute = attribute.split(")]").next().unwrap_or_default();
            assert!(attribute.contains("reason = "), "{}: {attribute}", file.path);
        }
    }
}

#[test]
fn nothing_is_left_to_do() {
    let files = sources();
    for left in [
        concat!("to", "do!"),
        concat!("unimple", "mented!"),
        concat!("db", "g!"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ] {
        assert_nowhere(&files, left);
    }
}

#[test]
fn no_test_is_ignored_and_none_is_expected_to_panic() {
    let files = sources();
    assert_nowhere(&files, concat!("#[", "ignore"));
    assert_nowhere(&files, concat!("#[", "should_panic"));
}

#[test]
fn no_program_unwraps() {
    let files = sources();
    let programs = files.iter().map(|file| (&*file.path, program(file)));
    let found = places(programs, concat!(".unw", "rap()"));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_test_sleeps() {
    let files = sources();
    let tests = files.iter().filter(|file| file.path.starts_with("tests/"));
    let found = places(tests.map(|file| (&*file.path, &*file.text)), concat!("time::", "sleep("));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn only_boot_and_the_local_market_read_the_environment() {
    let files = sources();
    let readers = files.iter().filter(|file| {
        let read = program(file).contains("env::var");
        read && file.path != "shared/edge/src/boot.rs" && !file.path.starts_with("infra/local/")
    });
    let found: Vec<_> = readers.map(|file| &file.path).collect();
    assert!(found.is_empty(), "{found:#?}");
}
