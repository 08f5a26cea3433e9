//! The embedded engine and what is known beside it: which commits it carried out and in which
//! order, which tokens it has seen, and how far its streams were read. Nothing here waits.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use domain::{commit::Commit, time::Timestamp};
use dynamo::{TableNames, schema::TABLES, stream::stream_row};
use edge::function::StreamRow;
use market::embedded::{Answer, EmbeddedDynamo, Stream};

use crate::{oracle::now, seam::ToldRow};

/// In front of the token of a transaction, in a request as the SDK writes it.
const TOKEN: &[u8] = b"\"ClientRequestToken\":\"";
/// How many digits of a token say how often the store has forgotten.
const EPOCH_DIGITS: usize = 8;
/// How many records of a stream may be left before those that were read are removed.
const PRUNED_AT: usize = 300;

/// A request on its way.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// `DynamoDB_20120810.GetItem` and the like.
    pub(super) target: String,
    /// The JSON.
    pub(super) body: Bytes,
    /// What it carries, if that is a commit.
    pub(super) commit: Option<Arc<Commit>>,
}

impl Sent {
    /// `GetItem` and the like.
    pub(super) fn operation(&self) -> &str {
        self.target.rsplit('.').next().unwrap_or_default()
    }

    /// The token of a transaction, and where it stands.
    pub(super) fn token(&self) -> Option<(usize, &str)> {
        let at = self.body.windows(TOKEN.len()).rposition(|window| window == TOKEN)?;
        let from = at + TOKEN.len();
        let length = self.body[from..].iter().position(|byte| *byte == b'"')?;
        Some((from, std::str::from_utf8(&self.body[from..from + length]).ok()?))
    }
}

#[derive(Default)]
struct Known {
    commits: Vec<Arc<Commit>>,
    /// Of commits that were carried out.
    tokens: BTreeSet<String>,
    /// How often the store has forgotten which commits it has seen.
    epoch: u32,
    /// Tokens of transactions that the service says to be busy with, until when.
    busy: BTreeMap<String, Timestamp>,
}

struct Followed {
    stem: &'static str,
    table: String,
    stream: Stream,
    /// The last record that was read.
    after: Option<String>,
    /// Records read since some were removed.
    read: usize,
}

/// The engine of one simulated market.
pub(super) struct Engine {
    dynamo: EmbeddedDynamo,
    known: Mutex<Known>,
    followed: Mutex<Vec<Followed>>,
    written: AtomicBool,
}

impl Engine {
    /// Around an empty engine in memory.
    pub(super) fn new(dynamo: EmbeddedDynamo) -> Self {
        let (known, followed, written) =
            (Mutex::default(), Mutex::default(), AtomicBool::default());
        Self { dynamo, known, followed, written }
    }

    /// Reads the streams of these tables from now on.
    pub(super) fn follow_streams(&self, tables: &TableNames) {
        let mut all = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        for table in TABLES.iter().filter(|table| table.stream.is_some()) {
            let (stem, table) = (table.stem, tables.of(table));
            let stream = now(self.dynamo.stream(&table)).expect("listed").expect("a stream");
            all.push(Followed { stem, table, stream, after: None, read: 0 });
        }
    }

    /// Carries a request out at this moment.
    pub(super) fn execute(&self, sent: &Sent) -> Answer {
        let body = self.told_as_of_its_epoch(sent);
        let sent = Sent { body, ..sent.clone() };
        let answer = self.dynamo.answer(sent.target.clone(), sent.body.clone());
        let answer = now(answer).expect("an engine in memory");
        if answer.status == 200 {
            self.written.store(true, Ordering::Relaxed);
            if let (Some(commit), Some((_, token))) = (&sent.commit, sent.token()) {
                let mut known = self.known();
                if known.tokens.insert(token.to_owned()) {
                    known.commits.push(Arc::clone(commit));
                }
            }
        }
        answer
    }

    /// A commit's token says how often the store has forgotten, so that the engine knows no
    /// token from before. Other tokens are those of one call and its retries.
    fn told_as_of_its_epoch(&self, sent: &Sent) -> Bytes {
        let epoch = self.known().epoch;
        let (Some(_), Some((from, token)), 1..) = (&sent.commit, sent.token(), epoch) else {
            return sent.body.clone();
        };
        let end = from + token.len();
        let mut body = sent.body.to_vec();
        let digits = format!("{epoch:0EPOCH_DIGITS$x}");
        body[end - EPOCH_DIGITS..end].copy_from_slice(digits.as_bytes());
        Bytes::from(body)
    }

    /// The service is busy with this transaction until a time, as it says.
    pub(super) fn is_busy_until(&self, sent: &Sent, until: Timestamp) {
        if let Some((_, token)) = sent.token() {
            self.known().busy.insert(token.to_owned(), until);
        }
    }

    /// Whether the service says to be busy with this transaction.
    pub(super) fn is_busy(&self, sent: &Sent, at: Timestamp) -> bool {
        let mut known = self.known();
        if known.busy.is_empty() {
            return false;
        }
        known.busy.retain(|_, until| at < *until);
        sent.token().is_some_and(|(_, token)| known.busy.contains_key(token))
    }

    /// No token of a commit is known any more.
    pub(super) fn forget(&self) {
        let mut known = self.known();
        known.epoch += 1;
        known.tokens.clear();
    }

    /// What the streams tell of since the last look.
    pub(super) fn told(&self) -> Vec<ToldRow> {
        let mut rows = Vec::new();
        if !self.written.swap(false, Ordering::Relaxed) {
            return rows;
        }
        for followed in self.followed.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            self.follow(followed, &mut rows);
        }
        rows
    }

    fn follow(&self, followed: &mut Followed, rows: &mut Vec<ToldRow>) {
        loop {
            let after = followed.after.as_deref();
            let event = now(self.dynamo.stream_event(&followed.stream, after)).expect("readable");
            let Some(last) = event.records.last() else { break };
            followed.after.clone_from(&last.change.sequence_number);
            followed.read += event.records.len();
            for record in event.records {
                let (before, after) = (record.change.old_image, record.change.new_image);
                let row: StreamRow = stream_row(followed.stem, before, after).expect("our rows");
                rows.push((followed.stem, row));
            }
        }
        if let Some(after) = followed.after.as_deref().filter(|_| followed.read > PRUNED_AT) {
            now(self.dynamo.prune_stream(&followed.table, after)).expect("removed");
            followed.read = 0;
        }
    }

    /// How many commits were carried out.
    pub(super) fn commits_so_far(&self) -> usize {
        self.known().commits.len()
    }

    /// All of them in their order.
    pub(super) fn commits(&self) -> Vec<Arc<Commit>> {
        self.known().commits.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
