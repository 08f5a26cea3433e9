//! How much memory a function has, with it how much of a processor (1,769 MB are one), and how
//! long it may take. Argued, not measured: a function costs memory times time, so where it
//! computes, more is as cheap and faster; where it waits, more is only dearer.

use edge::uses;
use functions::Trigger;

use crate::function::Function;

/// Memory and time, each with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) memory_mb: i64,
    pub(crate) memory_because: &'static str,
    pub(crate) timeout_s: i64,
    pub(crate) timeout_because: &'static str,
}

const fn memory(memory_mb: i64, memory_because: &'static str) -> (i64, &'static str) {
    (memory_mb, memory_because)
}

const STATIC: (i64, &str) =
    memory(128, "It gives what is in the binary, or less: the smallest size does.");
const USUAL: (i64, &str) = memory(
    256,
    "A request computes for about a millisecond, of which a seventh of a processor makes seven,\n\
     and waits as long for DynamoDB: half of this would show, twice of it would not.",
);
const WAITING: (i64, &str) = memory(128, "It waits for up to 20 s and computes nothing then.");
const HASHING: (i64, &str) = memory(
    1769,
    "One whole processor: it hashes a password, 50 to 90 ms and 19 MiB. Half of this would take\n\
     twice as long and cost the same.",
);
const MATCHING: (i64, &str) = memory(
    1769,
    "One whole processor: a pair has one matcher, so what a market can take is what this\n\
     computes. It holds the books of its pairs.",
);
const FANNING_OUT: (i64, &str) = memory(
    512,
    "It follows rows in batches of up to a hundred, and sends many things at a time: TLS and JSON\n\
     of them all at once.",
);
const LOOKING_AROUND: (i64, &str) = memory(
    512,
    "It goes through all markets, connections or a part of all accounts, or reads all venues'\n\
     feeds, and holds a page of each.",
);

const REQUEST_S: (i64, &str) =
    (10, "An operation of the store gives up after 3 s, the gateway after 30 s.");
const LONG_POLL_S: (i64, &str) =
    (25, "It waits for up to 20 s for an event; the gateway gives up after 30 s.");
const QUEUE_S: (i64, &str) = (30, "The queue hides a message for six times as long (events.yaml).");
const PLACING: (i64, &str) = memory(
    512,
    "It talks to ten venues' addresses at a time, over TLS that it sets up anew where nobody has\n\
     asked for a while, and waits for most of the time.",
);
const ATTEMPT_S: (i64, &str) = (
    15,
    "A request is given up after 5 s; the rest is for what is read and written before and after\n\
     it. The queue hides a message for six times as long (events.yaml).",
);
const BATCH_S: (i64, &str) =
    (60, "A batch that takes longer is too large: it is halved and comes again.");
const MINUTE_S: (i64, &str) = (60, "After a minute another one begins.");

/// The size of a function.
pub(crate) fn size(function: &Function) -> Size {
    let (memory, timeout) = match function.trigger {
        None if function.uses.is_empty() => (STATIC, REQUEST_S),
        None if function.stem == "list-events" => (WAITING, LONG_POLL_S),
        None if function.uses.contains(&uses::PASSWORDS) => (HASHING, REQUEST_S),
        None | Some(Trigger::Authorizer | Trigger::Route(_)) => (USUAL, REQUEST_S),
        Some(Trigger::MatchQueue) => (MATCHING, QUEUE_S),
        Some(Trigger::WebhookQueue) => (FANNING_OUT, QUEUE_S),
        Some(Trigger::VenueQueue) => (PLACING, ATTEMPT_S),
        Some(Trigger::Streams(_)) => (FANNING_OUT, BATCH_S),
        Some(Trigger::EveryMinute) => (LOOKING_AROUND, MINUTE_S),
    };
    Size {
        memory_mb: memory.0,
        memory_because: memory.1,
        timeout_s: timeout.0,
        timeout_because: timeout.1,
    }
}
