//! A thousand listeners to one book: each is posted the same, and those who are gone hold nobody
//! up.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use app::ports::{Connection, ConnectionId, Topic};
use domain::time::Span;

use super::Venue;

const LISTENERS: usize = 1_000;

#[tokio::test]
async fn a_thousand_listeners_are_all_posted_every_message_in_order() {
    let mut venue = Venue::open(21).await;
    let world = Arc::clone(&venue.world);
    let store = &world.context.market.store;
    let topic = Topic::Book(venue.pair.id());
    let ids: Vec<_> = (0..LISTENERS).map(|number| ConnectionId(format!("c{number}"))).collect();
    for id in &ids {
        let connected_at = world.context.market.clock.now();
        let user = venue.traders[0].id;
        let connection = Connection { id: id.clone(), user, connected_at, noticed: false };
        store.put_connection(&connection).await.expect("put");
        store.subscribe(id, topic).await.expect("subscribed");
    }
    let gone: BTreeSet<_> = ids.iter().step_by(100).cloned().collect();
    gone.iter().for_each(|id| world.gateway.lose(id));
    world.pass(Span::seconds(60));
    for _ in 0..3 {
        venue.trade(6).await;
        venue.publish().await;
    }
    let mut heard = BTreeMap::<_, Vec<Arc<str>>>::new();
    for (id, frame) in world.gateway.posts() {
        heard.entry(id).or_default().push(frame.text);
    }
    let expected: BTreeSet<_> = ids.iter().filter(|id| !gone.contains(id)).cloned().collect();
    assert_eq!(heard.keys().cloned().collect::<BTreeSet<_>>(), expected);
    let first = heard.values().next().expect("a listener");
    assert!(first.len() >= 3);
    assert!(heard.values().all(|texts| texts == first), "the same, in the same order");
    let left = store.subscribers(topic).await.expect("readable");
    assert_eq!(left.iter().cloned().collect::<BTreeSet<_>>(), expected, "who is gone is forgotten");
}
