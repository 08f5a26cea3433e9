//! The AsyncAPI 3 description of the socket. What the channels say is described by the very types
//! that say it; a test holds every message that is sent to it.

use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    book::BookData, candles::CandlesData, heartbeat::BeatData, trades::TradesData, user::UserData,
};
use crate::{
    bodies::RateBody, get_platform_book::PlatformBookBody, get_ticker::TickerBody,
    user_events::UserEventData,
};

const ABOUT: &str = "One socket, many channels. POST /api/v1/auth/ws-ticket gives a ticket that \
    opens one connection within 60 s. Each channel begins with a snapshot, which takes the place \
    of all that you have of it; every message after it has `prev_seq` and `seq`. Keep the last \
    `seq` of each channel and market. A message whose `seq` is not above yours is old: ignore it. \
    One whose `prev_seq` is above yours shows that something is missing: ignore it and send \
    `resume` with your `seq`; if you have ignored one with a higher number than the `resumed` \
    that ends the replay, resume again. Any other message you apply, and its `seq` is yours. \
    Without a snapshot, or with a book whose checksum is not the message's, subscribe again. \
    Messages may be merged for a slow reader, never those of `user` and `trades`.";

/// Schemas by their names.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// What a message of a channel says, and with which words in `type`.
struct Channel {
    name: &'static str,
    about: &'static str,
    kinds: &'static [&'static str],
    /// Adds the schema of what it says, and names it.
    data: fn(&mut Schemas) -> String,
}

fn schema<T: ToSchema>(schemas: &mut Schemas) -> String {
    T::schemas(schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    T::name().into_owned()
}

/// Messages of channels; of some the snapshot says something else than what follows.
const CHANNELS: &[Channel] = &[
    Channel {
        name: "book",
        about: "Levels of a market's book. After a snapshot, levels as they are after each \
                change: quantity 0 removes one. `checksum` is the CRC-32 of the ten best levels \
                of each side: `price:quantity` of the best bid, the best ask, the second bid and \
                so on, joined by `:`; of no levels at all 0.",
        kinds: &["snapshot", "update"],
        data: schema::<BookData>,
    },
    Channel {
        name: "trades",
        about: "What was traded, numbered by the market's trades.",
        kinds: &["snapshot", "update"],
        data: schema::<TradesData>,
    },
    Channel {
        name: "ticker",
        about: "Best and last prices after each of a market's events.",
        kinds: &["snapshot", "update"],
        data: schema::<TickerBody>,
    },
    Channel {
        name: "candles",
        about: "Candles of one interval, numbered by the market's trades.",
        kinds: &["snapshot", "update"],
        data: schema::<CandlesData>,
    },
    Channel {
        name: "rates",
        about: "The rate of a currency, numbered by its versions. `market` is the currency.",
        kinds: &["snapshot", "update"],
        data: schema::<RateBody>,
    },
    Channel {
        name: "user",
        about: "The user's own events, the same as GET /api/v1/events and webhooks.",
        kinds: &[
            "opened",
            "deposit",
            "withdrawal",
            "transfer",
            "exchange",
            "purchase",
            "refund",
            "order_placed",
            "order_amended",
            "matched",
            "venue_order_placed",
            "venue_order",
            "venue_fill",
            "carried_forward",
        ],
        data: schema::<UserEventData>,
    },
    Channel {
        name: "user",
        about: "What the user has, at the beginning.",
        kinds: &["snapshot"],
        data: schema::<UserData>,
    },
    Channel {
        name: "heartbeat",
        about: "A sign of life, and how far each market has come.",
        kinds: &["beat"],
        data: schema::<BeatData>,
    },
];

/// The document.
#[must_use]
pub fn document(version: &str) -> Value {
    let mut schemas = Vec::new();
    let mut messages = Map::new();
    for channel in CHANNELS {
        let data = (channel.data)(&mut schemas);
        let name = match (channel.name, channel.kinds) {
            ("user", ["snapshot"]) => "user_snapshot",
            (name, _) => name,
        };
        messages.insert(name.to_owned(), message(channel, &data));
    }
    schema::<PlatformBookBody>(&mut schemas);
    let told: Vec<_> = messages.keys().cloned().chain(REPLIES.map(str::to_owned)).collect();
    messages.extend(replies());
    messages.insert("request".to_owned(), request());
    let mut components = Map::new();
    for (name, schema) in schemas {
        components.insert(name, serde_json::to_value(schema).unwrap_or_default());
    }
    let at_socket = |name: &String| json!({"$ref": format!("#/channels/socket/messages/{name}")});
    let in_components = messages
        .keys()
        .map(|name| (name.clone(), json!({"$ref": format!("#/components/messages/{name}")})));
    let listed: Map<_, _> = in_components.collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {"title": "Multiverse Market", "version": version, "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": {"market": {
            "host": "{host}",
            "protocol": "ws",
            "description": "`wss` but for a market on this computer",
            "variables": {"host": {"default": "localhost:8000"}},
        }},
        "channels": {"socket": {
            "address": "/ws/update",
            "description": "Also at /api/v1/ws/update.",
            "bindings": {"ws": {"method": "GET", "query": {
                "type": "object",
                "properties": {
                    "ticket": {"type": "string", "description": "of POST /api/v1/auth/ws-ticket"},
                    "token": {
                        "type": "string",
                        "deprecated": true,
                        "description": "an access token; the connection is then told in the \
                            shapes of the older trading platform",
                    },
                },
            }}},
            "messages": listed,
        }},
        "operations": {
            "ask": {
                "action": "receive",
                "channel": {"$ref": "#/channels/socket"},
                "messages": [at_socket(&"request".to_owned())],
            },
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/socket"},
                "messages": told.iter().map(at_socket).collect::<Vec<_>>(),
            },
        },
        "components": {"messages": messages, "schemas": components},
    })
}

fn message(channel: &Channel, data: &str) -> Value {
    let mut properties = json!({
        "channel": {"const": channel.name},
        "market": {"type": ["string", "null"]},
        "seq": {"type": ["integer", "null"], "minimum": 0},
        "prev_seq": {"type": ["integer", "null"], "minimum": 0},
        "ts": {"type": "string", "format": "date-time"},
        "type": {"enum": channel.kinds},
        "data": {"$ref": format!("#/components/schemas/{data}")},
    });
    // A user's event has a name, by which it is known over HTTP and to webhooks as well.
    if channel.name == "user"
        && let Some(properties) = properties.as_object_mut()
    {
        properties.insert("id".to_owned(), json!({"type": "string"}));
    }
    json!({
        "title": channel.name,
        "summary": channel.about,
        "payload": {
            "type": "object",
            "required": ["channel", "market", "seq", "prev_seq", "ts", "type", "data"],
            "properties": properties,
            "additionalProperties": false,
        },
    })
}

/// Messages that are of no channel's content.
const REPLIES: [&str; 11] = [
    "subscribed",
    "unsubscribed",
    "resumed",
    "resync_required",
    "pong",
    "error",
    "reconnect",
    "connected",
    "order_book_update",
    "order_status",
    "price_change",
];

fn reply(about: &str, key: &str, name: &str, others: Value, required: &[&str]) -> Value {
    let mut properties = Map::from_iter([(key.to_owned(), json!({"const": name}))]);
    if let Value::Object(others) = others {
        properties.extend(others);
    }
    let required: Vec<_> = [key].into_iter().chain(required.iter().copied()).collect();
    json!({
        "title": name,
        "summary": about,
        "payload": {
            "type": "object",
            "required": required,
            "properties": properties,
            "additionalProperties": false,
        },
    })
}

fn replies() -> Map<String, Value> {
    let place = || {
        json!({
            "channel": {"type": "string"},
            "market": {"type": ["string", "null"]},
            "interval": {"type": ["string", "null"]},
            "id": {"description": "the request's own"},
        })
    };
    let with = |mut to: Value, from: Value| {
        if let (Value::Object(to), Value::Object(from)) = (&mut to, from) {
            to.extend(from);
        }
        to
    };
    let number = || json!({"type": "integer", "minimum": 0});
    let text = || json!({"type": "string"});
    let numbers = json!({"seq": number(), "newest": number()});
    let all = [
        ("subscribed", reply("It begins.", "type", "subscribed", place(), &["channel"])),
        ("unsubscribed", reply("It ends.", "type", "unsubscribed", place(), &["channel"])),
        (
            "resumed",
            reply(
                "All up to `seq` was sent. If that is below `newest`, resume again from there.",
                "type",
                "resumed",
                with(place(), numbers),
                &["channel", "seq", "newest"],
            ),
        ),
        (
            "resync_required",
            reply(
                "What was missed is not sent; a snapshot follows.",
                "type",
                "resync_required",
                place(),
                &["channel"],
            ),
        ),
        ("pong", reply("To a ping.", "type", "pong", json!({"id": {}}), &[])),
        (
            "error",
            reply(
                "What was asked cannot be done; the connection stays.",
                "type",
                "error",
                json!({"code": text(), "message": text(), "id": {}}),
                &["code", "message"],
            ),
        ),
        (
            "reconnect",
            reply(
                "The connection ends at this time: open another one and resume there.",
                "type",
                "reconnect",
                json!({"closes_at": {"type": "string", "format": "date-time"}}),
                &["closes_at"],
            ),
        ),
    ];
    let all = all.into_iter().chain(platform());
    all.map(|(name, message)| (name.to_owned(), message)).collect()
}

/// Messages to connections that were opened with an access token.
fn platform() -> [(&'static str, Value); 4] {
    let text = || json!({"type": "string"});
    let time = || json!({"type": "string", "format": "date-time"});
    let data = |names: &[&str]| {
        let properties = names.iter().map(|name| ((*name).to_owned(), text()));
        json!({"type": "object", "required": names, "properties": Map::from_iter(properties)})
    };
    let about = "To a connection that was opened with `token`.";
    [
        (
            "connected",
            reply(
                about,
                "event",
                "connected",
                json!({"message": text(), "user_id": text()}),
                &["message", "user_id"],
            ),
        ),
        (
            "order_book_update",
            reply(
                about,
                "type",
                "order_book_update",
                json!({"data": {"$ref": "#/components/schemas/PlatformBookBody"}}),
                &["data"],
            ),
        ),
        (
            "order_status",
            reply(
                about,
                "event",
                "order_status",
                json!({
                    "timestamp": time(),
                    "data": data(&[
                        "order_id", "status", "filled_quantity", "remaining_quantity",
                    ]),
                }),
                &["timestamp", "data"],
            ),
        ),
        (
            "price_change",
            reply(
                about,
                "event",
                "price_change",
                json!({"timestamp": time(), "data": data(&["price", "timestamp"])}),
                &["timestamp", "data"],
            ),
        ),
    ]
}

fn request() -> Value {
    json!({
        "title": "request",
        "summary": "What a client may say, in at most 4 KB.",
        "payload": {
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": {"enum": ["subscribe", "unsubscribe", "resume", "ping"]},
                "channel": {"enum": [
                    "book", "trades", "ticker", "candles", "rates", "user", "heartbeat",
                ]},
                "market": {
                    "type": "string",
                    "description": "as in MRC-USD; of `rates` a currency, as in MRC",
                },
                "interval": {"enum": ["1m", "5m", "1h", "1d"]},
                "seq": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "to resume: the last that was followed",
                },
                "id": {"description": "comes back with the answer"},
            },
            "additionalProperties": false,
        },
    })
}
