//! A cluster of two nodes, asked at the one that does not keep the key.

use std::cell::Cell;

use app::rate_cache::SharedCache;

use crate::{
    server::{Server, free_port},
    world::{World, mars_rate},
};

const KEY: &str = "rates:v1";

/// A node of a cluster, and the port where other nodes reach it.
fn node() -> (Server, String) {
    let bus = Cell::new(0);
    let server = Server::start_with(&|port, _| {
        bus.set(free_port());
        let (port, bus) = (port.to_string(), bus.get().to_string());
        let words = ["--port", &port, "--cluster-enabled", "yes", "--cluster-port", &bus];
        words.map(str::to_owned).to_vec()
    });
    (server, bus.get().to_string())
}

#[tokio::test]
async fn a_node_that_sends_us_to_another_is_obeyed() {
    let ((keeper, bus), (other, _)) = (node(), node());
    assert_eq!(keeper.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]), "OK");
    let port = keeper.port().to_string();
    assert_eq!(other.command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]), "OK");
    keeper.says("Cluster state changed: ok");
    other.says("Cluster state changed: ok");
    let moved = other.command(&["GET", KEY]);
    assert!(moved.starts_with("-MOVED") && moved.ends_with(&format!(":{port}")), "{moved}");

    let world = World::new().await;
    let cache = world.cache(&other.url());
    assert_eq!(cache.get().await, Ok(None));
    assert_eq!(mars_rate(&world.process(cache)).await, "2.5");
    assert_eq!(keeper.command(&["EXISTS", KEY]), "1");
    assert_eq!(world.store_reads(), 1);
    assert_eq!(mars_rate(&world.process(world.cache(&other.url()))).await, "2.5");
    assert_eq!(world.store_reads(), 0);
}
