//! The endpoints: one module each, which translates between the wire and a use case. Modules
//! that are no endpoint hold what several of them share.

pub mod amend_order;
pub mod answers;
pub mod audit;
mod batches;
pub mod beat;
pub mod bodies;
pub mod buy;
pub mod cancel_after;
pub mod cancel_order;
pub mod cancel_orders;
pub mod cancel_platform_order;
pub mod cancel_venue_order;
pub mod connect;
pub mod create_item;
pub mod create_market;
pub mod create_quote;
pub mod create_universe;
pub mod create_webhook;
pub mod create_ws_ticket;
pub mod currencies;
pub mod delete_webhook;
pub mod deliver_webhooks;
pub mod disconnect;
pub mod docs;
pub mod exchange;
pub mod feed;
pub mod follow_venues;
pub mod get_asset;
pub mod get_asyncapi;
pub mod get_conservation;
pub mod get_item;
pub mod get_jwks;
pub mod get_market;
pub mod get_market_book;
pub mod get_me;
pub mod get_openapi;
pub mod get_order;
pub mod get_order_by_client_id;
pub mod get_platform_book;
pub mod get_quote;
pub mod get_rates;
pub mod get_request;
pub mod get_ticker;
pub mod get_transaction;
pub mod get_universe;
pub mod get_user;
pub mod get_venue_order;
pub mod get_wallet;
pub mod get_wallet_proof;
pub mod get_webhook;
pub mod health;
pub mod list_candles;
pub mod list_events;
pub mod list_items;
pub mod list_market_trades;
pub mod list_markets;
pub mod list_my_orders;
pub mod list_order_fills;
pub mod list_orders;
pub mod list_prices;
pub mod list_rates;
pub mod list_recent_trades;
pub mod list_trades;
pub mod list_universes;
pub mod list_venue_orders;
pub mod list_venues;
pub mod list_wallet_entries;
pub mod list_wallets;
pub mod list_webhook_deliveries;
pub mod list_webhooks;
pub mod login;
pub mod logout;
pub mod market_bodies;
pub mod match_orders;
pub mod message;
pub mod open_wallet;
pub mod operate_wallet;
pub mod order_bodies;
pub mod place_at_venue;
pub mod place_order;
pub mod place_platform_order;
pub mod place_stock_order;
pub mod place_venue_order;
pub mod preview_order;
pub mod project;
pub mod publish;
pub mod quotes;
pub mod ready;
pub mod receive_venue_report;
pub mod redeliver_event;
pub mod redoc;
pub mod refresh_session;
pub mod refund;
pub mod rotate_webhook_secret;
pub mod sessions;
pub mod set_market_status;
pub mod set_rate;
pub mod signup;
pub mod simulate;
pub mod sums;
pub mod sweep;
pub mod transfer;
pub mod update_item;
pub mod update_webhook;
pub mod user_events;
pub mod users;
pub mod venue_bodies;
pub mod void_request;
pub mod wallets;
pub mod webhook_bodies;
pub mod welcome;

use edge::{endpoint::Endpoint, function::StreamFunction, uses::Use};

/// All endpoints. Router, OpenAPI document, binaries, events and the authorisation matrix are
/// checked against this list by `tests/tidy`.
pub static ENDPOINTS: &[&Endpoint] = &[
    &signup::ENDPOINT,
    &login::ENDPOINT,
    &refresh_session::ENDPOINT,
    &logout::ENDPOINT,
    &create_ws_ticket::ENDPOINT,
    &get_me::ENDPOINT,
    &get_user::ENDPOINT,
    &get_jwks::ENDPOINT,
    &list_universes::ENDPOINT,
    &get_universe::ENDPOINT,
    &list_rates::ENDPOINT,
    &get_rates::ENDPOINT,
    &create_universe::ENDPOINT,
    &set_rate::ENDPOINT,
    &open_wallet::ENDPOINT,
    &list_wallets::ENDPOINT,
    &get_wallet::ENDPOINT,
    &operate_wallet::ENDPOINT,
    &list_wallet_entries::ENDPOINT,
    &get_wallet_proof::ENDPOINT,
    &transfer::ENDPOINT,
    &create_quote::ENDPOINT,
    &get_quote::ENDPOINT,
    &exchange::ENDPOINT,
    &list_items::ENDPOINT,
    &get_item::ENDPOINT,
    &create_item::ENDPOINT,
    &update_item::ENDPOINT,
    &buy::ENDPOINT,
    &list_trades::ENDPOINT,
    &get_transaction::ENDPOINT,
    &refund::ENDPOINT,
    &place_order::ENDPOINT,
    &place_platform_order::ENDPOINT,
    &list_orders::ENDPOINT,
    &list_my_orders::ENDPOINT,
    &get_order::ENDPOINT,
    &get_order_by_client_id::ENDPOINT,
    &list_order_fills::ENDPOINT,
    &cancel_order::ENDPOINT,
    &cancel_platform_order::ENDPOINT,
    &cancel_orders::ENDPOINT,
    &amend_order::ENDPOINT,
    &cancel_after::ENDPOINT,
    &preview_order::ENDPOINT,
    &list_markets::ENDPOINT,
    &get_market::ENDPOINT,
    &get_market_book::ENDPOINT,
    &list_market_trades::ENDPOINT,
    &list_candles::ENDPOINT,
    &get_ticker::ENDPOINT,
    &get_platform_book::ENDPOINT,
    &list_recent_trades::ENDPOINT,
    &list_prices::ENDPOINT,
    &create_market::ENDPOINT,
    &set_market_status::ENDPOINT,
    &list_venues::ENDPOINT,
    &place_venue_order::ENDPOINT,
    &place_stock_order::ENDPOINT,
    &list_venue_orders::ENDPOINT,
    &get_venue_order::ENDPOINT,
    &cancel_venue_order::ENDPOINT,
    &receive_venue_report::ENDPOINT,
    &get_conservation::ENDPOINT,
    &list_events::ENDPOINT,
    &create_webhook::ENDPOINT,
    &list_webhooks::ENDPOINT,
    &get_webhook::ENDPOINT,
    &update_webhook::ENDPOINT,
    &delete_webhook::ENDPOINT,
    &rotate_webhook_secret::ENDPOINT,
    &list_webhook_deliveries::ENDPOINT,
    &redeliver_event::ENDPOINT,
    &get_request::ENDPOINT,
    &void_request::ENDPOINT,
    &simulate::ENDPOINT,
    &welcome::ENDPOINT,
    &health::ENDPOINT,
    &ready::ENDPOINT,
    &get_openapi::ENDPOINT,
    &get_asyncapi::ENDPOINT,
    &docs::ENDPOINT,
    &redoc::ENDPOINT,
    &get_asset::ENDPOINT,
];

const PROJECTED: &[&str] = &["accounts", "journal", "orders"];
const PUBLISHED: &[&str] = &["accounts", "orders", "catalog"];

/// Functions behind the streams of tables, and the stems of these tables. Each follows each of
/// its tables by itself: rows of one table come in order, those of two do not.
pub static STREAM_FUNCTIONS: &[(&StreamFunction, &[&str])] =
    &[(&project::FUNCTION, PROJECTED), (&publish::FUNCTION, PUBLISHED)];

/// A function that is no endpoint.
#[derive(Debug, Clone, Copy)]
pub struct EventHandler {
    /// Its name: binary, event file, template.
    pub stem: &'static str,
    /// What wakes it.
    pub trigger: Trigger,
    /// What it needs of the world.
    pub uses: &'static [Use],
}

/// What wakes a function that is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The HTTP API, before it calls any other.
    Authorizer,
    /// A route of the WebSocket API.
    Route(&'static str),
    /// The FIFO queue that is rung on.
    MatchQueue,
    /// The queue of deliveries.
    WebhookQueue,
    /// The queue of orders at external venues.
    VenueQueue,
    /// The streams of the tables with these stems.
    Streams(&'static [&'static str]),
    /// A minute that has passed.
    EveryMinute,
}

/// All functions that are no endpoint.
pub static EVENT_HANDLERS: &[EventHandler] = &[
    handler("audit", Trigger::EveryMinute, audit::FUNCTION.uses),
    handler("authorize", Trigger::Authorizer, &[]),
    handler("beat", Trigger::EveryMinute, beat::FUNCTION.uses),
    handler("connect", Trigger::Route("$connect"), connect::FUNCTION.uses),
    handler("deliver-webhooks", Trigger::WebhookQueue, deliver_webhooks::FUNCTION.uses),
    handler("disconnect", Trigger::Route("$disconnect"), disconnect::FUNCTION.uses),
    handler("follow-venues", Trigger::EveryMinute, follow_venues::FUNCTION.uses),
    handler("match-orders", Trigger::MatchQueue, match_orders::FUNCTION.uses),
    handler("message", Trigger::Route("$default"), message::FUNCTION.uses),
    handler("place-at-venue", Trigger::VenueQueue, place_at_venue::FUNCTION.uses),
    handler("project", Trigger::Streams(PROJECTED), project::FUNCTION.uses),
    handler("publish", Trigger::Streams(PUBLISHED), publish::FUNCTION.uses),
    handler("sweep", Trigger::EveryMinute, sweep::FUNCTION.uses),
];

const fn handler(stem: &'static str, trigger: Trigger, uses: &'static [Use]) -> EventHandler {
    EventHandler { stem, trigger, uses }
}
