//! What a function does with a request, step by step; between any two it may die, or wait as
//! long as it likes. Which design guards the key decides what a commit consists of.

use super::{Action, Answer, Ask, Design, Entry, Idempotency, State};

/// What a transaction is to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Write {
    Effect,
    Refusal,
    Voiding,
}

/// A transaction on behalf of a client: what its token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Sent {
    client: usize,
    write: Write,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Function {
    Idle,
    /// It has the request; `fresh`: what it loads must be as of the last commit.
    Took {
        client: usize,
        fresh: bool,
    },
    /// It is to take the key's lock.
    Locking {
        client: usize,
    },
    /// It has decided; also when it has sent this already and heard nothing.
    Decided(Sent),
    /// The effect is made, and not recorded.
    Acted {
        client: usize,
    },
    Answered {
        client: usize,
        answer: Answer,
    },
}

impl Function {
    fn client(self) -> Option<usize> {
        match self {
            Self::Idle => None,
            Self::Took { client, .. }
            | Self::Locking { client }
            | Self::Decided(Sent { client, .. })
            | Self::Acted { client }
            | Self::Answered { client, .. } => Some(client),
        }
    }

    pub(super) fn is_for(self, client: usize) -> bool {
        self.client() == Some(client)
    }
}

/// What a store says to a transaction.
enum Said {
    Done,
    /// The key has an entry.
    Earlier(Entry),
    /// There is not enough.
    TooLittle,
}

impl Idempotency {
    pub(super) fn function_actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (index, function) in state.functions.iter().enumerate() {
            let twin = index > 0 && state.functions[index - 1] == *function;
            if *function == Function::Idle || twin {
                continue;
            }
            if state.faults.crashes > 0 {
                actions.push(Action::FunctionDies { function: index });
            }
            self.steps(state, index, actions);
        }
    }

    fn steps(&self, state: &State, function: usize, actions: &mut Vec<Action>) {
        match state.functions[function] {
            Function::Idle => {}
            // What is loaded from a cache may be as old as it likes.
            Function::Took { fresh: false, .. } => {
                actions.push(Action::FunctionLoads { function, enough: true });
                actions.push(Action::FunctionLoads { function, enough: false });
            }
            Function::Took { fresh: true, .. } => {
                let enough = state.purse > 0;
                actions.push(Action::FunctionLoads { function, enough });
            }
            // Who finds the key locked waits.
            Function::Locking { client } => {
                if !state.locked[self.key(client)] {
                    actions.push(Action::FunctionLocks { function });
                }
            }
            Function::Decided(_) => {
                actions.push(Action::FunctionCommits { function });
                if state.faults.lost > 0 && self.has_tokens() {
                    actions.push(Action::FunctionCommitsUnheard { function });
                }
                if state.faults.conflicts > 0 {
                    actions.push(Action::FunctionMeetsConflict { function });
                }
            }
            Function::Acted { .. } => actions.push(Action::FunctionRecords { function }),
            Function::Answered { .. } => {
                actions.push(Action::FunctionAnswers { function });
                if state.faults.lost > 0 {
                    actions.push(Action::AnswerIsLost { function });
                }
            }
        }
    }

    pub(super) fn take(&self, next: &mut State, client: usize) {
        let idle = next.functions.iter().position(|function| *function == Function::Idle);
        let Some(idle) = idle else { return };
        next.functions[idle] = match self.design {
            _ if self.ask(client) == Ask::Void => {
                Function::Decided(Sent { client, write: Write::Voiding })
            }
            Design::LockActComplete => Function::Locking { client },
            Design::RecordAfterEffect => self.unless_recorded(next, client),
            _ => Function::Took { client, fresh: false },
        };
    }

    fn unless_recorded(&self, state: &State, client: usize) -> Function {
        match state.entries[self.key(client)] {
            Some(entry) => Function::Answered { client, answer: self.render(client, entry) },
            None => Function::Took { client, fresh: true },
        }
    }

    pub(super) fn work(&self, next: &mut State, action: Action) {
        match action {
            Action::FunctionLoads { function, enough } => {
                next.functions[function] = self.decide(next.functions[function], enough);
            }
            Action::FunctionLocks { function } => {
                let Function::Locking { client } = next.functions[function] else { return };
                next.functions[function] = self.unless_recorded(next, client);
                next.locked[self.key(client)] = next.entries[self.key(client)].is_none();
            }
            Action::FunctionCommits { function } => {
                let Function::Decided(sent) = next.functions[function] else { return };
                let said = self.commit(next, sent);
                next.functions[function] = self.conclude(next, sent, &said);
            }
            Action::FunctionCommitsUnheard { function } => {
                next.faults.lost -= 1;
                let Function::Decided(sent) = next.functions[function] else { return };
                self.commit(next, sent);
            }
            Action::FunctionMeetsConflict { function } => {
                next.faults.conflicts -= 1;
                let Function::Decided(sent) = next.functions[function] else { return };
                if sent.write == Write::Effect {
                    next.functions[function] = Function::Took { client: sent.client, fresh: true };
                }
            }
            Action::FunctionRecords { function } => {
                let Function::Acted { client } = next.functions[function] else { return };
                next.functions[function] = self.record(next, client);
            }
            Action::FunctionAnswers { function } => {
                let Function::Answered { client, answer } = next.functions[function] else {
                    return;
                };
                next.functions[function] = Function::Idle;
                Self::deliver(next, client, answer);
            }
            Action::AnswerIsLost { function } => {
                next.faults.lost -= 1;
                next.functions[function] = Function::Idle;
            }
            Action::FunctionDies { function } => {
                next.faults.crashes -= 1;
                next.functions[function] = Function::Idle;
            }
            _ => {}
        }
    }

    /// A refusal is final on fresh knowledge only.
    fn decide(&self, function: Function, enough: bool) -> Function {
        let Function::Took { client, fresh } = function else { return function };
        match (enough, fresh) {
            (true, _) => Function::Decided(Sent { client, write: Write::Effect }),
            (false, false) => Function::Took { client, fresh: true },
            (false, true) if self.design == Design::RefusalNotFrozen => {
                Function::Answered { client, answer: Answer::Refused }
            }
            (false, true) => Function::Decided(Sent { client, write: Write::Refusal }),
        }
    }

    /// All of a transaction, or nothing.
    fn commit(&self, next: &mut State, sent: Sent) -> Said {
        let Sent { client, write } = sent;
        let key = self.key(client);
        let guarded = !matches!(
            (self.design, write),
            (Design::TokenOnly, _)
                | (Design::RecordAfterEffect | Design::LockActComplete, Write::Effect)
        );
        if next.remembered.contains(&sent) {
            return Said::Done;
        }
        if let Some(earlier) = next.entries[key].filter(|_| guarded) {
            return Said::Earlier(earlier);
        }
        let entry = self.entry(client, write);
        if write == Write::Effect {
            if next.purse <= 0 && self.design != Design::BalanceInMemory {
                return Said::TooLittle;
            }
            next.purse -= 1;
            next.effects[key] += 1;
        }
        if guarded || self.design == Design::TokenOnly {
            next.entries[key] = Some(entry);
        }
        if write != Write::Effect {
            next.locked[key] = false;
        }
        if self.has_tokens() {
            next.remembered.push(sent);
            next.remembered.sort_unstable();
        }
        Said::Done
    }

    /// Where something else is wrong, every transaction is heard of and none is sent again: so
    /// what refutes the design is what is wrong with it.
    fn has_tokens(&self) -> bool {
        use Design::{GuardWithTtl, LockActComplete, RecordAfterEffect};
        !matches!(self.design, GuardWithTtl | LockActComplete | RecordAfterEffect)
    }

    fn entry(&self, client: usize, write: Write) -> Entry {
        let print = match self.ask(client) {
            Ask::Pay(print) => print,
            Ask::Void => 0,
        };
        match write {
            Write::Effect => Entry::Paid(print),
            Write::Refusal => Entry::Refused(print),
            Write::Voiding => Entry::Voided,
        }
    }

    fn conclude(&self, state: &State, sent: Sent, said: &Said) -> Function {
        let Sent { client, write } = sent;
        let recorded = state.entries[self.key(client)].is_some();
        let entry = match said {
            Said::TooLittle if self.design == Design::RefusalNotFrozen => {
                return Function::Answered { client, answer: Answer::Refused };
            }
            Said::TooLittle => {
                return Function::Decided(Sent { client, write: Write::Refusal });
            }
            Said::Done if write == Write::Effect && !recorded => {
                return Function::Acted { client };
            }
            Said::Earlier(entry) => *entry,
            Said::Done => self.entry(client, write),
        };
        Function::Answered { client, answer: self.render(client, entry) }
    }

    /// The record that follows an effect, unless there is one.
    fn record(&self, next: &mut State, client: usize) -> Function {
        let key = self.key(client);
        let recorded = self.entry(client, Write::Effect);
        let entry = *next.entries[key].get_or_insert(recorded);
        next.locked[key] = false;
        Function::Answered { client, answer: self.render(client, entry) }
    }
}
