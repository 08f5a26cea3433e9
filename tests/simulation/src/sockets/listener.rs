//! A client of one market and user that knows nothing but the documented rules: it keeps what
//! messages tell, notices what it has missed, and asks for it.

use std::collections::BTreeMap;

use domain::time::{Span, Timestamp};
use serde_json::{Value, json};

/// After how long a client that was not answered asks again.
const PATIENCE: Span = Span::seconds(15);

/// How far the client is in a channel.
#[derive(Debug, Clone, Default)]
struct Place {
    /// The number of the last message that it has followed; none before a snapshot.
    seq: Option<u64>,
    /// The highest number of a message that could not be followed.
    ignored: u64,
    /// When it asked for what is missing, if that has not come.
    asked: Option<Timestamp>,
}

/// A side's levels: prices without their point, and texts of price and quantity.
pub type Levels = BTreeMap<u64, [String; 2]>;

/// What a client has heard so far, and what was wrong with it.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Its market.
    pub market: &'static str,
    /// Who buys.
    pub bids: Levels,
    /// Who sells.
    pub asks: Levels,
    /// By number.
    pub trades: BTreeMap<u64, Value>,
    /// The user's events by their number, from the one after the first snapshot.
    pub events: BTreeMap<u64, Value>,
    /// The number of the user's first snapshot.
    pub began: Option<u64>,
    /// Messages that were followed.
    pub applied: u64,
    /// Messages that did not follow.
    pub gaps: u64,
    /// What must not be.
    pub wrong: Vec<String>,
    places: BTreeMap<&'static str, Place>,
}

/// What it listens to.
const CHANNELS: [&str; 6] = ["heartbeat", "user", "book", "trades", "candles", "ticker"];

/// CRC-32 of ISO 3309, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(u32::MAX, byte)
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

impl Listener {
    /// One that has heard nothing.
    #[must_use]
    pub fn new(market: &'static str) -> Self {
        Self {
            market,
            bids: Levels::new(),
            asks: Levels::new(),
            trades: BTreeMap::new(),
            events: BTreeMap::new(),
            began: None,
            applied: 0,
            gaps: 0,
            wrong: Vec::new(),
            places: CHANNELS.iter().map(|channel| (*channel, Place::default())).collect(),
        }
    }

    /// What it says on a connection that is new: it goes on where it was.
    pub fn come(&mut self, now: Timestamp) -> Vec<Value> {
        for place in self.places.values_mut() {
            place.asked = None;
        }
        CHANNELS.iter().filter_map(|channel| self.ask(channel, now)).collect()
    }

    /// What it says again because nobody has answered.
    pub fn wait(&mut self, now: Timestamp) -> Vec<Value> {
        let late = |place: &Place| place.asked.is_some_and(|at| now.since(at) >= PATIENCE);
        let late: Vec<_> = self.places.iter().filter(|(_, place)| late(place)).collect();
        let late: Vec<_> = late.into_iter().map(|(channel, _)| *channel).collect();
        let again = late.into_iter().filter_map(|channel| {
            self.place(channel).asked = None;
            self.ask(channel, now)
        });
        again.collect()
    }

    /// Hears a message; what it then says.
    pub fn hear(&mut self, message: &Value, now: Timestamp) -> Vec<Value> {
        let kind = message["type"].as_str().unwrap_or_default();
        let channel = message["channel"].as_str().unwrap_or_default();
        let channel = CHANNELS.iter().find(|known| **known == channel).copied();
        match (kind, channel) {
            ("beat", _) => self.beat(message, now),
            ("resumed", Some(channel)) => self.resumed(channel, message, now).into_iter().collect(),
            ("resync_required", Some("user")) => {
                self.wrong.push(format!("events are lost: {message}"));
                Vec::new()
            }
            ("subscribed" | "reconnect" | "resync_required" | "error" | "pong", _) => Vec::new(),
            (_, Some(channel)) => self.follow(channel, message, now).into_iter().collect(),
            (..) => {
                self.wrong.push(format!("an unknown message: {message}"));
                Vec::new()
            }
        }
    }

    fn place(&mut self, channel: &'static str) -> &mut Place {
        self.places.entry(channel).or_default()
    }

    fn follow(&mut self, channel: &'static str, message: &Value, now: Timestamp) -> Option<Value> {
        let (seq, after) = (number(&message["seq"]), message["prev_seq"].as_u64());
        let place = self.place(channel);
        match (after, place.seq) {
            // Asked for twice. Whoever keeps events goes on where it was.
            (None, Some(reached)) if channel == "user" => {
                place.asked = None;
                return if seq > reached { self.ask(channel, now) } else { None };
            }
            (None, _) => {}
            (Some(_), Some(reached)) if seq <= reached => return None,
            (Some(after), Some(reached)) if after <= reached => {}
            _ => {
                place.ignored = place.ignored.max(seq);
                self.gaps += 1;
                return self.ask(channel, now);
            }
        }
        let reached = place.seq.replace(seq).unwrap_or_default();
        let restarted = after.is_none();
        let behind = place.ignored > seq;
        if restarted {
            place.asked = None;
        }
        self.applied += 1;
        let right = self.apply(channel, message, reached, restarted);
        if !right {
            self.wrong.push(format!("a wrong checksum of {}: {message}", self.market));
            self.place(channel).seq = None;
        }
        if !right || (restarted && behind) { self.ask(channel, now) } else { None }
    }

    /// Whether it is then as the message says.
    fn apply(&mut self, channel: &str, message: &Value, reached: u64, restarted: bool) -> bool {
        match channel {
            "book" => return self.book(&message["data"], restarted),
            "trades" => self.keep_trades(&message["data"], reached, restarted),
            "user" => self.keep_event(message, restarted),
            _ => {}
        }
        true
    }

    /// A user's snapshot says what there is, not what happened.
    fn keep_event(&mut self, message: &Value, restarted: bool) {
        let seq = number(&message["seq"]);
        if restarted {
            let began = *self.began.get_or_insert(seq);
            if began > seq {
                self.wrong.push(format!("a snapshot of the past: {message}"));
            }
            return;
        }
        let known = self.events.insert(seq, message.clone());
        if known.is_some_and(|known| known != *message) {
            self.wrong.push(format!("an event was told otherwise before: {message}"));
        }
    }

    /// Asks for what is missing, unless it has.
    fn ask(&mut self, channel: &'static str, now: Timestamp) -> Option<Value> {
        let market = self.market;
        let place = self.place(channel);
        if place.asked.is_some() {
            return None;
        }
        place.asked = Some(now);
        let mut asks = json!({"type": "subscribe", "channel": channel});
        if let Some(seq) = place.seq {
            asks = json!({"type": "resume", "channel": channel, "seq": seq});
        }
        if !["user", "heartbeat"].contains(&channel) {
            asks["market"] = market.into();
        }
        if channel == "candles" {
            asks["interval"] = "1m".into();
        }
        Some(asks)
    }

    fn resumed(&mut self, channel: &'static str, message: &Value, now: Timestamp) -> Option<Value> {
        let newest = number(&message["newest"]);
        let place = self.place(channel);
        place.asked = None;
        let known = newest.max(place.ignored);
        if place.seq.is_none_or(|reached| reached < known) { self.ask(channel, now) } else { None }
    }

    /// How far the market is says whether the last message of a channel was lost. Of the user's
    /// own events it says nothing, so that the client asks.
    fn beat(&mut self, message: &Value, now: Timestamp) -> Vec<Value> {
        self.place("heartbeat").asked = None;
        let heads = &message["data"]["markets"][self.market];
        let heads = [("book", "seq"), ("trades", "trades"), ("candles", "trades")]
            .map(|(channel, name)| (channel, number(&heads[name])));
        let behind: Vec<_> = heads
            .iter()
            .filter(|(channel, head)| self.seq(channel).is_none_or(|seq| seq < *head))
            .map(|(channel, _)| *channel)
            .chain(["user"])
            .collect();
        let asks = behind.into_iter().filter_map(|channel| {
            // Whatever was asked before was lost.
            self.place(channel).asked = None;
            self.ask(channel, now)
        });
        asks.collect()
    }

    /// The number of the last message of a channel that it has followed.
    #[must_use]
    pub fn seq(&self, channel: &str) -> Option<u64> {
        self.places.get(channel).and_then(|place| place.seq)
    }

    /// The book as the checksum is of it.
    fn checksum(&self) -> u32 {
        let bids: Vec<_> = self.bids.values().rev().take(10).collect();
        let asks: Vec<_> = self.asks.values().take(10).collect();
        let mut words = Vec::new();
        for place in 0..10 {
            let both = [bids.get(place), asks.get(place)];
            words.extend(both.into_iter().flatten().map(|level| level.join(":")));
        }
        crc32(words.join(":").as_bytes())
    }

    /// Whether the book is then what its checksum says.
    fn book(&mut self, data: &Value, restarted: bool) -> bool {
        for (side, name) in [(&mut self.bids, "bids"), (&mut self.asks, "asks")] {
            if restarted {
                side.clear();
            }
            for row in rows(&data[name]) {
                let level = [text(&row[0]), text(&row[1])];
                let key = level[0].replace('.', "").parse().expect("a price");
                if level[1] == "0" {
                    side.remove(&key);
                } else {
                    side.insert(key, level);
                }
            }
        }
        u64::from(self.checksum()) == number(&data["checksum"])
    }

    fn keep_trades(&mut self, data: &Value, reached: u64, restarted: bool) {
        let mut last = reached;
        for trade in rows(&data["trades"]) {
            let number = number(&trade["number"]);
            if number > reached || restarted {
                if !restarted && number != last + 1 {
                    self.wrong.push(format!("trade {number} follows {last}"));
                }
                let known = self.trades.insert(number, trade.clone());
                if known.is_some_and(|known| known != *trade) {
                    self.wrong.push(format!("trade {number} was told otherwise before"));
                }
                last = number;
            }
        }
    }
}
