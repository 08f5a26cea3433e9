//! Orders that the examples speak of: in a market, and at the venue.

use domain::time::Span;
use serde_json::{Value, json};
use tests::{Ask, VENUE};

use super::examples::Stage;

/// An order at a limit and one at market; together they have all fields.
pub(super) fn orders(number: usize) -> Vec<Value> {
    vec![
        json!({
            "market": "MRC-USD", "side": "buy", "type": "limit", "price": "1.00",
            "quantity": "2.00", "time_in_force": "GTC", "post_only": true,
            "self_trade_prevention": "cancel_newest",
            "client_order_id": format!("wanted-{number}"),
        }),
        json!({"market": "MRC-USD", "side": "BUY", "order_type": "MARKET", "funds": "2.50"}),
    ]
}

/// The same for a client of the service that was replaced.
pub(super) fn stock_order() -> Value {
    json!({
        "type": "limit", "side": "buy", "instrument": "DOTUSDT00008", "quantity": "1",
        "limit_price": "1.00",
    })
}

impl Stage {
    /// A report of the venue's that fills an order of the owner's.
    pub(super) async fn venue_report(&self, number: usize) -> Value {
        json!({
            "order_id": self.venue_order(number).await, "venue_order_id": "X-1",
            "status": "open", "executed": "1",
            "execution": {"id": format!("E-{number}"), "quantity": "1", "price": "1.00"},
        })
    }

    /// One at a limit and one at market; together they have all fields.
    pub(super) fn venue_orders_wanted(&self) -> Vec<Value> {
        let in_an_hour = self.world.context.market.clock.now().plus(Span::seconds(3_600));
        vec![
            json!({
                "instrument": "DOTUSDT00008", "side": "buy", "type": "limit", "quantity": "1",
                "limit_price": "1.00", "valid_until": edge::wire::rfc3339(in_an_hour),
            }),
            json!({"instrument": "DOTUSDT00008", "side": "BUY", "type": "MARKET", "quantity": 1}),
        ]
    }

    /// An order of the owner's at the venue that was just accepted.
    pub(crate) async fn venue_order(&self, number: usize) -> String {
        let body = self.venue_orders_wanted().swap_remove(0);
        let path = format!("/api/v1/venues/{VENUE}/orders");
        let place = Ask::post(&path).by(&self.owner).key(&format!("at the venue {number}"));
        self.world.send(place.json(&body)).await.expect_status(201).text("/id")
    }
}
