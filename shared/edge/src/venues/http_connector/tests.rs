//! What a venue is asked, and what each of its answers means: on sockets of this machine.

#![expect(clippy::disallowed_methods, reason = "what a test starts ends with it")]

use std::sync::Arc;

use domain::{
    time::Span,
    venue::{VenueState, VenueStatus},
    webhook::{Reach, SealedSecret},
};
use ring::hmac;
use testkit::clock::ManualClock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::*;
use crate::venues::fixtures::{amount, nyx, order, signing};

const ID: &str = "vor_00000000000000000000000007";

/// What a venue does with the next request of a connection, once it has read it.
#[derive(Clone)]
enum Act {
    /// Answers, and keeps the connection.
    Say(String),
    /// Answers so much, and closes it.
    Break(&'static str),
    /// Says nothing.
    Hang,
    /// Closes the connection before there is a request.
    Close,
}

/// A venue: what it does on each connection. Its port, and what it read on each.
async fn venue_at(script: Vec<Vec<Act>>) -> (u16, JoinHandle<Vec<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = tokio::spawn(async move {
        let mut read = Vec::new();
        for acts in script {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            read.push(serve(&mut stream, acts).await);
        }
        read
    });
    (port, serving)
}

async fn serve(stream: &mut TcpStream, acts: Vec<Act>) -> Vec<String> {
    let mut requests = Vec::new();
    for act in acts {
        if matches!(act, Act::Close) {
            return requests;
        }
        requests.push(read_request(stream).await);
        match act {
            Act::Say(text) => stream.write_all(text.as_bytes()).await.expect("answered"),
            Act::Break(text) => {
                stream.write_all(text.as_bytes()).await.expect("answered");
                return requests;
            }
            Act::Hang | Act::Close => {}
        }
    }
    // As long as the other side is there.
    let _ = stream.read(&mut [0]).await;
    requests
}

/// A request with a body, if its head says that it has one.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header_of(head, "content-length")
                .map_or(0, |text| text.parse::<usize>().expect("a length"));
            if body.len() >= length {
                return text;
            }
        }
        let mut part = [0; 1024];
        let count = stream.read(&mut part).await.expect("a request");
        assert!(count > 0, "the request broke off: {text}");
        request.extend_from_slice(&part[..count]);
    }
}

fn header_of<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| {
        let (known, text) = line.split_once(": ")?;
        known.eq_ignore_ascii_case(name).then_some(text)
    })
}

fn say(status: &str, headers: &str, body: &str) -> Act {
    let length = body.len();
    Act::Say(format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}"))
}

fn state_json(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","venue_order_id":"X-1","status":"open","executed":"0","executions":[]}}"#
    )
}

fn open_state() -> Act {
    say("200 OK", "content-type: application/json\r\n", &state_json(ID))
}

fn known() -> VenueAnswer {
    VenueAnswer::Known(VenueState {
        reference: "X-1".parse().expect("a reference"),
        status: VenueStatus::Open,
        executed: amount(0),
        executions: Vec::new(),
    })
}

fn failed(failure: SendFailure) -> VenueAnswer {
    VenueAnswer::Failed(failure)
}

fn connector() -> (HttpVenueConnector, Arc<ManualClock>) {
    let (signing, clock) = signing(Reach::Loopback);
    (HttpVenueConnector::new(signing), clock)
}

fn at_port(connector: &HttpVenueConnector, port: u16) -> Venue {
    nyx(&format!("http://127.0.0.1:{port}/v1"), &connector.signing)
}

/// What each of the three questions is answered if the venue answers so.
async fn asked(act: Act) -> [VenueAnswer; 3] {
    let (port, _venue) = venue_at(vec![vec![act.clone(), act.clone(), act]]).await;
    let (connector, _) = connector();
    let (venue, order) = (at_port(&connector, port), order());
    [
        connector.place(&venue, &order).await,
        connector.find(&venue, &order).await,
        connector.cancel(&venue, &order).await,
    ]
}

/// The signature by another road than the connector's.
fn signature(request: &str, body: &str) -> String {
    let secret: Vec<u8> = (0..32).collect();
    let target: Vec<_> = request.split(' ').take(2).collect();
    let of = |name| header_of(request, name).expect("signed");
    let (at, nonce) = (of("x-venue-timestamp"), of("x-venue-nonce"));
    let message = format!("{at}.{nonce}.{}.{}.{body}", target[0], target[1]);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v1={digits}")
}

#[tokio::test]
async fn three_questions_go_over_one_connection_each_signed_by_itself() {
    let (port, venue) = venue_at(vec![vec![open_state(), open_state(), open_state()]]).await;
    let (connector, _) = connector();
    let (nyx, order) = (at_port(&connector, port), order());
    assert_eq!(connector.place(&nyx, &order).await, known());
    assert_eq!(connector.find(&nyx, &order).await, known());
    assert_eq!(connector.cancel(&nyx, &order).await, known());
    drop(connector);
    let read = venue.await.expect("served").remove(0);
    let lines: Vec<_> =
        read.iter().map(|request| request.lines().next().expect("a line")).collect();
    assert_eq!(lines[0], "POST /v1/orders HTTP/1.1");
    assert_eq!(lines[1], format!("GET /v1/orders/{ID} HTTP/1.1"));
    assert_eq!(lines[2], format!("DELETE /v1/orders/{ID} HTTP/1.1"));
    let mut nonces = std::collections::BTreeSet::new();
    for request in &read {
        let (head, body) = request.split_once("\r\n\r\n").expect("a head");
        assert_eq!(header_of(head, "x-venue-signature"), Some(&*signature(head, body)), "{head}");
        assert_eq!(header_of(head, "host"), Some(&*format!("127.0.0.1:{port}")));
        let nonce = header_of(head, "x-venue-nonce").expect("a nonce");
        assert_eq!(nonce.len(), 32);
        assert!(nonces.insert(nonce), "a nonce was used twice");
    }
    let body = read[0].split_once("\r\n\r\n").expect("a body").1;
    assert_eq!(body.as_bytes(), wire::order_json(&order));
    assert_eq!(header_of(&read[0], "content-type"), Some("application/json"));
}

#[tokio::test]
async fn an_order_is_signed_as_of_when_its_attempt_began_and_a_question_as_of_now() {
    let (port, venue) = venue_at(vec![vec![open_state(), open_state()]]).await;
    let (connector, _) = connector();
    let nyx = at_port(&connector, port);
    connector.place(&nyx, &order()).await;
    connector.find(&nyx, &order()).await;
    drop(connector);
    let read = venue.await.expect("served").remove(0);
    // The attempt began a second before the clock's 2027-01-15T08:00:00Z.
    assert_eq!(header_of(&read[0], "x-venue-timestamp"), Some("1799999999000"));
    assert_eq!(header_of(&read[1], "x-venue-timestamp"), Some("1800000000000"));
}

#[tokio::test]
async fn each_status_means_what_the_contract_says() {
    let created = say("201 Created", "", &state_json(ID));
    let broken = |status| VenueAnswer::Broken { status, retry_after: None };
    assert_eq!(asked(created).await, [known(), broken(201), broken(201)]);
    for status in [400, 409, 410, 413, 415, 422] {
        let refused = VenueAnswer::Refused { status };
        let act = say(&format!("{status} No"), "", r#"{"code":"no_such"}"#);
        assert_eq!(asked(act).await, [refused.clone(), refused.clone(), refused], "{status}");
    }
    let refused = VenueAnswer::Refused { status: 404 };
    let unknown = VenueAnswer::Unknown;
    assert_eq!(asked(say("404 No", "", "")).await, [refused, unknown.clone(), unknown]);
    for status in [202, 301, 302, 401, 402, 403, 405, 408, 425, 499, 500, 502, 503, 504, 599] {
        let act = say(&format!("{status} What"), "", "{}");
        assert_eq!(asked(act).await, [(); 3].map(|()| broken(status)), "{status}");
    }
}

#[tokio::test]
async fn a_venue_says_how_long_it_wants_to_be_left_alone() {
    let ask = async |status: &str, header: &str| {
        let [_, answer, _] = asked(say(status, header, "")).await;
        answer.retry_after().map(Span::as_millis)
    };
    let busy = asked(say("429 Busy", "retry-after: 7\r\n", "")).await;
    let expected = VenueAnswer::Busy { retry_after: Some(Span::seconds(7)) };
    assert_eq!(busy, [(); 3].map(|()| expected.clone()));
    assert_eq!(ask("503 Busy", "retry-after: 120\r\n").await, Some(120_000));
    let date = "retry-after: Fri, 15 Jan 2027 08:01:00 GMT\r\n";
    assert_eq!(ask("429 Busy", date).await, Some(60_000));
    assert_eq!(
        [ask("429 Busy", "").await, ask("429 Busy", "retry-after: soon\r\n").await],
        [None; 2]
    );
}

#[tokio::test]
async fn what_is_no_state_of_the_order_is_no_answer() {
    let other = state_json("vor_00000000000000000000000008");
    for body in ["", "{}", "<html>", "[]", &other] {
        let answers = asked(say("200 OK", "", body)).await;
        assert_eq!(answers, [(); 3].map(|()| failed(SendFailure::NoAnswer)), "{body}");
    }
}

#[tokio::test]
async fn a_venue_that_cannot_be_reached_did_nothing() {
    let (connector, _) = connector();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let place = async |url: &str| connector.place(&nyx(url, &connector.signing), &order()).await;
    let url = format!("http://127.0.0.1:{port}");
    assert_eq!(place(&url).await, failed(SendFailure::Unreachable));
    assert_eq!(place("nowhere").await, failed(SendFailure::Unresolved));
    assert_eq!(place("http://10.0.0.1").await, failed(SendFailure::Unresolved));
}

#[tokio::test]
async fn a_venue_that_never_finishes_a_connection_did_nothing() {
    // It waits for a request, and hears the beginning of TLS.
    let (port, _venue) = venue_at(vec![vec![Act::Hang]]).await;
    let (connector, _) = connector();
    let hasty = HttpVenueConnector { limit: Duration::from_millis(50), ..connector };
    let venue = nyx(&format!("https://127.0.0.1:{port}"), &hasty.signing);
    assert_eq!(hasty.place(&venue, &order()).await, failed(SendFailure::Unreachable));
}

#[tokio::test]
async fn in_the_open_a_venue_is_reached_by_tls_only_and_not_on_this_machine() {
    let (signing, _) = signing(Reach::Public);
    let connector = HttpVenueConnector::new(signing);
    for url in ["http://venue.example.com", "https://127.0.0.1", "https://localhost"] {
        let answer = connector.place(&nyx(url, &connector.signing), &order()).await;
        assert_eq!(answer, failed(SendFailure::Unresolved), "{url}");
    }
}

#[tokio::test]
async fn a_venue_without_a_secret_of_its_own_is_sent_nothing() {
    let (connector, _) = connector();
    let venue = Venue { secret: SealedSecret("AAAA".to_owned()), ..at_port(&connector, 9) };
    assert_eq!(connector.place(&venue, &order()).await, failed(SendFailure::Unsigned));
    let another = Venue { id: "nyy".parse().expect("an id"), ..at_port(&connector, 9) };
    assert_eq!(connector.place(&another, &order()).await, failed(SendFailure::Unsigned));
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_leaves_it_unclear() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"id\"";
    for answer in ["", "HTTP/1.1", "what?\r\n\r\n", head] {
        let (port, _venue) = venue_at(vec![vec![Act::Break(answer)]; 2]).await;
        let (connector, _) = connector();
        let (venue, order) = (at_port(&connector, port), order());
        let no_answer = failed(SendFailure::NoAnswer);
        assert_eq!(connector.place(&venue, &order).await, no_answer, "{answer}");
        assert_eq!(connector.find(&venue, &order).await, no_answer, "{answer}");
    }
}

#[tokio::test]
async fn a_venue_that_never_answers_is_given_up() {
    let (port, _venue) = venue_at(vec![vec![Act::Hang]]).await;
    let (connector, _) = connector();
    let hasty = HttpVenueConnector { limit: Duration::from_millis(50), ..connector };
    let answer = hasty.place(&at_port(&hasty, port), &order()).await;
    assert_eq!(answer, failed(SendFailure::TimedOut));
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_for_ever() {
    let long = "a".repeat(2 * 1024 * 1024);
    for act in [say("200 OK", "", &long), say("200 OK", &format!("x: {}\r\n", &long[..20_000]), "")]
    {
        let (port, _venue) = venue_at(vec![vec![act]]).await;
        let (connector, _) = connector();
        let answer = connector.place(&at_port(&connector, port), &order()).await;
        assert_eq!(answer, failed(SendFailure::NoAnswer));
    }
}

#[tokio::test]
async fn only_what_may_be_asked_twice_is_asked_again_when_a_kept_connection_breaks() {
    let breaking = vec![open_state(), Act::Break("")];
    let (port, venue) = venue_at(vec![breaking.clone(), breaking, vec![open_state()]]).await;
    let (connector, _) = connector();
    let (nyx, order) = (at_port(&connector, port), order());
    assert_eq!(connector.find(&nyx, &order).await, known());
    // It was written, and nobody knows what became of it.
    assert_eq!(connector.place(&nyx, &order).await, failed(SendFailure::NoAnswer));
    assert_eq!(connector.find(&nyx, &order).await, known());
    assert_eq!(connector.cancel(&nyx, &order).await, known());
    drop(connector);
    let read = venue.await.expect("served");
    assert_eq!(read.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    let nonce = |request: &str| header_of(request, "x-venue-nonce").map(str::to_owned);
    assert_ne!(nonce(&read[1][1]), nonce(&read[2][0]), "a venue takes no nonce twice");
}

#[tokio::test]
async fn a_connection_that_the_venue_has_closed_is_not_used() {
    let closing = vec![open_state(), Act::Close];
    let (port, venue) = venue_at(vec![closing, vec![open_state()]]).await;
    let (connector, _) = connector();
    let (nyx, order) = (at_port(&connector, port), order());
    assert_eq!(connector.find(&nyx, &order).await, known());
    while connector.pool.kept() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(connector.place(&nyx, &order).await, known());
    drop(connector);
    assert_eq!(venue.await.expect("served").len(), 2);
}

#[tokio::test]
async fn a_connection_is_kept_for_four_seconds() {
    let (port, venue) = venue_at(vec![vec![open_state(), open_state()], vec![open_state()]]).await;
    let (connector, clock) = connector();
    let (nyx, order) = (at_port(&connector, port), order());
    assert_eq!(connector.find(&nyx, &order).await, known());
    clock.advance(Span::millis(3_999));
    assert_eq!(connector.find(&nyx, &order).await, known());
    clock.advance(Span::millis(4_000));
    assert_eq!(connector.place(&nyx, &order).await, known());
    drop(connector);
    let read = venue.await.expect("served");
    assert_eq!(read.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
}
