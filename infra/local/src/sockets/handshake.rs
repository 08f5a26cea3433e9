//! From an HTTP request to a WebSocket (RFC 6455, section 4.2), if the function `connect` lets
//! it. Origins are not looked at: credentials are in the address, and no browser adds them.

use std::{net::IpAddr, sync::Arc};

use app::ports::ConnectionId;
use axum::body::Body;
use edge::{
    dispatch::{method_not_allowed, refuse},
    function::{ApiGatewayProxyResponse, SocketEvent, handle_socket_event},
    problem::Problem,
};
use functions::{connect, feed};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts,
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::serve::Served;

use super::{
    connection::{Connection, part},
    events::Client,
};

/// What a client and a server have agreed on.
struct Agreed {
    accept_key: String,
    upgrade: OnUpgrade,
}

/// Answers a request to open a connection: with 101 and a connection, or with a problem.
pub(crate) async fn upgrade(
    served: &Arc<Served>,
    address: IpAddr,
    mut parts: Parts,
) -> Response<Body> {
    let agreed = match agree(&mut parts) {
        Ok(agreed) => agreed,
        Err(problem) => return refuse(&served.context, &parts.headers, problem).map(Body::from),
    };
    let Some(stopped) = served.sockets.stop.upgrade().map(|stop| stop.subscribe()) else {
        let problem = Problem::passing(503, "stopping", "the market is stopping");
        return refuse(&served.context, &parts.headers, problem).map(Body::from);
    };
    let market = &served.context.market;
    let id = ConnectionId(format!("{:032x}", market.entropy.bits()));
    let place = served.sockets.gateway.place(id.clone());
    let client = Client { id, address, connected_at: market.clock.now() };
    let event = client.connects(parts.uri.query().unwrap_or_default(), &parts.headers);
    let asked = SocketEvent::try_from(event.clone());
    let answer = handle_socket_event(&served.context, &connect::FUNCTION, event).await;
    match (answer.status_code, asked) {
        (200, Ok(asked)) => {
            let connection =
                Connection { served: Arc::clone(served), client, place, asked, stopped };
            tokio::spawn(connection.serve(agreed.upgrade));
        }
        _ => match code_of(&answer).and_then(|code| feed::farewell(&code)) {
            Some(farewell) => drop(tokio::spawn(part(agreed.upgrade, farewell))),
            None => return refusal(&answer),
        },
    }
    switched(&agreed.accept_key)
}

fn agree(parts: &mut Parts) -> Result<Agreed, Problem> {
    if parts.method != Method::GET {
        return Err(method_not_allowed());
    }
    let headers = &parts.headers;
    let wanted = names(headers, &header::CONNECTION, "upgrade")
        && names(headers, &header::UPGRADE, "websocket");
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    let (true, Some(upgrade)) = (wanted, upgrade) else {
        return Err(Problem::refused(426, "upgrade_required", "this path is for WebSockets"));
    };
    let version = headers.get(header::SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes);
    match headers.get(header::SEC_WEBSOCKET_KEY) {
        Some(key) if version == Some(b"13") => {
            Ok(Agreed { accept_key: derive_accept_key(key.as_bytes()), upgrade })
        }
        _ => {
            let detail = "a WebSocket is opened with a key, by version 13";
            Err(Problem::refused(400, "bad_handshake", detail))
        }
    }
}

/// Whether a header's list has this word.
fn names(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lists = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
}

fn code_of(answer: &ApiGatewayProxyResponse) -> Option<String> {
    let problem: Value = serde_json::from_slice(answer.body.as_deref()?).ok()?;
    problem["code"].as_str().map(str::to_owned)
}

/// What the function answered, as an answer of HTTP.
fn refusal(answer: &ApiGatewayProxyResponse) -> Response<Body> {
    let status =
        u16::try_from(answer.status_code).ok().and_then(|it| StatusCode::from_u16(it).ok());
    let body = answer.body.as_deref().map(<[u8]>::to_vec).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers.clone();
    response
}

fn switched(accept_key: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(key) = HeaderValue::from_str(accept_key) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    }
    response
}

/// The bytes of an upgraded connection.
pub(super) type Upgraded = TokioIo<hyper::upgrade::Upgraded>;
