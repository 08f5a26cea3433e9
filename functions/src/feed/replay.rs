//! What a client has missed of a channel, as logs say it: whoever was away for an hour goes on
//! without a gap. Who asks, and what is said around it, is not known here.

use app::{
    perform::Freshness,
    ports::{Connection, contiguous},
    tape,
};
use domain::{pair::Pair, refusal::Missing, time::Span};
use edge::{context::Context, problem::Problem};

use super::{book as feed_book, post, trades as feed_trades, user as feed_user};

/// The most events of a market, or of a user, that one resumption replays; the client goes on
/// from there with the next one.
const REPLAY_MAX: u64 = 2_000;
/// The most events that one message about a book stands for: 200 reads of the log.
const BOOK_REPLAY_MAX: u64 = 20_000;
/// What is older is not replayed.
const REPLAY_AGE: Span = Span::seconds(24 * 3600);
/// How often the log of a user is looked at again for an event that was committed already.
const LOOKS: u32 = 20;
const LOOK_AGAIN: Span = Span::millis(100);

/// How far a replay came.
pub(super) enum Reached {
    /// Up to this number, of so many.
    At { seq: u64, newest: u64 },
    /// What came after it cannot be told.
    Resync,
    /// One message says all that there is to say.
    Whole,
}

/// All that changed, as one message: no level is told twice.
pub(super) async fn book(
    context: &Context,
    connection: &Connection,
    pair: &Pair,
    seq: u64,
) -> Result<Reached, Problem> {
    let market = &context.market;
    let depth = market.depths.get(pair, Freshness::Fresh).await?;
    let newest = depth.head.seq;
    if seq > newest || newest - seq > BOOK_REPLAY_MAX {
        return Ok(Reached::Resync);
    }
    let events = tape::read(market, pair.id(), seq, newest).await?;
    let now = market.clock.now();
    if events.first().is_some_and(|event| now.since(event.at) > REPLAY_AGE) {
        return Ok(Reached::Resync);
    }
    if !events.is_empty() {
        post(context, &connection.id, &feed_book::update(pair, seq, &events, &depth)).await;
    }
    Ok(Reached::At { seq: newest, newest })
}

pub(super) async fn trades(
    context: &Context,
    connection: &Connection,
    pair: &Pair,
    number: u64,
) -> Result<Reached, Problem> {
    let market = &context.market;
    let depth = market.depths.get(pair, Freshness::Fresh).await?;
    let newest = depth.head.standing.trades;
    if number > newest {
        return Ok(Reached::Resync);
    }
    let Some(after) = event_of(context, pair, number, depth.head.seq).await? else {
        return Ok(Reached::Resync);
    };
    let until = depth.head.seq.min(after.saturating_add(REPLAY_MAX));
    let events = tape::read(market, pair.id(), after, until).await?;
    let now = market.clock.now();
    if events.first().is_some_and(|event| now.since(event.at) > REPLAY_AGE) {
        return Ok(Reached::Resync);
    }
    let rows: Vec<_> = feed_trades::of(&events).filter(|row| row.trade.number > number).collect();
    for frame in feed_trades::updates(pair, &rows) {
        post(context, &connection.id, &frame).await;
    }
    let reached = rows.last().map_or(number, |row| row.trade.number);
    let reached = if until == depth.head.seq { newest } else { reached };
    Ok(Reached::At { seq: reached, newest })
}

/// The number of an event before or at which trade `number` was: events count the trades up to
/// them, so it is found by halving, in twenty steps among a million.
async fn event_of(
    context: &Context,
    pair: &Pair,
    number: u64,
    newest: u64,
) -> Result<Option<u64>, Problem> {
    let (mut low, mut high) = (0, newest);
    // Before `low` and in it are only trades up to `number`; after `high` only later ones.
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let found = tape::read(&context.market, pair.id(), middle.saturating_sub(1), middle);
        let Some(event) = found.await?.into_iter().next() else { return Ok(None) };
        if event.head.standing.trades <= number {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(Some(low))
}

/// An event that was committed may not be logged yet: it is waited for, a little.
pub(super) async fn user(
    context: &Context,
    connection: &Connection,
    seq: u64,
) -> Result<Reached, Problem> {
    let (market, user) = (&context.market, connection.user);
    let newest = market.store.account(user).await?.ok_or(Missing::User)?.version;
    if seq > newest {
        return Ok(Reached::Resync);
    }
    let (mut reached, mut looks) = (seq, 0);
    while reached < newest && reached - seq < REPLAY_MAX && looks < LOOKS {
        let found = contiguous(reached, market.store.activity(user, reached, 100).await?);
        let now = market.clock.now();
        if found.first().is_some_and(|first| now.since(first.at) > REPLAY_AGE) && reached == seq {
            return Ok(Reached::Resync);
        }
        for frame in feed_user::updates(context, &found).await? {
            post(context, &connection.id, &frame).await;
        }
        match found.last() {
            Some(last) => reached = last.version,
            None => {
                looks += 1;
                market.clock.sleep(LOOK_AGAIN).await;
            }
        }
    }
    Ok(Reached::At { seq: reached, newest })
}
