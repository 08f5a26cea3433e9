//! The book in a file: each decision of the exchange is a line of JSON behind those before it.
//! What a decision means is not known here.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    book::{Decision, Kind, Order, Side, Status},
    exchange::Terms,
};

/// Why a book cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The file cannot be read or written.
    #[error("cannot use the venue's book {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// There is something else in it.
    #[error("line {line} of {} is no decision of a venue's", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The socket has no address.
    #[error("cannot listen")]
    Socket(#[source] io::Error),
}

#[derive(Serialize, Deserialize)]
struct OrderLine {
    id: String,
    sell: bool,
    market: bool,
    instrument: String,
    quantity: u64,
    limit: u64,
    valid_until: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Placed { at: i64, order: OrderLine },
    Executed { order: usize, quantity: u64, price: u64, told: bool },
    Ended { order: usize, status: String },
    Told { order: usize, execution: usize },
    Priced { instrument: String, price: u64 },
}

impl Line {
    fn of(decision: &Decision, instruments: &[String]) -> Option<Self> {
        Some(match *decision {
            Decision::Placed { at, ref order } => {
                let Order { id, side, kind, instrument, quantity, limit, valid_until } =
                    order.as_ref().clone();
                let (sell, market) = (side == Side::Sell, kind == Kind::Market);
                let order =
                    OrderLine { id, sell, market, instrument, quantity, limit, valid_until };
                Self::Placed { at, order }
            }
            Decision::Executed { order, quantity, price, told } => {
                Self::Executed { order, quantity, price, told }
            }
            Decision::Ended { order, status } => {
                Self::Ended { order, status: status.as_str().to_owned() }
            }
            Decision::Told { order, execution } => Self::Told { order, execution },
            Decision::Priced { listing, price } => {
                Self::Priced { instrument: instruments.get(listing)?.clone(), price }
            }
        })
    }

    fn decision(self, instruments: &[String]) -> Option<Decision> {
        Some(match self {
            Self::Placed { at, order } => {
                let OrderLine { id, sell, market, instrument, quantity, limit, valid_until } =
                    order;
                let side = if sell { Side::Sell } else { Side::Buy };
                let kind = if market { Kind::Market } else { Kind::Limit };
                let order = Order { id, side, kind, instrument, quantity, limit, valid_until };
                Decision::Placed { at, order: Arc::new(order) }
            }
            Self::Executed { order, quantity, price, told } => {
                Decision::Executed { order, quantity, price, told }
            }
            Self::Ended { order, status } => {
                let mut all = Status::ALL.into_iter();
                Decision::Ended { order, status: all.find(|known| known.as_str() == status)? }
            }
            Self::Told { order, execution } => Decision::Told { order, execution },
            Self::Priced { instrument, price } => {
                let listing = instruments.iter().position(|known| *known == instrument)?;
                Decision::Priced { listing, price }
            }
        })
    }
}

/// The file.
pub(super) struct BookFile {
    file: File,
    instruments: Vec<String>,
}

impl BookFile {
    /// What the file says, made if it is not there. A last line that was cut short is removed:
    /// nobody has heard of what it says.
    pub(super) fn open(path: PathBuf, terms: &Terms) -> Result<(Vec<Decision>, Self), BookError> {
        let listings = terms.listings.iter();
        let instruments: Vec<_> = listings.map(|listing| listing.instrument.clone()).collect();
        let (text, file) = read(&path).map_err(|error| BookError::File(path.clone(), error))?;
        let mut decisions = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let read: Option<Line> = serde_json::from_str(text).ok();
            let decision = read.and_then(|line| line.decision(&instruments));
            let no_line = || BookError::Line { path: path.clone(), line };
            decisions.push(decision.ok_or_else(no_line)?);
        }
        Ok((decisions, Self { file, instruments }))
    }

    /// In one write, and known to the system: what ends this process leaves it there.
    pub(super) fn append(&mut self, decisions: &[Decision]) -> io::Result<()> {
        let mut text = String::new();
        for line in decisions.iter().filter_map(|it| Line::of(it, &self.instruments)) {
            text.push_str(&serde_json::to_string(&line).map_err(io::Error::other)?);
            text.push('\n');
        }
        self.file.write_all(text.as_bytes())
    }
}

/// The whole lines of a file, and the file behind them.
fn read(path: &Path) -> io::Result<(String, File)> {
    let mut options = OpenOptions::new();
    let mut file = options.read(true).write(true).create(true).truncate(false).open(path)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let whole = text.rfind('\n').map_or(0, |end| end.saturating_add(1));
    text.truncate(whole);
    file.set_len(u64::try_from(whole).map_err(io::Error::other)?)?;
    file.seek(io::SeekFrom::End(0))?;
    Ok((text, file))
}
