//! Every corpus again, and each of its files with a few of its bytes changed: what fuzzers found
//! stays found where there is no fuzzer.
//!
//! `MARKET_FUZZ_TIMES=100 cargo test --release -p fuzzing` changes each file a hundred times as
//! often, in ways of its own: it is what a machine without a fuzzer can do.

#![expect(clippy::expect_used, reason = "what breaks off is a failed test")]

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    path::{Path, PathBuf},
    sync::Once,
};

use functions::ENDPOINTS;
use fuzzing::{TARGETS, Target, answers};

/// In bytes: what is larger says nothing that less would not.
const FILE_MAX: usize = 2_048;
/// How many files a target has at most, and how many bytes all of them together.
const FILES_MAX: usize = 64;
const ALL_MAX: usize = 1_000_000;

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let entries = fs::read_dir(&directory).expect("a corpus");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.clone(), fs::read(path).expect("a readable file")))
        .collect();
    files.sort();
    files
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).expect("64 bits");
        usize::try_from(self.next() % limit).expect("less than a length")
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.next() % 256).expect("a byte")
    }
}

/// The file with one to four changes, some of them taken from another file.
fn changed(file: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=dice.below(4) {
        let place = dice.below(bytes.len());
        match dice.below(8) {
            0 if place < bytes.len() => bytes[place] ^= 1 << dice.below(8),
            1 if place < bytes.len() => bytes[place] = dice.byte(),
            2 if place < bytes.len() => drop(bytes.remove(place)),
            3 => bytes.insert(place, b"0123456789.,:-{}[]\"\\\n aZ"[dice.below(24)]),
            4 => bytes.truncate(place),
            5 => {
                let end = place + dice.below(bytes.len() - place);
                bytes.drain(place..end);
            }
            6 => {
                let from = dice.below(other.len());
                let end = from + dice.below((other.len() - from).min(64));
                bytes.splice(place..place, other[from..end].iter().copied());
            }
            _ => bytes.extend_from_within(place..(place + 16).min(bytes.len())),
        }
    }
    bytes.truncate(2 * FILE_MAX);
    bytes
}

thread_local! {
    /// Panics on this thread. Those that are caught on the way, as handlers' are, count as well.
    static PANICS: Cell<u32> = const { Cell::new(0) };
}

fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            PANICS.set(PANICS.get() + 1);
            usual(panic);
        }));
    });
}

fn attempt(name: &str, target: Target, bytes: &[u8]) {
    PANICS.set(0);
    let held = catch_unwind(AssertUnwindSafe(|| target(bytes))).is_ok();
    let shown = String::from_utf8_lossy(bytes);
    assert!(held && PANICS.get() == 0, "{name} does not hold for {bytes:?}:\n{shown}");
}

/// How many times as often files are changed.
fn times() -> usize {
    #[expect(clippy::disallowed_methods, reason = "how long it runs is said from outside")]
    let times = std::env::var("MARKET_FUZZ_TIMES").ok();
    times.map_or(1, |times| times.parse().expect("how many times"))
}

/// The corpus of a target, and so many changed copies of each file.
fn replay(name: &str, copies: usize) {
    count_panics();
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    let corpus = corpus(name);
    for (number, (path, file)) in (0..).zip(&corpus) {
        attempt(&path.display().to_string(), *target, file);
        let mut dice = Dice(number);
        for _ in 0..copies * times() {
            let other = &corpus[dice.below(corpus.len())].1;
            attempt(&path.display().to_string(), *target, &changed(file, other, &mut dice));
        }
    }
}

#[test]
fn amounts_hold() {
    replay("amounts", 500);
}

#[test]
fn commands_hold() {
    replay("commands", 40);
}

#[test]
fn cursors_hold() {
    replay("cursors", 200);
}

#[test]
fn events_hold() {
    replay("events", 10);
}

#[test]
fn rates_hold() {
    replay("rates", 500);
}

#[test]
fn requests_hold() {
    replay("requests", 5);
}

#[test]
fn rows_hold() {
    replay("rows", 40);
}

#[test]
fn tokens_hold() {
    replay("tokens", 100);
}

fn names_in(directory: &str, end: &str) -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let entries = fs::read_dir(directory).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names.filter_map(|name| Some(name.to_str()?.strip_suffix(end)?.to_owned())).collect()
}

#[test]
fn every_target_has_a_corpus_and_a_fuzzer() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names_in("corpus", ""), targets);
    assert_eq!(names_in("cargo-fuzz/fuzz_targets", ".rs"), targets);
}

#[test]
fn corpora_are_small() {
    let mut all = 0;
    for (name, _) in TARGETS {
        let corpus = corpus(name);
        assert!((5..=FILES_MAX).contains(&corpus.len()), "{name}: {} files", corpus.len());
        for (path, file) in corpus {
            assert!(file.len() <= FILE_MAX, "{}: {} bytes", path.display(), file.len());
            all += file.len();
        }
    }
    assert!(all <= ALL_MAX, "{all} bytes");
}

/// A corpus of refusals would test little.
#[test]
fn every_endpoint_succeeds_in_the_corpus_of_requests() {
    let mut seen = BTreeMap::<_, BTreeSet<u16>>::new();
    for (_, file) in corpus("requests") {
        for (endpoint, status) in answers(&file) {
            seen.entry(endpoint).or_default().insert(status);
        }
    }
    let succeeds = |stem: &str| seen.get(stem).is_some_and(|s| s.iter().any(|one| *one < 300));
    let all = ENDPOINTS.iter().map(|endpoint| endpoint.stem);
    let never: Vec<_> = all.filter(|stem| !succeeds(stem)).collect();
    assert!(never.is_empty(), "{never:#?} of {seen:#?}");
}
