//! What functions make of a WebSocket API's events, and what the gateway is answered.

use serde_json::{Value, json};

use super::*;

fn event(kind: &str, more: &Value) -> ApiGatewayWebsocketProxyRequest {
    let mut event = json!({"requestContext": {
        "connectionId": "L0SM9cOFvHcCIhw=", "eventType": kind, "requestId": "a-request",
        "connectedAt": 1_000, "requestTimeEpoch": 2_000,
        "identity": {"sourceIp": "192.0.2.10", "userAgent": "a client"},
    }});
    for (name, value) in more.as_object().expect("members") {
        event[name] = value.clone();
    }
    serde_json::from_value(event).expect("an event")
}

fn read(kind: &str, more: &Value) -> Result<SocketEventKind, (u16, &'static str)> {
    let event = SocketEvent::try_from(event(kind, more));
    let event = event.map_err(|problem| (problem.status, problem.code))?;
    assert_eq!(event.connection.0, "L0SM9cOFvHcCIhw=");
    assert_eq!(event.at, Timestamp::from_millis(2_000));
    assert_eq!(event.source_ip, "192.0.2.10");
    Ok(event.kind)
}

#[test]
fn an_event_is_an_opening_a_message_or_an_end() {
    let query = json!({"queryStringParameters": {"ticket": "tkt_1", "empty": ""}});
    let parameters = [("ticket", "tkt_1"), ("empty", "")];
    let query_read = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let user_agent = Some("a client".to_owned());
    let connect = SocketEventKind::Connect { query: query_read, user_agent };
    assert_eq!(read("CONNECT", &query), Ok(connect));
    let text = "{}".to_owned();
    assert_eq!(read("MESSAGE", &json!({"body": "{}"})), Ok(SocketEventKind::Message { text }));
    let empty = SocketEventKind::Message { text: String::new() };
    assert_eq!(read("MESSAGE", &json!({})), Ok(empty));
    assert_eq!(read("DISCONNECT", &json!({})), Ok(SocketEventKind::Disconnect));
}

#[test]
fn a_bad_event_is_refused() {
    assert_eq!(read("PING", &json!({})), Err((400, "unknown_event")));
    let binary = json!({"body": "AAAA", "isBase64Encoded": true});
    assert_eq!(read("MESSAGE", &binary), Err((422, "not_a_text")));
    let mut nameless = event("CONNECT", &json!({}));
    nameless.request_context.connection_id = None;
    let refused = SocketEvent::try_from(nameless).map_err(|problem| problem.code);
    assert_eq!(refused, Err("unknown_event"));
}

#[tokio::test]
async fn the_gateway_is_answered_whatever_the_function_does() {
    let (context, _) = world();
    let answered = async |function: SocketFunction| {
        let event = event("DISCONNECT", &json!({}));
        let response = handle_socket_event(&context, &function, event).await;
        let body = response.body.map(|body| serde_json::from_slice(&body).expect("JSON"));
        (response.status_code, body.map(|body: Value| body["code"].clone()))
    };
    let works =
        SocketFunction { stem: "works", uses: &[], handle: |_, _| Box::pin(async { Ok(()) }) };
    let refuses = SocketFunction {
        stem: "refuses",
        uses: &[],
        handle: |_, _| Box::pin(async { Err(Problem::refused(401, "invalid_ticket", "no")) }),
    };
    let panics = SocketFunction { stem: "panics", uses: &[], handle: |_, _| panic!("a bug") };
    assert_eq!(answered(works).await, (200, None));
    assert_eq!(answered(refuses).await, (401, Some("invalid_ticket".into())));
    assert_eq!(answered(panics).await, (500, Some("internal_error".into())));
}
