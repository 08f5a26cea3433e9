//! The way to a client, on which messages of channels are lost, doubled, overtaken and damaged,
//! as a seed determines. Answers arrive.

use serde_json::Value;

use super::client::{Client, price};
use crate::workload::Dice;

/// Of a hundred messages so many are lost, and as many doubled, and overtaken; twice as many
/// books are damaged where it hurts.
const PERCENT: u64 = 7;

#[derive(Debug, Default)]
pub(crate) struct Passed {
    pub(crate) all: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) overtaken: u64,
    pub(crate) damaged: u64,
}

pub(crate) struct Chaos {
    dice: Dice,
    late: Vec<Value>,
    pub(crate) passed: Passed,
    quiet: bool,
}

impl Chaos {
    pub(crate) fn seeded(seed: u64) -> Self {
        let dice = Dice::new(seed, 777);
        Self { dice, late: Vec::new(), passed: Passed::default(), quiet: false }
    }

    /// Everything arrives.
    pub(crate) fn none() -> Self {
        Self { quiet: true, ..Self::seeded(0) }
    }

    /// What arrives of messages, in the order in which it arrives.
    pub(crate) fn pass(&mut self, messages: Vec<Value>, client: &Client) -> Vec<Value> {
        let mut arrived = Vec::new();
        for mut message in messages {
            if self.quiet || !message["seq"].is_u64() || message["channel"].is_null() {
                arrived.push(message);
                continue;
            }
            if message["type"] == "resumed" {
                arrived.push(message);
                continue;
            }
            self.passed.all += 1;
            match self.dice.below(100) / PERCENT {
                0 => self.passed.lost += 1,
                1 => {
                    self.passed.doubled += 1;
                    arrived.extend([message.clone(), message]);
                }
                2 => {
                    self.passed.overtaken += 1;
                    self.late.push(message);
                    continue;
                }
                3 | 4 => {
                    self.passed.damaged += u64::from(damage(&mut message, client));
                    arrived.push(message);
                }
                _ => arrived.push(message),
            }
            arrived.append(&mut self.late);
        }
        arrived
    }
}

/// Takes one of the client's best levels out of a message about the book, if there is one: what
/// the client then has is not what the message says.
fn damage(message: &mut Value, client: &Client) -> bool {
    if message["channel"] != "book" || message["type"] != "update" {
        return false;
    }
    let best_bids = client.bids.iter().rev().take(3);
    let best: Vec<_> = best_bids.chain(client.asks.iter().take(3)).collect();
    let differs = |row: &Value| {
        let row = [0, 1].map(|at| row[at].as_str().expect("a text"));
        best.iter().any(|(key, level)| **key == price(row[0]) && level[1] != row[1])
    };
    for side in ["bids", "asks"] {
        let rows = message["data"][side].as_array_mut().expect("rows");
        if let Some(place) = rows.iter().position(differs) {
            rows.remove(place);
            return true;
        }
    }
    false
}
