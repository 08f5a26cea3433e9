//! What can go wrong, and how often in the run of a seed: each kind is off in a third of the
//! seeds, and otherwise as frequent as chance will, up to its cap. So a seed tries some faults in
//! earnest instead of all of them a little.

use std::collections::BTreeMap;

use crate::dice::Dice;

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A client's request does not arrive.
    DropRequest,
    /// The answer to a client does not arrive.
    DropResponse,
    /// A client's request arrives twice.
    DuplicateRequest,
    /// Another transaction touches the same rows.
    Conflict,
    /// The store takes no request.
    Throttle,
    /// A request to the store is lost.
    LostRequest,
    /// The store decides and its answer is lost.
    LostAnswer,
    /// A request to the store arrives twice.
    Doubled,
    /// The store's answer to the same request, which it is still busy with.
    InProgress,
    /// The store takes up to 4 s.
    Slow,
    /// The store never answers, and the function runs out of its time.
    Hang,
    /// A process ends before its call is sent.
    KillBefore,
    /// A process ends after its call was carried out, before it hears of it.
    KillAfter,
    /// A process ends after its answer.
    KillIdle,
    /// A process stands still for minutes in the middle of its work, and then goes on.
    Freeze,
    /// The store forgets which commits it has seen: ten minutes have passed.
    TokenLapsed,
    /// A read that may lag does.
    StaleRead,
    /// The shared cache holds what was true long ago.
    CacheWrong,
    /// The shared cache has lost everything.
    CacheEmpty,
    /// The shared cache gives no answer in time.
    CacheSlow,
    /// A message is lost, or is not taken.
    QueueLost,
    /// A message comes twice.
    QueueDuplicate,
    /// A message comes up to a minute late, and so after others.
    QueueLate,
    /// Two matchers work on one market.
    TwoMatchers,
    /// A batch of a stream comes again.
    StreamDuplicate,
    /// A batch of a stream comes up to a minute late.
    StreamLate,
    /// A batch of a stream ends in the middle of a transaction.
    StreamTorn,
    /// A connection breaks.
    SocketLost,
    /// The venue fails in one of its own ways.
    Venue,
    /// A receiver of webhooks fails, or has what it does not answer.
    Webhook,
}

/// Ten-thousandths.
pub type Rate = u64;

/// Every kind, its name, and the most often that it happens, in ten-thousandths of the
/// occasions. The caps are those of a bad day that still ends.
pub const KINDS: [(Kind, &str, Rate); 30] = [
    (Kind::DropRequest, "drop-request", 1_500),
    (Kind::DropResponse, "drop-response", 1_500),
    (Kind::DuplicateRequest, "duplicate-request", 800),
    (Kind::Conflict, "conflict", 1_500),
    (Kind::Throttle, "throttle", 1_500),
    (Kind::LostRequest, "lost-request", 500),
    (Kind::LostAnswer, "lost-answer", 1_500),
    (Kind::Doubled, "doubled", 800),
    (Kind::InProgress, "in-progress", 300),
    (Kind::Slow, "slow", 400),
    (Kind::Hang, "hang", 100),
    (Kind::KillBefore, "kill-before", 200),
    (Kind::KillAfter, "kill-after", 600),
    (Kind::KillIdle, "kill-idle", 600),
    (Kind::Freeze, "freeze", 50),
    (Kind::TokenLapsed, "token-lapsed", 100),
    (Kind::StaleRead, "stale-read", 3_000),
    (Kind::CacheWrong, "cache-wrong", 2_000),
    (Kind::CacheEmpty, "cache-empty", 2_000),
    (Kind::CacheSlow, "cache-slow", 2_000),
    (Kind::QueueLost, "queue-lost", 1_000),
    (Kind::QueueDuplicate, "queue-duplicate", 1_500),
    (Kind::QueueLate, "queue-late", 1_000),
    (Kind::TwoMatchers, "two-matchers", 2_000),
    (Kind::StreamDuplicate, "stream-duplicate", 1_500),
    (Kind::StreamLate, "stream-late", 500),
    (Kind::StreamTorn, "stream-torn", 5_000),
    (Kind::SocketLost, "socket-lost", 200),
    (Kind::Venue, "venue", 3_000),
    (Kind::Webhook, "webhook", 3_000),
];

impl Kind {
    /// As in `drop-request`.
    #[must_use]
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("?", |(_, name, _)| name)
    }

    /// The kind of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| *kind)
    }
}

/// How often what goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swarm(pub BTreeMap<Kind, Rate>);

impl Swarm {
    /// Nothing ever.
    #[must_use]
    pub fn calm() -> Self {
        Self::default()
    }

    /// What this seed tries.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let dice = Dice::new(seed, 1);
        let drawn = KINDS.iter().filter_map(|(kind, _, cap)| {
            let off = dice.below(3) == 0;
            let rate = dice.between(1, *cap);
            (!off).then_some((*kind, rate))
        });
        Self(drawn.collect())
    }

    /// All kinds as often as they may be.
    #[must_use]
    pub fn caps() -> Self {
        Self(KINDS.iter().map(|(kind, _, cap)| (*kind, *cap)).collect())
    }

    /// How often a kind happens.
    #[must_use]
    pub fn rate(&self, kind: Kind) -> Rate {
        self.0.get(&kind).copied().unwrap_or(0)
    }
}
