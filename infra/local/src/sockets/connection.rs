//! One open WebSocket: sends what waits, hands on what is said, and ends in good order. What is
//! said and sent is not looked at.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use edge::{
    function::{SocketEvent, handle_socket_event},
    sockets::Frame as Text,
};
use functions::{connect, disconnect, message};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncReadExt, sync::watch, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{
            CloseFrame, Role, WebSocketConfig,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

use crate::{doorbell::goes_on_after, serve::Served};

use super::{
    Place,
    events::Client,
    handshake::Upgraded,
    outbox::{Ending, Next, Outbox},
};

/// The most bytes that a client may send at once: what API Gateway takes.
const MESSAGE_BYTES_MAX: usize = 128 * 1024;
/// The most bytes of a message in one frame: what API Gateway puts there.
const FRAME_BYTES_MAX: usize = 32 * 1024;
/// Small, for there are many connections and they say little.
const BUFFER_BYTES: usize = 4096;
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long a connection may last: as long as with API Gateway, so that clients meet it here.
const LIFE: Duration = Duration::from_secs(2 * 3600);
/// How many pings in a row may stay without any sign of life.
const PINGS_MISSED_MAX: u32 = 2;
/// How long a client may take over its end: first to read what waits, then to hang up.
const ENDING_LIMIT: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<Upgraded>;

/// A connection that the function `connect` has let in.
pub(super) struct Connection {
    pub(super) served: Arc<Served>,
    pub(super) client: Client,
    pub(super) place: Place,
    /// What it was let in by.
    pub(super) asked: SocketEvent,
    pub(super) stopped: watch::Receiver<bool>,
}

/// How a connection came to its end.
enum Over {
    /// We end it.
    Ours(Ending),
    /// The client has said that it ends it.
    Theirs,
    /// Nobody is there any more.
    Lost,
}

impl Connection {
    /// Serves it until it is over, and tells the function `disconnect`.
    pub(super) async fn serve(mut self, upgrade: OnUpgrade) {
        match open(upgrade).await {
            Some(socket) => self.talk(socket).await,
            None => tracing::debug!(connection = %self.client.id, "gone before it was open"),
        }
        let Self { served, client, place, asked: _, stopped } = self;
        // Nothing is taken for it any more once its end is told.
        drop(place);
        let event = client.leaves(served.context.market.clock.now());
        handle_socket_event(&served.context, &disconnect::FUNCTION, event).await;
        drop(stopped);
    }

    async fn talk(&mut self, socket: Socket) {
        let (mut sink, mut stream) = socket.split();
        let missed = AtomicU32::new(0);
        let outbox = &*self.place.outbox;
        let talking = async {
            tokio::select! {
                over = send(&mut sink, outbox) => over,
                over = hear(&self.served, &self.client, &self.asked, &mut stream, &missed) => over,
                over = watch(outbox, &missed, PING_INTERVAL) => over,
                over = overdue(outbox) => over,
                over = grown_old(LIFE) => over,
            }
        };
        let mut over = Over::Ours(Ending::new(CloseCode::Away, "the market stops"));
        goes_on_after(&mut self.stopped, async { over = talking.await }).await;
        if let Ok(socket) = sink.reunite(stream) {
            finish(socket, over).await;
        }
    }
}

async fn open(upgrade: OnUpgrade) -> Option<Socket> {
    let bytes = TokioIo::new(upgrade.await.ok()?);
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    Some(WebSocketStream::from_raw_socket(bytes, Role::Server, Some(config)).await)
}

/// Opens a connection only to say one thing and to close it for that.
pub(super) async fn part(upgrade: OnUpgrade, farewell: Text) {
    let Some(mut socket) = open(upgrade).await else { return };
    let said = timeout(ENDING_LIMIT, async {
        for message in messages(&farewell) {
            socket.send(message).await?;
        }
        Ok::<_, Error>(())
    });
    if matches!(said.await, Ok(Ok(()))) {
        finish(socket, Over::Ours(Ending::new(CloseCode::Policy, ""))).await;
    }
}

/// Sends what waits, for ever.
async fn send(sink: &mut SplitSink<Socket, Message>, outbox: &Outbox) -> Over {
    loop {
        let sent = match outbox.next().await {
            Next::Send(frames) => send_all(sink, &frames).await,
            Next::Ping => sink.send(Message::Ping(Bytes::new())).await,
            Next::End(ending) => return Over::Ours(ending),
        };
        if sent.is_err() {
            return Over::Lost;
        }
    }
}

async fn send_all(sink: &mut SplitSink<Socket, Message>, frames: &[Text]) -> Result<(), Error> {
    for message in frames.iter().flat_map(messages) {
        sink.feed(message).await?;
    }
    sink.flush().await
}

/// A text as the frames of one message, which share its bytes.
fn messages(text: &Text) -> impl Iterator<Item = Message> + use<> {
    let mut rest = Bytes::from_owner(SharedText(Arc::clone(&text.text)));
    let mut data = Some(Data::Text);
    std::iter::from_fn(move || {
        let opcode = OpCode::Data(data.take()?);
        let part = rest.split_to(rest.len().min(FRAME_BYTES_MAX));
        let is_last = rest.is_empty();
        data = (!is_last).then_some(Data::Continue);
        Some(Message::Frame(Frame::message(part, opcode, is_last)))
    })
}

struct SharedText(Arc<str>);

impl AsRef<[u8]> for SharedText {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Greets, then hands on what the client says, one thing after the other.
async fn hear(
    served: &Served,
    client: &Client,
    asked: &SocketEvent,
    stream: &mut SplitStream<Socket>,
    missed: &AtomicU32,
) -> Over {
    if let Err(problem) = connect::opened(&served.context, asked).await {
        tracing::warn!(code = problem.code, "not greeted: {}", problem.detail);
    }
    loop {
        let heard = stream.next().await;
        missed.store(0, Ordering::Relaxed);
        match heard {
            Some(Ok(Message::Text(text))) => {
                let event = client.says(text.to_string(), served.context.market.clock.now());
                handle_socket_event(&served.context, &message::FUNCTION, event).await;
            }
            Some(Ok(Message::Binary(_))) => {
                return Over::Ours(Ending::new(CloseCode::Unsupported, "texts only"));
            }
            Some(Ok(Message::Close(_))) => return Over::Theirs,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(Error::Capacity(_))) => {
                return Over::Ours(Ending::new(CloseCode::Size, "128 KB at most"));
            }
            Some(Err(Error::Utf8(_))) => {
                return Over::Ours(Ending::new(CloseCode::Invalid, "not a text"));
            }
            Some(Err(Error::Protocol(_))) => {
                return Over::Ours(Ending::new(CloseCode::Protocol, ""));
            }
            Some(Err(_)) | None => return Over::Lost,
        }
    }
}

/// Asks now and then whether the client is there. Ends when it is not.
async fn watch(outbox: &Outbox, missed: &AtomicU32, interval: Duration) -> Over {
    loop {
        tokio::time::sleep(interval).await;
        if missed.fetch_add(1, Ordering::Relaxed) >= PINGS_MISSED_MAX {
            return Over::Lost;
        }
        outbox.ping();
    }
}

/// Ends when a connection has lasted as long as one may.
async fn grown_old(life: Duration) -> Over {
    tokio::time::sleep(life).await;
    Over::Ours(Ending::new(CloseCode::Away, "two hours are over"))
}

/// Ends some time after the connection should have: its client does not read.
async fn overdue(outbox: &Outbox) -> Over {
    outbox.ended().await;
    tokio::time::sleep(ENDING_LIMIT).await;
    match outbox.ending() {
        Some(ending) => Over::Ours(ending),
        None => Over::Lost,
    }
}

/// Says goodbye, and waits a little for the client to hang up: if it were hung up on while it
/// still says something, what it was told last would be lost on its way.
async fn finish(mut socket: Socket, over: Over) {
    let farewell = match over {
        Over::Ours(Ending { code, reason }) => Some(CloseFrame { code, reason: reason.into() }),
        Over::Theirs => None,
        Over::Lost => return,
    };
    let parted = timeout(ENDING_LIMIT, async {
        socket.close(farewell).await?;
        let mut ignored = [0; BUFFER_BYTES];
        let bytes = socket.get_mut();
        while bytes.read(&mut ignored).await? > 0 {}
        Ok::<_, Error>(())
    });
    if !matches!(parted.await, Ok(Ok(()))) {
        tracing::debug!("a connection was cut off");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_ends_when_its_time_is_over() {
        let over = grown_old(Duration::from_millis(5)).await;
        assert!(matches!(over, Over::Ours(Ending { code: CloseCode::Away, .. })));
    }

    #[tokio::test]
    async fn a_client_is_hung_up_on_after_two_pings_without_a_sign_of_life() {
        let (outbox, missed) = (Outbox::default(), AtomicU32::new(0));
        let mut pings = 0_u32;
        let pinged = async {
            while let Next::Ping = outbox.next().await {
                pings += 1;
                // An answer to each of the first five.
                if pings <= 5 {
                    missed.store(0, Ordering::Relaxed);
                }
            }
        };
        tokio::select! {
            over = watch(&outbox, &missed, Duration::from_millis(5)) => {
                assert!(matches!(over, Over::Lost));
            }
            () = pinged => panic!("nothing but pings"),
        }
        assert_eq!(pings, 7, "five with an answer, two without");
    }

    #[test]
    fn a_long_text_goes_in_frames_of_32_kb_that_share_its_bytes() {
        let frames = |bytes: usize| -> Vec<(bool, OpCode, usize)> {
            let text = Text::plain("x".repeat(bytes));
            let frames = messages(&text).map(|message| match message {
                Message::Frame(frame) => {
                    let header = frame.header();
                    (header.is_final, header.opcode, frame.payload().len())
                }
                other => panic!("no frame: {other:?}"),
            });
            frames.collect()
        };
        let (text, rest) = (OpCode::Data(Data::Text), OpCode::Data(Data::Continue));
        assert_eq!(frames(0), [(true, text, 0)]);
        assert_eq!(frames(32_768), [(true, text, 32_768)]);
        assert_eq!(frames(32_769), [(false, text, 32_768), (true, rest, 1)]);
        let all = frames(131_072);
        assert_eq!(all.len(), 4);
        assert_eq!(all[3], (true, rest, 32_768));
    }
}
