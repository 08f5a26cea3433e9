//! How a feed is opened and read, and what ends it: on sockets of this machine.

#![expect(clippy::disallowed_methods, reason = "what a test starts ends with it")]

use domain::webhook::Reach;
use futures_util::SinkExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::handshake::server::{ErrorResponse, Request as Upgrade, Response},
};

use super::*;
use crate::{
    auth::venue_secret::{SignatureHeaders, VenueSecret},
    venues::fixtures::{SECRET, nyx, signing},
};

/// A venue whose feed says what it is sent; it closes when nothing more can come. Its port, and
/// how it was asked.
async fn venue_saying(
    mut says: mpsc::UnboundedReceiver<Message>,
) -> (u16, JoinHandle<(String, SignatureHeaders)>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut asked = None;
        #[expect(clippy::result_large_err, reason = "the library's own")]
        let upgrade = |request: &Upgrade, response: Response| -> Result<Response, ErrorResponse> {
            let signature = SignatureHeaders::of(request.headers()).expect("signed");
            asked = Some((request.uri().to_string(), signature));
            Ok(response)
        };
        let mut socket = accept_hdr_async(stream, upgrade).await.expect("an upgrade");
        while let Some(message) = says.recv().await {
            // Whoever reads may have had enough.
            let _ = socket.send(message).await;
        }
        asked.expect("asked")
    });
    (port, serving)
}

fn feeds() -> WebSocketFeeds {
    WebSocketFeeds::new(signing(Reach::Loopback).0)
}

async fn opened(feeds: &WebSocketFeeds, port: u16, after: u64) -> Box<dyn VenueFeed> {
    let venue = nyx(&format!("http://127.0.0.1:{port}/v1"), &feeds.signing);
    feeds.open(&venue, after).await.expect("open")
}

fn price(seq: u64) -> Message {
    let text =
        format!(r#"{{"seq":{seq},"type":"price","instrument":"DOTUSDT00008","price":"100.10"}}"#);
    Message::text(text)
}

fn heartbeat(seq: u64) -> Message {
    Message::text(format!(r#"{{"seq":{seq},"type":"heartbeat"}}"#))
}

fn seqs(batch: Result<Vec<Numbered>, FeedFailed>) -> Vec<u64> {
    batch.expect("a batch").iter().map(|message| message.seq).collect()
}

const LONG: Span = Span::seconds(30);

/// A feed after 16 that says just this and closes, and what its messages and its end are.
async fn said(messages: Vec<Message>) -> (Vec<u64>, FeedFailed) {
    let (say, says) = mpsc::unbounded_channel();
    messages.into_iter().for_each(|message| say.send(message).expect("said"));
    drop(say);
    let (port, _venue) = venue_saying(says).await;
    let mut feed = opened(&feeds(), port, 16).await;
    let mut read = Vec::new();
    loop {
        match feed.next(10, LONG).await {
            Ok(batch) => read.extend(batch.iter().map(|message| message.seq)),
            Err(failed) => {
                assert_eq!(feed.next(10, LONG).await, Err(failed.clone()), "it stays ended");
                return (read, failed);
            }
        }
    }
}

#[tokio::test]
async fn a_feed_is_opened_after_a_message_by_a_signed_upgrade() {
    let (say, says) = mpsc::unbounded_channel();
    let (port, venue) = venue_saying(says).await;
    let mut feed = opened(&feeds(), port, 16).await;
    say.send(price(17)).expect("said");
    assert_eq!(seqs(feed.next(10, LONG).await), [17]);
    drop(say);
    let (target, signature) = venue.await.expect("served");
    assert_eq!(target, "/v1/feed?after=16");
    assert_eq!(signature.timestamp, "1800000000000");
    let secret = VenueSecret::parse(SECRET).expect("a secret");
    let SignatureHeaders { nonce, signature, .. } = signature;
    assert!(secret.verify(&signature, 1_800_000_000_000, &nonce, "GET", &target, b""));
}

#[tokio::test]
async fn a_batch_is_what_has_come_and_no_more_than_was_asked_for() {
    let (say, says) = mpsc::unbounded_channel();
    let (port, _venue) = venue_saying(says).await;
    let mut feed = opened(&feeds(), port, 0).await;
    for message in [heartbeat(0), price(1), price(2), price(3), Message::Ping(Vec::new().into())] {
        say.send(message).expect("said");
    }
    let mut read = seqs(feed.next(2, LONG).await);
    assert!((1..=2).contains(&read.len()), "{read:?}");
    while read.len() < 3 {
        let batch = seqs(feed.next(2, LONG).await);
        assert!((1..=2).contains(&batch.len()), "{batch:?}");
        read.extend(batch);
    }
    assert_eq!(read, [1, 2, 3]);
    assert_eq!(seqs(feed.next(2, Span::millis(5)).await), [0_u64; 0], "the wait is over");
}

#[tokio::test]
async fn what_came_before_the_end_is_handed_out_first() {
    let (read, ended) = said(vec![price(17), price(18)]).await;
    assert_eq!(read, [17, 18]);
    assert!(matches!(ended, FeedFailed::Broken(_)), "{ended:?}");
    let (read, ended) = said(vec![price(17), Message::Close(None)]).await;
    assert_eq!((read, matches!(ended, FeedFailed::Broken(_))), (vec![17], true));
}

#[tokio::test]
async fn a_heartbeat_tells_of_messages_that_did_not_come() {
    let (read, ended) = said(vec![heartbeat(16), price(17), heartbeat(17), heartbeat(19)]).await;
    assert_eq!((read, ended), (vec![17], FeedFailed::Gap { said: 19, read: 17 }));
}

#[tokio::test]
async fn what_is_no_message_ends_the_feed_and_is_named() {
    let wrong = Message::text(r#"{"seq":18,"type":"price","instrument":"USD","price":"1.00"}"#);
    let (read, ended) = said(vec![price(17), wrong]).await;
    assert_eq!(read, [17]);
    assert!(matches!(&ended, FeedFailed::Malformed(why) if why.contains("/instrument")), "{ended}");
    let (_, ended) = said(vec![Message::binary(vec![1])]).await;
    assert_eq!(ended, FeedFailed::Malformed("not a text".to_owned()));
    let (_, ended) = said(vec![Message::text("a".repeat(MESSAGE_BYTES_MAX + 1))]).await;
    assert!(matches!(ended, FeedFailed::Broken(_)), "{ended:?}");
}

#[tokio::test]
async fn a_feed_that_says_nothing_is_given_up() {
    let (_say, says) = mpsc::unbounded_channel();
    let (port, _venue) = venue_saying(says).await;
    let impatient = WebSocketFeeds { silence_max: Duration::from_millis(30), ..feeds() };
    let mut feed = opened(&impatient, port, 0).await;
    assert_eq!(feed.next(1, LONG).await, Err(FeedFailed::Silent));
}

/// A server that answers any request with these bytes, or never.
async fn answering(answer: Option<&'static str>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (mut stream, _): (TcpStream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        match answer {
            Some(answer) => stream.write_all(answer.as_bytes()).await.expect("answered"),
            None => while stream.read(&mut request).await.is_ok_and(|count| count > 0) {},
        }
    });
    port
}

#[tokio::test]
async fn a_feed_that_does_not_open_says_why() {
    let feeds = WebSocketFeeds { open_limit: Duration::from_millis(200), ..feeds() };
    let open = async |port: u16| {
        let venue = nyx(&format!("http://127.0.0.1:{port}"), &feeds.signing);
        feeds.open(&venue, 0).await.err().expect("it must not open")
    };
    let refused = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(open(answering(Some(refused)).await).await, FeedFailed::Refused(503));
    let garbage = open(answering(Some("what?\r\n\r\n")).await).await;
    assert!(matches!(garbage, FeedFailed::Broken(_)), "{garbage:?}");
    let timed_out = FeedFailed::Unreached(SendFailure::TimedOut);
    assert_eq!(open(answering(None).await).await, timed_out);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    assert_eq!(open(port).await, FeedFailed::Unreached(SendFailure::Unreachable));
    let nobody = NoFeeds.open(&nyx("http://127.0.0.1:9", &feeds.signing), 0).await;
    assert_eq!(nobody.err(), Some(FeedFailed::Unreached(SendFailure::Unreachable)));
}
