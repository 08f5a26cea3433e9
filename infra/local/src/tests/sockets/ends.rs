//! How connections end: by the client, by us, by neither.

use edge::sockets::PostError;

use super::*;

/// Waits until nobody is connected.
async fn nobody_left(market: &RunningMarket) {
    let left = timeout(PATIENCE, async {
        while !connections(market).await.is_empty() {
            tokio::task::yield_now().await;
        }
    });
    left.await.expect("nobody is left");
}

#[tokio::test]
async fn a_gone_connection_is_forgotten() {
    let market = started(Storage::Memory).await;
    let gateway = &market.context().gateway;
    for politely in [true, false] {
        let mut client = opened(&market).await;
        let id = only_connection(&market).await;
        if politely {
            client.close(None).await.expect("closed");
        }
        drop(client);
        nobody_left(&market).await;
        assert_eq!(gateway.post(&id, &Frame::plain("{}")).await, Err(PostError::Gone));
        assert_eq!(gateway.close(&id).await, Err(PostError::Gone));
    }
}

#[tokio::test]
async fn a_connection_that_is_closed_hears_first_what_was_posted() {
    let market = started(Storage::Memory).await;
    let mut client = opened(&market).await;
    let (gateway, id) = (&market.context().gateway, only_connection(&market).await);
    assert_eq!(gateway.post(&id, &Frame::plain("last words")).await, Ok(()));
    assert_eq!(gateway.close(&id).await, Ok(()));
    assert_eq!(gateway.post(&id, &Frame::plain("too late")).await, Err(PostError::Gone));
    assert_eq!(text(&mut client).await, "last words");
    assert_eq!(closed(&mut client).await, CloseCode::Normal);
    drop(client);
    nobody_left(&market).await;
}

#[tokio::test]
async fn what_is_no_text_or_too_large_or_no_websocket_ends_the_connection_with_its_code() {
    let market = started(Storage::Memory).await;
    let large = "x".repeat(128 * 1024 + 1);
    for (message, code) in [
        (Message::binary(&b"{}"[..]), CloseCode::Unsupported),
        (Message::text(large), CloseCode::Size),
    ] {
        let mut client = opened(&market).await;
        client.send(message).await.expect("sent");
        assert_eq!(closed(&mut client).await, code);
        drop(client);
        nobody_left(&market).await;
    }
    // A frame that is not masked, as only servers send them; and a text that is none.
    for (bytes, code) in
        [(&[0x81, 0x00][..], 1002_u16), (&[0x81, 0x81, 0, 0, 0, 0, 0xff][..], 1007)]
    {
        let mut client = opened(&market).await;
        client.get_mut().write_all(bytes).await.expect("sent");
        assert_eq!(closed(&mut client).await, CloseCode::from(code));
        drop(client);
        nobody_left(&market).await;
    }
}

#[tokio::test]
async fn a_market_that_stops_tells_its_clients_to_come_again_later() {
    let market = started(Storage::Memory).await;
    let (mut one, mut other) = (opened(&market).await, opened(&market).await);
    let ended = async { (closed(&mut one).await, closed(&mut other).await) };
    let ((), ends) =
        timeout(PATIENCE, async { tokio::join!(market.shutdown(), ended) }).await.expect("an end");
    assert_eq!(ends, (CloseCode::Away, CloseCode::Away));
}
