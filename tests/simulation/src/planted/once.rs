//! Bugs about how often: what keeps a request or a command from being carried out twice comes too
//! late, is forgotten too soon, or is not there.

use app::ports::{Clock, CommitError, Ledger};
use domain::{
    commit::{Commit, Write},
    ledger::{Cause, Entry, Outcome},
    time::Span,
};

use super::store::{PlantedStore, Verdict, refused};

/// How long the store knows a token.
const TOKEN_KNOWN: Span = Span::seconds(600);
/// How long a key is locked.
const LOCKED: Span = Span::seconds(1);
/// How long it is known what a key came to.
const GUARDED: Span = Span::seconds(10);

/// The entry that a request is guarded by; a matcher's trades are guarded by their event.
fn guard_of(commit: &Commit) -> Option<&Entry> {
    let entry = commit.entry()?;
    let trade = matches!(&entry.outcome, Outcome::Moved(movement)
        if matches!(movement.cause, Cause::Fill(_) | Cause::VenueFill(_)));
    (!trade).then_some(entry)
}

impl PlantedStore {
    /// A request is known while the store knows its token, and put over what is there after.
    pub(super) fn by_token(&self, commit: &Commit) -> Verdict {
        let now = self.time.now();
        let Some(guard) = guard_of(commit) else { return self.at_once(commit.writes().to_vec()) };
        let known = self.kept().tokens.get(&guard.id).copied();
        let known = known.is_some_and(|at| now.since(at) < TOKEN_KNOWN);
        let answer = match self.entry_now(guard.id) {
            Some(standing) if !known => self.over_entry(commit, standing),
            _ => self.at_once(commit.writes().to_vec()),
        };
        if answer.is_ok() {
            self.kept().tokens.insert(guard.id, now);
        }
        answer
    }

    /// What a key came to is forgotten after some seconds.
    pub(super) fn by_short_memory(&self, commit: &Commit) -> Verdict {
        let standing = guard_of(commit).and_then(|guard| self.entry_now(guard.id));
        match standing {
            Some(entry) if self.time.now().since(entry.at) >= GUARDED => {
                self.over_entry(commit, entry)
            }
            _ => self.at_once(commit.writes().to_vec()),
        }
    }

    /// What is to be done is done, and then noted under the key.
    pub(super) async fn recorded_afterwards(&self, commit: &Commit) -> Verdict {
        let Some(guard) = guard_of(commit).filter(|_| commit.writes().len() > 1) else {
            return self.memory.commit(commit).await;
        };
        if let Some(entry) = self.entry_now(guard.id) {
            return Err(refused(entry));
        }
        self.effect_of(commit)?;
        self.pause(5, 60).await;
        self.may_end(2).await;
        self.record(guard);
        Ok(())
    }

    /// The key is locked for a while, what is to be done is done, and then noted under the key.
    pub(super) async fn under_lock(&self, commit: &Commit) -> Verdict {
        let Some(guard) = guard_of(commit).filter(|_| commit.writes().len() > 1) else {
            return self.memory.commit(commit).await;
        };
        if let Some(entry) = self.entry_now(guard.id) {
            return Err(refused(entry));
        }
        let now = self.time.now();
        let locked = self.kept().locks.get(&guard.id).is_some_and(|until| now < *until);
        if locked {
            return Err(CommitError::Conflict);
        }
        self.kept().locks.insert(guard.id, now.plus(LOCKED));
        self.pause(1, 8).await;
        self.effect_of(commit)?;
        // A slow process, and one that ends: the lock does not last for either.
        let slow = self.dice.percent(2);
        self.pause(1, if slow { 4_000 } else { 8 }).await;
        self.may_end(1).await;
        self.record(guard);
        Ok(())
    }

    /// All writes of a commit but its guard.
    fn effect_of(&self, commit: &Commit) -> Verdict {
        self.at_once(commit.writes().iter().skip(1).cloned().collect()).map_err(|error| match error
        {
            CommitError::Refused(mut failures) => {
                failures.iter_mut().for_each(|failure| failure.write += 1);
                CommitError::Refused(failures)
            }
            other => other,
        })
    }

    /// Notes what a key came to, unless it is noted by now.
    fn record(&self, guard: &Entry) {
        let _noted_by_another = self.at_once(vec![Write::PutEntry(guard.clone())]);
    }

    /// How far a command has come is written after what it did.
    pub(super) async fn cursor_afterwards(&self, commit: &Commit) -> Verdict {
        let is_cursor = |write: &Write| matches!(write, Write::AdvanceCommand(_));
        let (cursor, done): (Vec<_>, Vec<_>) = commit.writes().iter().cloned().partition(is_cursor);
        if cursor.is_empty() {
            return self.memory.commit(commit).await;
        }
        self.at_once(done)?;
        self.pause(1, 10).await;
        self.may_end(30).await;
        // The command may be done by now, by another.
        let _gone = self.at_once(cursor);
        Ok(())
    }
}
