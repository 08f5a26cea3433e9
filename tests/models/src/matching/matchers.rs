//! What a matcher does, step by step; between any two it may die, or wait as long as it likes.

use super::{
    Action, Design, Logged, Matching, State,
    book::{Book, Chunk},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Stage {
    Sleeps,
    Woken,
    /// It has read the log.
    HasList,
    /// It has read one half of the book as it is stored.
    HalfOpen,
    /// It has a book, and something to do.
    Ready,
    /// A wrong design: what it has done is committed, and that it is done is not.
    CursorDue,
}

/// A book as of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
struct Desk {
    seq: u8,
    begun: Option<(usize, i8)>,
    book: Book,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Matcher {
    stage: Stage,
    list: Vec<usize>,
    desk: Option<Desk>,
    /// With [`Stage::CursorDue`]: what is done, and what is half done.
    cursor: (Vec<usize>, Option<(usize, i8)>),
}

impl Matcher {
    pub(crate) fn cold() -> Self {
        Self { stage: Stage::Sleeps, list: Vec::new(), desk: None, cursor: (Vec::new(), None) }
    }

    /// A process that was gone, or whose call failed: it knows nothing.
    fn restarted(stage: Stage) -> Self {
        Self { stage, ..Self::cold() }
    }

    pub(crate) fn sleeps(&self) -> bool {
        self.stage == Stage::Sleeps
    }

    pub(crate) fn is_ready(&self, seq: u8) -> bool {
        let current = self.desk.as_ref().is_some_and(|desk| desk.seq == seq);
        self.stage == Stage::Ready && current
    }

    pub(crate) fn is_behind(&self, seq: u8) -> bool {
        let behind = self.desk.as_ref().is_some_and(|desk| desk.seq < seq);
        self.stage == Stage::Ready && behind
    }

    /// What is left of the list once a commit has succeeded.
    fn go_on(&mut self, done: &[usize], half: Option<(usize, i8)>) {
        self.list.retain(|command| !done.contains(command));
        let more = !self.list.is_empty() || half.is_some();
        self.stage = if more { Stage::Ready } else { Stage::Sleeps };
    }
}

impl Matching {
    pub(super) fn matcher_actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (matcher, at) in state.matchers.iter().enumerate() {
            let twin = matcher > 0 && state.matchers[matcher - 1] == *at;
            if twin {
                continue;
            }
            match at.stage {
                Stage::Sleeps => {
                    if state.rings > 0 {
                        actions.push(Action::MatcherWakes { matcher });
                    }
                    continue;
                }
                Stage::Woken => actions.push(Action::MatcherReadsLog { matcher }),
                Stage::HasList => actions.push(Action::MatcherBeginsToOpen { matcher }),
                Stage::HalfOpen => actions.push(Action::MatcherOpens { matcher }),
                Stage::Ready => {
                    actions.push(Action::MatcherCommits { matcher });
                    if state.faults.lost_answers > 0 {
                        actions.push(Action::MatcherCommitsUnheard { matcher });
                    }
                }
                Stage::CursorDue => actions.push(Action::MatcherMovesCursor { matcher }),
            }
            if state.faults.deaths > 0 {
                actions.push(Action::MatcherDies { matcher });
            }
        }
    }

    pub(super) fn work(&self, next: &mut State, action: Action) {
        match action {
            Action::MatcherWakes { matcher } => {
                next.rings -= 1;
                next.matchers[matcher].stage = Stage::Woken;
            }
            Action::MatcherReadsLog { matcher } => Self::read_log(next, matcher),
            Action::MatcherBeginsToOpen { matcher } => self.open(next, matcher, true),
            Action::MatcherOpens { matcher } => self.open(next, matcher, false),
            Action::MatcherCommits { matcher } => {
                let committed = self.commit(next, matcher);
                if !committed {
                    next.matchers[matcher] = Matcher::restarted(Stage::Woken);
                }
            }
            Action::MatcherCommitsUnheard { matcher } => {
                next.faults.lost_answers -= 1;
                self.commit(next, matcher);
                next.matchers[matcher] = Matcher::cold();
            }
            Action::MatcherMovesCursor { matcher } => {
                let (done, half) = std::mem::take(&mut next.matchers[matcher].cursor);
                Self::move_cursor(next, &done, half);
                next.matchers[matcher].go_on(&done, half);
            }
            Action::MatcherDies { matcher } => {
                next.faults.deaths -= 1;
                next.matchers[matcher] = Matcher::cold();
            }
            _ => {}
        }
    }

    fn read_log(next: &mut State, matcher: usize) {
        let waiting = next.log.iter().enumerate();
        let waiting = waiting.filter(|(_, logged)| matches!(logged, Logged::Waits { .. }));
        let list: Vec<_> = waiting.map(|(command, _)| command).collect();
        let matcher = &mut next.matchers[matcher];
        matcher.stage = match (list.is_empty(), &matcher.desk) {
            (true, _) => Stage::Sleeps,
            (false, None) => Stage::HasList,
            (false, Some(_)) => Stage::Ready,
        };
        matcher.list = list;
    }

    /// Reads one half of the book as it is stored: the number that it is as of, and the rows.
    fn open(&self, next: &mut State, matcher: usize, first: bool) {
        let head_now = first != (self.design == Design::BookBeforeHead);
        let (seq, begun) = (next.seq, next.begun);
        let rows = next.rows.clone();
        let half = begun.map(|command| match next.log[command] {
            Logged::Waits { left } => (command, left),
            Logged::NotPlaced | Logged::Done => (command, 0),
        });
        let at = &mut next.matchers[matcher];
        let desk = at.desk.get_or_insert_default();
        if head_now {
            (desk.seq, desk.begun) = (seq, half);
        } else {
            desk.book = rows;
        }
        if !first {
            // The command is read again once the head has named it.
            let named = desk.begun.map(|(command, _)| command);
            let left = named.map(|command| match next.log[command] {
                Logged::Waits { left } => Some((command, left)),
                Logged::NotPlaced | Logged::Done => None,
            });
            match left {
                Some(None) => *at = Matcher::restarted(Stage::Woken),
                Some(half) => desk.begun = half,
                None => {}
            }
        }
        let at = &mut next.matchers[matcher];
        at.stage = match at.stage {
            Stage::HasList => Stage::HalfOpen,
            Stage::HalfOpen => Stage::Ready,
            other => other,
        };
    }

    /// One commit: all of it or nothing. Whether it was all.
    fn commit(&self, next: &mut State, matcher: usize) -> bool {
        let at = &mut next.matchers[matcher];
        let Some(mut desk) = at.desk.clone() else { return false };
        let list = at.list.iter().copied();
        let chunk = self.rules().chunk(&mut desk.book, desk.begun, list);
        let taken = next.seq != desk.seq && self.design != Design::FenceIgnored;
        let there = |command: &usize| matches!(next.log[*command], Logged::Waits { .. });
        let half = chunk.begun.map(|(command, _)| command);
        let all_there = chunk.done.iter().chain(&half).all(there);
        if taken || !(all_there || self.design == Design::RemovalUnconditional) {
            return false;
        }
        next.seq += 1;
        (desk.seq, desk.begun) = (next.seq, chunk.begun);
        Self::write(next, &chunk);
        let at = &mut next.matchers[matcher];
        at.desk = Some(desk);
        if self.design == Design::CursorOutside {
            at.stage = Stage::CursorDue;
            at.cursor = (chunk.done, chunk.begun);
        } else {
            at.go_on(&chunk.done, chunk.begun);
            Self::move_cursor(next, &chunk.done, chunk.begun);
        }
        true
    }

    fn write(next: &mut State, chunk: &Chunk) {
        for (order, lots) in &chunk.rows {
            next.rows.put(*order, *lots);
        }
        for (order, lots) in &chunk.fills {
            next.filled[*order] += *lots;
        }
        chunk.settle(&mut next.accounts);
    }

    fn move_cursor(next: &mut State, done: &[usize], half: Option<(usize, i8)>) {
        for command in done {
            next.log[*command] = Logged::Done;
        }
        next.history.extend_from_slice(done);
        next.begun = half.map(|(command, _)| command);
        if let Some((command, left)) = half {
            next.log[command] = Logged::Waits { left };
        }
    }
}
