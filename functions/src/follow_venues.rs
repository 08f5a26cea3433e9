//! Runs each minute, for most of it: reads the feeds of all venues beside each other, each from
//! where it was left. What a message does, the use case decides.

use app::{
    perform::{Failed, Freshness},
    venues::feed::{Absorbed, absorb},
};
use domain::{
    time::{Span, Timestamp},
    venue::Venue,
};
use edge::{
    context::Context, function::ScheduleFunction, problem::Problem, uses, venues::feed::FeedFailed,
};
use futures_util::future::join_all;

/// How long feeds are read in a minute: the next run must not find this one still reading.
const READING: Span = Span::seconds(50);
/// The most messages that are applied before it is noted how far a feed has been read.
const BATCH_MAX: usize = 100;
/// How long a feed that failed is left alone at first; doubled each time it fails again.
const REST_MIN: Span = Span::seconds(1);
/// The longest that a feed is left alone.
const REST_MAX: Span = Span::seconds(15);

/// The function.
pub static FUNCTION: ScheduleFunction = ScheduleFunction {
    stem: "follow-venues",
    uses: &[
        uses::ENTRY,
        uses::RECORD,
        uses::CHANGE_ACCOUNT,
        uses::VENUE_LIST,
        uses::VENUE_ORDER,
        uses::PUT_VENUE_ORDER,
        uses::EDIT_VENUES,
        uses::VENUE_PLACEMENTS,
        uses::VENUE_FEEDS,
        uses::DEAD_LETTERS,
    ],
    handle: |context| Box::pin(follow_all(context)),
};

/// A feed that cannot be read is in the log, and holds up no other.
async fn follow_all(context: &Context) -> Result<(), Problem> {
    let until = context.market.clock.now().plus(READING);
    let venues = context.market.venues.all(Freshness::Fresh).await?;
    // Also of those that take no new orders: what they have goes on.
    join_all(venues.iter().map(|venue| follow(context, venue, until))).await;
    Ok(())
}

/// Why a feed is to be opened again.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Feed(#[from] FeedFailed),
    #[error("messages are missing after {0}")]
    Gap(u64),
    #[error(transparent)]
    Market(#[from] Failed),
}

/// Reads a venue's feed until a time, and opens it again whenever it stops.
async fn follow(context: &Context, venue: &Venue, until: Timestamp) {
    let clock = &context.market.clock;
    let mut rest = REST_MIN;
    while clock.now() < until {
        let mut applied = 0;
        let Err(why) = read(context, venue, until, &mut applied).await else { return };
        tracing::warn!(venue = %venue.id, %why, applied, "a venue's feed is to be opened again");
        if applied > 0 {
            rest = REST_MIN;
        }
        clock.sleep(rest.min(until.since(clock.now()))).await;
        rest = Span::of_millis(rest.as_millis().saturating_mul(2)).min(REST_MAX);
    }
}

/// Reads a venue's feed from where it was left until a time; counts what was applied.
async fn read(
    context: &Context,
    venue: &Venue,
    until: Timestamp,
    applied: &mut u64,
) -> Result<(), Stopped> {
    let market = &context.market;
    let mut position = market.store.feed_position(venue.id).await.map_err(Failed::from)?;
    let mut feed = context.venue_feeds.open(venue, position).await?;
    loop {
        let now = market.clock.now();
        if now >= until {
            return Ok(());
        }
        let messages = feed.next(BATCH_MAX, until.since(now)).await?;
        if messages.is_empty() {
            continue;
        }
        let dead_letters = context.dead_letters.as_ref();
        let absorbed = absorb(market, venue.id, &messages, dead_letters).await?;
        *applied = applied.saturating_add(absorbed.position.saturating_sub(position));
        let Absorbed { position: reached, gap } = absorbed;
        position = reached;
        if gap {
            return Err(Stopped::Gap(position));
        }
    }
}
