//! What updates of accounts and items do and expect. Which write needs which, `transact` knows.

use domain::{
    account::{Change, Leg},
    activity::{News, Occasion},
    amount::Amount,
    catalogue::{ItemState, Quantity, Stock},
    currency::CurrencyCode,
    time::Timestamp,
};

use crate::{
    expression::values,
    rows::{Counted, Row, Spelled, number, text},
};

/// What an update does and expects.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) sets: Vec<String>,
    pub(super) conditions: Vec<String>,
    pub(super) values: Row,
}

pub(super) fn open_wallet(code: CurrencyCode, at: Timestamp) -> Changes {
    Changes {
        sets: vec![
            format!("#available.#{code} = :zero"),
            format!("#held.#{code} = :zero"),
            format!("#opened.#{code} = :at"),
            format!("#changed.#{code} = :at"),
            "#version = #version + :one".to_owned(),
            "#changed_at = :at".to_owned(),
            "#news = :news".to_owned(),
        ],
        conditions: vec![
            "attribute_exists(#user)".to_owned(),
            format!("attribute_not_exists(#available.#{code})"),
        ],
        values: values([
            (":zero", number(0)),
            (":one", number(1)),
            (":at", number(at.count())),
            (":news", text(News::of(Occasion::Opened).text())),
        ]),
    }
}

/// As [`domain::account::Account::after`]: what is taken must be there, what is added needs
/// room, and a leg that only adds opens a wallet that is not there.
pub(super) fn move_funds(legs: &[Leg], Change { entry, at, news }: &Change) -> Changes {
    let sets = [
        "#version = #version + :one",
        "#last_entry = :entry",
        "#changed_at = :at",
        "#news = :news",
    ];
    let mut changes = Changes {
        sets: sets.map(str::to_owned).to_vec(),
        conditions: vec!["attribute_exists(#user)".to_owned()],
        values: values([
            (":one", number(1)),
            (":entry", text(entry.spell())),
            (":at", number(at.count())),
            (":news", text(news.text())),
        ]),
    };
    for leg in legs.iter().filter(|leg| !leg.is_nothing()) {
        let code = leg.code();
        let opens = leg.available >= 0 && leg.held >= 0;
        changes.sets.push(format!("#changed.#{code} = :at"));
        changes.add_part("available", code, leg.available, opens);
        changes.add_part("held", code, leg.held, opens);
        if opens {
            changes.sets.push(format!("#opened.#{code} = if_not_exists(#opened.#{code}, :at)"));
            changes.values.insert(":zero".to_owned(), number(0));
        }
    }
    changes
}

impl Changes {
    /// Changes one part of a wallet, which need not be there if the leg `opens` it.
    fn add_part(&mut self, part: &str, code: CurrencyCode, change: i64, opens: bool) {
        let (path, size) = (format!("#{part}.#{code}"), format!(":{part}_{code}"));
        let before = if opens { format!("if_not_exists({path}, :zero)") } else { path.clone() };
        let set = match change {
            i64::MIN..0 => {
                self.conditions.push(format!("{path} >= {size}"));
                format!("{path} = {path} - {size}")
            }
            0 if opens => format!("{path} = {before}"),
            0 => return,
            1.. => {
                let room = format!(":{part}_room_{code}");
                let left = Amount::MAX.minor().saturating_sub(change);
                let fits = format!("{path} <= {room}");
                // Not even a new wallet has room for more than the largest amount.
                self.conditions.push(if opens && left >= 0 {
                    format!("(attribute_not_exists({path}) OR {fits})")
                } else {
                    fits
                });
                self.values.insert(room, number(left));
                format!("{path} = {before} + {size}")
            }
        };
        self.sets.push(set);
        if change != 0 {
            self.values.insert(size, number(change.unsigned_abs()));
        }
    }
}

/// No key of an index is touched, so a sale costs its row alone.
pub(super) fn sell_stock(unit_price: Amount, quantity: Quantity, at: Timestamp) -> Changes {
    let mut changes = move_stock(["-", "+"], quantity, at);
    changes.conditions =
        ["#price = :price", "#state = :active", "#stock >= :quantity"].map(str::to_owned).to_vec();
    let active = text(ItemState::Active.spell());
    changes.values.extend(values([(":price", number(unit_price.count())), (":active", active)]));
    changes
}

/// Needs room, too: a stock over the limit could not be read any more.
pub(super) fn return_stock(quantity: Quantity, at: Timestamp) -> Changes {
    let mut changes = move_stock(["+", "-"], quantity, at);
    changes.conditions = ["#sold >= :quantity", "#stock <= :room"].map(str::to_owned).to_vec();
    let room = Stock::MAX.saturating_sub(quantity.pieces());
    changes.values.extend(values([(":room", number(room))]));
    changes
}

fn move_stock([stock, sold]: [&str; 2], quantity: Quantity, at: Timestamp) -> Changes {
    Changes {
        sets: vec![
            format!("#stock = #stock {stock} :quantity"),
            format!("#sold = #sold {sold} :quantity"),
            "#version = #version + :one".to_owned(),
            "#updated_at = :at".to_owned(),
        ],
        conditions: Vec::new(),
        values: values([
            (":quantity", number(quantity.count())),
            (":one", number(1)),
            (":at", number(at.count())),
        ]),
    }
}
