//! Whether the body of an answer says what its entry says, and the entry does what was asked.

use domain::{
    amount::Money,
    ledger::{Cause, Entry, Movement, Outcome},
    order::Size,
};
use serde_json::Value;

use super::money::{decimal, minor};
use crate::history::{Ask, Told};

fn text(money: Money) -> String {
    decimal(i128::from(money.amount.minor()), money.currency.scale.decimals())
}

/// What an answer must say: pointers and texts.
type Says = Vec<(&'static str, String)>;

/// # Errors
/// What an answer or an entry says otherwise than it must.
pub fn agrees(ask: &Ask, told: &Told, entry: &Entry) -> Result<(), String> {
    let body = told.json();
    // The predecessor's clients have the same in an envelope, and less of it.
    let inner = ["order", "data"].into_iter().find_map(|name| body.get(name));
    let inner = inner.filter(|inner| inner.is_object());
    for (pointer, right) in says(entry) {
        let said = match inner.unwrap_or(&body).pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None if inner.is_some() && pointer != "/id" => continue,
            None => String::new(),
        };
        if said != right && !(inner.is_some() && said.eq_ignore_ascii_case(&right)) {
            return Err(format!("I6: {pointer} is told as {said}, and is {right}"));
        }
    }
    match asks(ask.body.as_ref().unwrap_or(&Value::Null), entry) {
        None => Ok(()),
        Some(member) => Err(format!("I6: {entry:?} is not the {member} that was asked for")),
    }
}

fn says(entry: &Entry) -> Says {
    let id = ("/id", entry.id.to_string());
    match &entry.outcome {
        Outcome::Moved(movement) => {
            let mut says = moved(movement);
            says.push(id);
            says
        }
        Outcome::Listed(item) => {
            vec![("/id", item.id.to_string()), ("/price", text(item.unit_price()))]
        }
        Outcome::Placed(placement) => vec![
            ("/id", placement.order.id.to_string()),
            ("/market", placement.steps.pair().to_string()),
            ("/side", placement.order.side.as_str().to_owned()),
            ("/reserved", text(placement.hold)),
            ("/status", "pending".to_owned()),
        ],
        Outcome::Amended(amendment) => {
            vec![("/order_id", amendment.order.to_string()), ("/hold", text(amendment.extra))]
        }
        Outcome::Routed(terms) => vec![
            ("/id", terms.id.to_string()),
            ("/instrument", terms.instrument.to_string()),
            ("/quantity", terms.quantity.minor().to_string()),
        ],
        Outcome::SameAs(_) | Outcome::Refused { .. } | Outcome::Voided => Vec::new(),
    }
}

fn moved(movement: &Movement) -> Says {
    let code = |money: Money| money.currency.code.to_string();
    let other = movement.counterparty.unwrap_or(movement.party).to_string();
    match &movement.cause {
        Cause::Deposit(money) | Cause::Withdrawal(money) => {
            vec![("/amount", text(*money)), ("/currency", code(*money))]
        }
        Cause::Transfer(money) => {
            vec![("/amount", text(*money)), ("/currency", code(*money)), ("/to_user_id", other)]
        }
        Cause::Exchange { conversion, .. } => vec![
            ("/amount", text(conversion.paid)),
            ("/from_currency", code(conversion.paid)),
            ("/converted_amount", text(conversion.received)),
            ("/to_currency", code(conversion.received)),
            ("/fee", text(Money { amount: conversion.fee, ..conversion.received })),
        ],
        Cause::Purchase(purchase) => vec![
            ("/buyer_id", movement.party.to_string()),
            ("/seller_id", other),
            ("/item_id", purchase.item.to_string()),
            ("/quantity", purchase.quantity.pieces().to_string()),
            ("/amount", text(purchase.paid)),
            ("/currency", code(purchase.paid)),
            ("/unit_price", text(purchase.unit_price)),
            ("/total", text(purchase.total)),
        ],
        Cause::Refund { of, returned, refunded, restocked, .. } => vec![
            ("/refund_of", of.to_string()),
            ("/returned", text(*returned)),
            ("/refunded", text(*refunded)),
            ("/restocked", restocked.to_string()),
        ],
        Cause::Fill(_) | Cause::VenueFill(_) => Vec::new(),
    }
}

/// The member of a request that its entry does not do; `None`: it does all of it.
fn asks(body: &Value, entry: &Entry) -> Option<&'static str> {
    let is = |name: &'static str, money: Money| {
        let asked = body.get(name).and_then(Value::as_str)?;
        let right = minor(asked, money.currency.scale.decimals());
        (right != Some(i128::from(money.amount.minor()))).then_some(name)
    };
    let named = |name: &'static str, right: String| {
        let asked = body.get(name)?;
        let asked = asked.as_str().map_or_else(|| asked.to_string(), str::to_owned);
        (asked != right).then_some(name)
    };
    match &entry.outcome {
        Outcome::Moved(movement) => match &movement.cause {
            Cause::Deposit(money) | Cause::Withdrawal(money) => is("amount", *money),
            Cause::Transfer(money) => is("amount", *money).or_else(|| {
                named(
                    "to_user_id",
                    movement.counterparty.map_or(String::new(), |to| to.to_string()),
                )
            }),
            Cause::Exchange { conversion, .. } => is("amount", conversion.paid)
                .or_else(|| named("to_currency", conversion.received.currency.code.to_string())),
            Cause::Purchase(purchase) => {
                let most = body.get("max_pay").and_then(Value::as_str);
                let decimals = purchase.paid.currency.scale.decimals();
                let over = most
                    .and_then(|most| minor(most, decimals))
                    .is_some_and(|most| most < i128::from(purchase.paid.amount.minor()));
                named("item_id", purchase.item.to_string())
                    .or_else(|| named("quantity", purchase.quantity.pieces().to_string()))
                    .or_else(|| is("expected_unit_price", purchase.unit_price))
                    .or_else(|| over.then_some("max_pay"))
            }
            Cause::Refund { restocked, .. } => named("restock", restocked.to_string()),
            Cause::Fill(_) | Cause::VenueFill(_) => Some("request"),
        },
        Outcome::Listed(item) => {
            is("price", item.unit_price()).or_else(|| named("stock", item.listed.to_string()))
        }
        Outcome::Placed(placement) => {
            let (steps, order) = (placement.steps, placement.order);
            let base = match order.size {
                Size::Lots(lots) => is(
                    "quantity",
                    Money {
                        amount: domain::amount::Amount::clamped(lots.count() * steps.lot.minor()),
                        currency: steps.base,
                    },
                ),
                Size::Funds(funds) => is("funds", Money { amount: funds, currency: steps.quote }),
            };
            named("market", steps.pair().to_string())
                .or_else(|| named("side", order.side.as_str().to_owned()))
                .or(base)
        }
        Outcome::Routed(terms) => named("quantity", terms.quantity.minor().to_string()),
        _ => None,
    }
}
