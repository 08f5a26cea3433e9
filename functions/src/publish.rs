//! Follows the streams of accounts, orders and the catalog, and tells those who listen. Nothing is
//! told that a stream has not shown, so nothing that was not committed. A batch that comes again is
//! told again, under the same numbers.

use std::{collections::BTreeMap, sync::Arc};

use app::{
    day_stats::{DayStats, day_stats},
    perform::Freshness,
    ports::{ConnectionId, StoreError, Topic},
    tape::{Told, follow},
};
use domain::{
    activity::Activity,
    candle::Interval,
    id::UserId,
    market_event::MarketEvent,
    pair::{Pair, PairId},
};
use edge::{
    context::Context,
    function::{Progress, StreamFunction, StreamRow},
    problem::Problem,
    sockets::Frame,
    uses,
};
use futures_util::future;

use crate::{
    batches::{By, Failures, Together, put},
    feed::{book, candles, platform, post_all, prices, rates, trades, user},
};

/// The function.
pub static FUNCTION: StreamFunction = StreamFunction {
    stem: "publish",
    uses: &[
        uses::CATALOGUE,
        uses::BOOK,
        uses::STATEMENT_HEAD,
        uses::STATEMENT_LINES,
        uses::CONNECTION,
        uses::LISTENERS,
        uses::PUT_CONNECTION,
        uses::FORGET_CONNECTION,
        uses::DEAD_LETTERS,
        uses::CONNECTIONS,
    ],
    handle: |context, rows| Box::pin(publish(context, rows)),
};

async fn publish(context: &Context, rows: &[StreamRow]) -> Progress {
    let mut failures = Failures::none_of(rows.len());
    let (mut users, mut pairs) = (By::<UserId, Activity>::new(), By::<PairId, MarketEvent>::new());
    for (place, row) in rows.iter().enumerate() {
        match row {
            StreamRow::Account { before, after } => {
                match Activity::between(before.as_ref(), after) {
                    Ok(Some(activity)) => put(&mut users, activity.user, place, activity),
                    Ok(None) => {}
                    Err(unsound) => failures.note(place, Err(Problem::bug(&unsound))),
                }
            }
            StreamRow::MarketEvent(event) => put(&mut pairs, event.pair, place, event.clone()),
            StreamRow::Rate(rate) => {
                let told = async {
                    let (topic, frame) = rates::update(context, rate).await?;
                    tell(context, topic, &[frame]).await
                };
                failures.note(place, told.await);
            }
            StreamRow::Entry(_) | StreamRow::Other => {}
        }
    }
    for (id, Together { first, rows }) in pairs {
        failures.note(first, tell_market(context, id, &rows).await);
    }
    for (id, Together { first, rows }) in users {
        failures.note(first, tell_user(context, id, &rows).await);
    }
    failures.progress()
}

/// Posts to all who listen to a topic, if anybody does.
async fn tell(context: &Context, topic: Topic, frames: &[Frame]) -> Result<(), Problem> {
    let listeners = context.market.store.subscribers(topic).await?;
    post_all(context, &listeners, frames).await;
    Ok(())
}

async fn tell_user(context: &Context, id: UserId, rows: &[Activity]) -> Result<(), Problem> {
    let store = &context.market.store;
    let (user, platform) = tokio::try_join!(
        store.subscribers(Topic::User(id)),
        store.subscribers(Topic::PlatformUser(id))
    )?;
    if !user.is_empty() {
        post_all(context, &user, &user::updates(context, rows).await?).await;
    }
    if !platform.is_empty() {
        for activity in rows {
            let Some(pair) = activity.news.pair else { continue };
            let pair = context.market.pairs.get(pair, Freshness::Cached).await?;
            let frames = platform::order_statuses(&pair.steps, activity);
            post_all(context, &platform, &frames).await;
        }
    }
    Ok(())
}

/// Who listens to what of a market.
struct Listeners(BTreeMap<Topic, Arc<[ConnectionId]>>);

impl Listeners {
    async fn of(context: &Context, pair: PairId) -> Result<Self, Problem> {
        let candles = Interval::ALL.map(|interval| Topic::Candles(pair, interval));
        let others = [Topic::Book, Topic::Trades, Topic::Ticker, Topic::PlatformMarket];
        let others = others.map(|topic| topic(pair));
        let read = |topic| async move {
            Ok::<_, StoreError>((topic, context.market.store.subscribers(topic).await?))
        };
        let found = future::try_join_all(candles.into_iter().chain(others).map(read)).await?;
        Ok(Self(found.into_iter().filter(|(_, listeners)| !listeners.is_empty()).collect()))
    }

    fn has(&self, topic: Topic) -> bool {
        self.0.contains_key(&topic)
    }
}

async fn tell_market(context: &Context, id: PairId, rows: &[MarketEvent]) -> Result<(), Problem> {
    let market = &context.market;
    let pair = market.pairs.get(id, Freshness::Cached).await?;
    let listeners = Listeners::of(context, id).await?;
    let day = day_stats(market, id).await?;
    let mut frames = BTreeMap::<Topic, Vec<Frame>>::new();
    let mut events = Vec::new();
    let following = follow(market, &pair, rows, |told| {
        for (topic, frame) in market_frames(&pair, &listeners, &told, &day) {
            frames.entry(topic).or_default().push(frame);
        }
        events.extend_from_slice(told.events);
    });
    let following = following.await?;
    for interval in Interval::ALL {
        let topic = Topic::Candles(id, interval);
        if listeners.has(topic)
            && let Some(frame) = candles::update(context, &pair, interval, &events).await?
        {
            frames.insert(topic, vec![frame]);
        }
    }
    for (topic, frames) in frames {
        if let Some(listeners) = listeners.0.get(&topic) {
            post_all(context, listeners, &frames).await;
        }
    }
    if let Some(following) = following {
        following.told(&market.tapes);
    }
    Ok(())
}

/// What the listeners are told of some events, but for candles.
fn market_frames(
    pair: &Pair,
    listeners: &Listeners,
    told: &Told<'_>,
    day: &DayStats,
) -> Vec<(Topic, Frame)> {
    let Told { after, events, depth } = *told;
    let id = pair.id();
    let mut frames = Vec::new();
    if listeners.has(Topic::Book(id)) {
        frames.push((Topic::Book(id), book::update(pair, after, events, depth)));
    }
    if listeners.has(Topic::Ticker(id)) {
        frames.push((Topic::Ticker(id), prices::update(pair, after, depth, day)));
    }
    let rows: Vec<_> = trades::of(events).collect();
    if listeners.has(Topic::Trades(id)) {
        frames.extend(
            trades::updates(pair, &rows).into_iter().map(|frame| (Topic::Trades(id), frame)),
        );
    }
    if listeners.has(Topic::PlatformMarket(id)) {
        let topic = Topic::PlatformMarket(id);
        frames.push((topic, platform::order_book_update(pair, depth)));
        frames.extend(rows.iter().map(|row| (topic, platform::price_change(&pair.steps, row))));
    }
    frames
}
