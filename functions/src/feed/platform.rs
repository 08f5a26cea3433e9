//! Messages in the shapes of the trading platform that this one replaces. Its clients subscribe
//! to nothing: they are told of the oldest market and of their own orders.

use std::{any::Any, sync::Arc};

use app::{depth::Depth, market_data::PublicTrade, ports::Topic};
use domain::{
    activity::{Activity, Occasion},
    order::OrderStatus,
    pair::{Pair, Steps},
};
use edge::{
    sockets::{Frame, Merge},
    wire::rfc3339,
};
use serde_json::json;

use super::envelope::text;
use crate::get_platform_book::PlatformBookBody;

/// A book takes the place of the one before it.
struct PlatformBook(Topic, Arc<str>);

impl Merge for PlatformBook {
    fn with_later(&self, later: &dyn Merge) -> Option<Frame> {
        let later: &dyn Any = later;
        later.downcast_ref().map(|Self(topic, text)| Self(*topic, Arc::clone(text)).frame())
    }
}

impl PlatformBook {
    fn frame(self) -> Frame {
        Frame::pressed(Arc::clone(&self.1), self.0, self)
    }
}

/// The ten best levels of each side.
#[must_use]
pub fn order_book_update(pair: &Pair, depth: &Depth) -> Frame {
    let message = json!({"type": "order_book_update", "data": PlatformBookBody::new(pair, depth)});
    PlatformBook(Topic::PlatformMarket(pair.id()), text(&message).into()).frame()
}

/// A trade's price.
#[must_use]
pub fn price_change(steps: &Steps, trade: &PublicTrade) -> Frame {
    let at = rfc3339(trade.at);
    let data = json!({"price": steps.price_text(trade.trade.price), "timestamp": at});
    Frame::plain(text(&json!({"event": "price_change", "timestamp": at, "data": data})))
}

/// How far a user's orders have come by fills.
#[must_use]
pub fn order_statuses(steps: &Steps, activity: &Activity) -> Vec<Frame> {
    let filled = [OrderStatus::PartiallyFilled, OrderStatus::Filled];
    let matched = activity.news.occasion == Occasion::Matched;
    let orders = activity.news.orders.iter();
    let told = orders.filter(|news| matched && filled.contains(&news.status));
    let frame = |news: &domain::activity::OrderNews| {
        let data = json!({
            "order_id": news.order.to_string(),
            "status": news.status.as_str(),
            "filled_quantity": steps.quantity_text(news.executed),
            "remaining_quantity": steps.quantity_text(news.open),
        });
        let at = rfc3339(activity.at);
        Frame::plain(text(&json!({"event": "order_status", "timestamp": at, "data": data})))
    };
    told.map(frame).collect()
}

/// That a connection is open.
#[must_use]
pub fn connected(user: &str) -> Frame {
    Frame::plain(text(&json!({
        "event": "connected",
        "message": "Successfully connected to trading WebSocket",
        "user_id": user,
    })))
}
