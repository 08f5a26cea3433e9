//! A client of one market and user that knows nothing but the documented rules: it keeps what
//! messages tell, notices what it has missed, and asks for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// How far the client is in a channel.
#[derive(Debug, Clone, Default)]
struct Place {
    /// The number of the last message that it has followed; none before a snapshot.
    seq: Option<u64>,
    /// The highest number of a message that could not be followed.
    ignored: u64,
    /// Whether it has asked for what is missing.
    asked: bool,
}

/// What has happened to a client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) applied: u64,
    pub(crate) old: u64,
    pub(crate) gaps: u64,
    pub(crate) wrong_checksums: u64,
    pub(crate) resumes: u64,
    pub(crate) resyncs: u64,
}

/// A side's levels: prices without their point, and texts of price and quantity.
pub(crate) type Levels = BTreeMap<u64, [String; 2]>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Client {
    pub(crate) bids: Levels,
    pub(crate) asks: Levels,
    /// By number.
    pub(crate) trades: BTreeMap<u64, Value>,
    /// By their beginning.
    pub(crate) candles: BTreeMap<String, Value>,
    /// The user's events, as they were told.
    pub(crate) events: Vec<Value>,
    pub(crate) counts: Counts,
    places: BTreeMap<String, Place>,
}

/// CRC-32 of ISO 3309, bit by bit.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(u32::MAX, byte)
}

/// A price as a number that sorts: all prices of a market have the same decimals.
pub(crate) fn price(text: &str) -> u64 {
    text.replace('.', "").parse().expect("a price")
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

impl Client {
    /// Hears a message; what it then says.
    pub(crate) fn hear(&mut self, message: &Value) -> Option<Value> {
        match message["type"].as_str().expect("a type") {
            "beat" => return self.beat(message),
            "resumed" => return self.resumed(message),
            "resync_required" => self.counts.resyncs += 1,
            "subscribed" | "reconnect" => {}
            _ => return self.follow(message),
        }
        None
    }

    /// The number of the last message of a channel that it has followed.
    pub(crate) fn seq(&self, channel: &str) -> Option<u64> {
        self.places.get(channel).and_then(|place| place.seq)
    }

    /// The book as the checksum is of it.
    pub(crate) fn checksum(&self) -> u32 {
        let bids: Vec<_> = self.bids.values().rev().take(10).collect();
        let asks: Vec<_> = self.asks.values().take(10).collect();
        let mut words = Vec::new();
        for place in 0..10 {
            let both = [bids.get(place), asks.get(place)];
            words.extend(both.into_iter().flatten().map(|level| level.join(":")));
        }
        crc32(words.join(":").as_bytes())
    }

    fn place(&mut self, channel: &str) -> &mut Place {
        self.places.entry(channel.to_owned()).or_default()
    }

    fn follow(&mut self, message: &Value) -> Option<Value> {
        let channel = text(&message["channel"]);
        let (seq, after) = (number(&message["seq"]), message["prev_seq"].as_u64());
        // A user's snapshot says what there is, not what happened.
        let place = self.place(&channel);
        match (after, place.seq) {
            (None, _) => {}
            (Some(_), Some(reached)) if seq <= reached => {
                self.counts.old += 1;
                return None;
            }
            (Some(after), Some(reached)) if after <= reached => {}
            _ => {
                place.ignored = place.ignored.max(seq);
                self.counts.gaps += 1;
                return self.ask(&channel);
            }
        }
        let reached = place.seq.replace(seq).unwrap_or_default();
        let restarted = after.is_none();
        let behind = place.ignored > seq;
        if restarted {
            place.asked = false;
        }
        self.counts.applied += 1;
        let right = match &*channel {
            "book" => self.book(&message["data"], restarted),
            "trades" => self.trades(&message["data"], reached, restarted),
            "candles" => self.candles(&message["data"]),
            "user" if restarted => true,
            "user" => {
                self.events.push(message.clone());
                true
            }
            _ => true,
        };
        if !right {
            self.counts.wrong_checksums += 1;
            self.place(&channel).seq = None;
        }
        if !right || (restarted && behind) { self.ask(&channel) } else { None }
    }

    /// Asks for what is missing, unless it has.
    fn ask(&mut self, channel: &str) -> Option<Value> {
        let place = self.place(channel);
        if std::mem::replace(&mut place.asked, true) {
            return None;
        }
        let mut asks = json!({"type": "subscribe", "channel": channel});
        if let Some(seq) = place.seq {
            asks = json!({"type": "resume", "channel": channel, "seq": seq});
        }
        if !["user", "heartbeat"].contains(&channel) {
            asks["market"] = "MRC-USD".into();
        }
        if channel == "candles" {
            asks["interval"] = "1m".into();
        }
        self.counts.resumes += 1;
        Some(asks)
    }

    fn resumed(&mut self, message: &Value) -> Option<Value> {
        let channel = text(&message["channel"]);
        let newest = number(&message["newest"]);
        let place = self.place(&channel);
        place.asked = false;
        let known = newest.max(place.ignored);
        if place.seq.is_none_or(|reached| reached < known) { self.ask(&channel) } else { None }
    }

    /// How far the market is says whether the last message of a channel was lost.
    fn beat(&mut self, message: &Value) -> Option<Value> {
        let heads = &message["data"]["markets"]["MRC-USD"];
        let heads = [("book", "seq"), ("trades", "trades"), ("candles", "trades")]
            .map(|(channel, name)| (channel, number(&heads[name])));
        let behind = heads.iter().find(|(channel, head)| {
            self.places.get(*channel).is_some_and(|place| place.seq.is_none_or(|seq| seq < *head))
        });
        let channel = behind?.0;
        // Whatever was asked before was lost.
        self.place(channel).asked = false;
        self.ask(channel)
    }

    /// Whether the book is then what its checksum says.
    fn book(&mut self, data: &Value, restarted: bool) -> bool {
        for (side, name) in [(&mut self.bids, "bids"), (&mut self.asks, "asks")] {
            if restarted {
                side.clear();
            }
            for row in rows(&data[name]) {
                let level = [text(&row[0]), text(&row[1])];
                let key = price(&level[0]);
                if level[1] == "0" {
                    side.remove(&key);
                } else {
                    side.insert(key, level);
                }
            }
        }
        u64::from(self.checksum()) == number(&data["checksum"])
    }

    fn trades(&mut self, data: &Value, reached: u64, restarted: bool) -> bool {
        let mut last = reached;
        for trade in rows(&data["trades"]) {
            let number = number(&trade["number"]);
            if number > reached || restarted {
                assert!(restarted || number == last + 1, "{number} after {last}");
                self.trades.insert(number, trade.clone());
                last = number;
            }
        }
        true
    }

    fn candles(&mut self, data: &Value) -> bool {
        for candle in rows(&data["candles"]) {
            self.candles.insert(text(&candle["start"]), candle.clone());
        }
        true
    }
}
