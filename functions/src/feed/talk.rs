//! What a client may say on a socket, and what it is answered: subscriptions begin with a
//! snapshot, and one that was broken off goes on where it was. What was missed, `replay` knows.

use app::{
    market_data::public_trades,
    perform::Freshness,
    ports::{Connection, Topic},
};
use domain::{
    candle::Interval,
    currency::CurrencyCode,
    pair::{Pair, PairId},
};
use edge::{context::Context, problem::Problem, sockets::Frame};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    book, candles, heartbeat, post, prices, rates,
    replay::{self, Reached},
    trades, user,
};

/// What a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Subscribe,
    Unsubscribe,
    Resume,
    Ping,
}

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    #[serde(rename = "type")]
    kind: Kind,
    /// Which channel.
    channel: Option<String>,
    /// A market; of `rates` a currency.
    market: Option<String>,
    /// How long candles are.
    interval: Option<String>,
    /// The number of the last message that the client has followed.
    seq: Option<u64>,
    /// Comes back with the answer.
    id: Option<Value>,
}

/// Where a client listens, or wants to.
struct Place {
    topic: Topic,
    pair: Option<Pair>,
    /// How answers name it.
    name: Value,
}

/// Does what a message asks for.
///
/// # Errors
/// What is wrong with it; the store's own.
pub(super) async fn handle(
    context: &Context,
    connection: &Connection,
    said: &str,
) -> Result<(), Problem> {
    if !said.trim_start().starts_with('{') {
        return Err(malformed("a message is a JSON object"));
    }
    let said: Said = serde_json::from_str(said).map_err(|error| malformed(&error.to_string()))?;
    let answer = |kind: &str, name: &Value| match &said.id {
        Some(id) => named(json!({"type": kind, "id": id}), name),
        None => named(json!({"type": kind}), name),
    };
    if said.kind == Kind::Ping {
        post(context, &connection.id, &answer("pong", &json!({}))).await;
        return Ok(());
    }
    if said.seq.is_some() != (said.kind == Kind::Resume) {
        return Err(malformed("`seq` is required to resume, and for nothing else"));
    }
    let place = place(context, connection, &said).await?;
    let store = &context.market.store;
    if said.kind == Kind::Unsubscribe {
        store.unsubscribe(&connection.id, place.topic).await?;
        post(context, &connection.id, &answer("unsubscribed", &place.name)).await;
        return Ok(());
    }
    store.subscribe(&connection.id, place.topic).await?;
    post(context, &connection.id, &answer("subscribed", &place.name)).await;
    match said.seq {
        Some(seq) => resume(context, connection, &place, seq).await,
        None => snapshot(context, connection, &place).await,
    }
}

fn malformed(detail: &str) -> Problem {
    Problem::refused(422, "malformed_message", detail)
}

async fn place(context: &Context, connection: &Connection, said: &Said) -> Result<Place, Problem> {
    let channel = said.channel.as_deref().ok_or_else(|| malformed("`channel` is required"))?;
    let market = said.market.as_deref();
    let pair = match channel {
        "book" | "trades" | "ticker" | "candles" => {
            let id: PairId = market
                .and_then(|id| id.parse().ok())
                .ok_or_else(|| malformed("`market` must name a market, as in MRC-USD"))?;
            Some(context.market.pairs.get(id, Freshness::Cached).await?)
        }
        _ => None,
    };
    let name = json!({"channel": channel, "market": market, "interval": said.interval});
    let topic = match (channel, &pair) {
        ("book", Some(pair)) => Topic::Book(pair.id()),
        ("trades", Some(pair)) => Topic::Trades(pair.id()),
        ("ticker", Some(pair)) => Topic::Ticker(pair.id()),
        ("candles", Some(pair)) => {
            let interval = said.interval.as_deref().unwrap_or_default().parse::<Interval>();
            let interval = interval.map_err(|error| malformed(&format!("`interval` {error}")))?;
            Topic::Candles(pair.id(), interval)
        }
        ("rates", _) => {
            let code: Option<CurrencyCode> = market.and_then(|code| code.parse().ok());
            let code = code.ok_or_else(|| malformed("`market` must be a currency's code"))?;
            Topic::Rates(crate::currencies::universe_of(context, code).await?.currency.code)
        }
        ("user", _) => Topic::User(connection.user),
        ("heartbeat", _) => Topic::Heartbeat,
        _ => {
            let known = "book, trades, ticker, candles, rates, user or heartbeat";
            return Err(malformed(&format!("`channel` must be {known}")));
        }
    };
    let takes = |field: &str, fits: bool| {
        if fits { Ok(()) } else { Err(malformed(&format!("this channel has no `{field}`"))) }
    };
    takes("interval", said.interval.is_none() || channel == "candles")?;
    takes("market", market.is_none() || !matches!(topic, Topic::User(_) | Topic::Heartbeat))?;
    Ok(Place { topic, pair, name })
}

/// How things stand: what comes after it follows from it.
async fn snapshot(
    context: &Context,
    connection: &Connection,
    place: &Place,
) -> Result<(), Problem> {
    let market = &context.market;
    let frame = match (place.topic, &place.pair) {
        (Topic::Book(_), Some(pair)) => {
            let depth = market.depths.get(pair, Freshness::Fresh).await?;
            book::snapshot(pair, &depth, market.clock.now())
        }
        (Topic::Trades(_), Some(pair)) => {
            let depth = market.depths.get(pair, Freshness::Fresh).await?;
            trades_snapshot(context, pair, depth.head.seq, depth.head.standing.trades).await?
        }
        (Topic::Ticker(_), Some(pair)) => prices::snapshot(context, pair).await?,
        (Topic::Candles(_, interval), Some(pair)) => {
            let depth = market.depths.get(pair, Freshness::Fresh).await?;
            candles::snapshot(context, pair, interval, depth.head.seq).await?
        }
        (Topic::Rates(code), _) => rates::snapshot(context, code).await?,
        (Topic::User(id), _) => user::snapshot(context, id).await?,
        _ => heartbeat::frame(context).await?,
    };
    post(context, &connection.id, &frame).await;
    Ok(())
}

async fn trades_snapshot(
    context: &Context,
    pair: &Pair,
    seq: u64,
    newest: u64,
) -> Result<Frame, Problem> {
    let market = &context.market;
    let listing = public_trades(market, pair.id(), seq, None, trades::SNAPSHOT).await?;
    let mut rows = listing.rows;
    rows.reverse();
    Ok(trades::snapshot(pair, &rows, newest, market.clock.now()))
}

/// What came after a number. If that cannot be told, the client is told so, and how things stand.
async fn resume(
    context: &Context,
    connection: &Connection,
    place: &Place,
    seq: u64,
) -> Result<(), Problem> {
    let reached = match (place.topic, &place.pair) {
        (Topic::Book(_), Some(pair)) => replay::book(context, connection, pair, seq).await?,
        (Topic::Trades(_), Some(pair)) => replay::trades(context, connection, pair, seq).await?,
        (Topic::User(_), _) => replay::user(context, connection, seq).await?,
        _ => Reached::Whole,
    };
    match reached {
        Reached::At { seq, newest } => {
            let resumed = json!({"type": "resumed", "seq": seq, "newest": newest});
            post(context, &connection.id, &named(resumed, &place.name)).await;
            Ok(())
        }
        Reached::Resync => {
            let required = named(json!({"type": "resync_required"}), &place.name);
            post(context, &connection.id, &required).await;
            snapshot(context, connection, place).await
        }
        Reached::Whole => snapshot(context, connection, place).await,
    }
}

/// A message about a place.
fn named(mut message: Value, name: &Value) -> Frame {
    if let (Some(to), Some(from)) = (message.as_object_mut(), name.as_object()) {
        to.extend(from.clone());
    }
    Frame::plain(message.to_string())
}
