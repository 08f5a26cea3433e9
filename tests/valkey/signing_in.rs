//! Signing in with IAM, to a server whose user's password is the token of a moment: what a
//! process does when its token lapses, its connection ends, or its session would.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use app::{
    ports::Clock,
    rate_cache::{HARD_AGE, SharedCache},
};
use domain::time::Span;
use dynamo::Access;
use edge::valkey::{
    PAUSE, ValkeyCache,
    iam::{CacheKind, IamSignIn, TOKEN_LIFE},
};
use tokio::{net::TcpListener, time::timeout};

use crate::{
    failing::{IN_TIME, assert_skipped, timed},
    secured::{secured, trusting},
    server::Server,
    world::{World, mars_rate},
};

const SECRET: &str = "wJalrXUtnFEMIbPxRfiCY";

fn sign_in() -> IamSignIn {
    let access = Access {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: SECRET.into(),
        session_token: Some("IQoJb3JpZ2luX2Vj//8+ab==".into()),
        region: "eu-central-1".to_owned(),
        endpoint: None,
    };
    let cache = "market-rates".parse().expect("a name");
    IamSignIn { cache, kind: CacheKind::Serverless, access }
}

/// A server, and a process's cache that signs in to it.
struct Stage {
    server: Server,
    world: World,
    cache: Arc<ValkeyCache>,
}

impl Stage {
    async fn new() -> Self {
        let (server, world) = (secured(), World::new().await);
        let url = format!("rediss://market@127.0.0.1:{}", server.port());
        let cache = world.hasty_cache(&url).with_answer_limit(Span::seconds(10));
        let cache = trusting(cache.with_iam(sign_in()).expect("TLS and a user"), &server);
        Self { server, world, cache }
    }

    /// From now on the server takes the token of this moment, as IAM would, and no other.
    fn takes_the_token_of_now(&self) -> String {
        let token = sign_in().token("market", self.world.clock.now()).expect("a token");
        let password = format!(">{token}");
        let set = self.server.operate(&["ACL", "SETUSER", "market", "resetpass", &password]);
        assert_eq!(set, "OK");
        token
    }

    /// The number that the server gave to the process's connection, and how many there are.
    fn connections(&self) -> Vec<String> {
        let all = self.server.operate(&["CLIENT", "LIST"]);
        let ours = all.lines().filter(|client| client.contains(" user=market "));
        ours.filter_map(|client| client.split(' ').next()).map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn processes_that_sign_in_share_rates() {
    let stage = Stage::new().await;
    stage.takes_the_token_of_now();
    assert_eq!(mars_rate(&stage.world.process(stage.cache.clone())).await, "2.5");
    assert_eq!(stage.world.store_reads(), 1);
    assert_eq!(mars_rate(&stage.world.process(stage.cache.clone())).await, "2.5");
    assert_eq!(stage.world.store_reads(), 0);
}

#[tokio::test]
async fn an_open_connection_outlives_its_token() {
    let stage = Stage::new().await;
    stage.takes_the_token_of_now();
    assert_eq!(stage.cache.get().await, Ok(None));
    let before = stage.connections();
    stage.world.clock.advance(TOKEN_LIFE);
    stage.takes_the_token_of_now();
    assert_eq!(stage.cache.get().await, Ok(None));
    assert_eq!(stage.connections(), before);
    assert_eq!(before.len(), 1);
}

#[tokio::test]
async fn a_connection_that_ended_after_its_token_comes_back_with_a_fresh_one() {
    let stage = Stage::new().await;
    let first = stage.takes_the_token_of_now();
    assert_eq!(stage.cache.get().await, Ok(None));
    stage.world.clock.advance(TOKEN_LIFE);
    stage.server.operate(&["CLIENT", "KILL", "USER", "market"]);
    assert!(stage.cache.get().await.is_err(), "its connection is gone");

    stage.world.clock.advance(PAUSE);
    assert_ne!(stage.takes_the_token_of_now(), first);
    assert_eq!(stage.cache.get().await, Ok(None));
    assert_eq!(stage.connections().len(), 1);
}

#[tokio::test]
async fn a_token_that_is_refused_costs_the_cache_and_not_the_rates_and_is_not_repeated() {
    let stage = Stage::new().await;
    let token = stage.takes_the_token_of_now();
    stage.world.clock.advance(Span::seconds(1));
    let error = stage.cache.get().await.expect_err("it is not let in");
    let said = format!("{error} {error:?}");
    for part in [SECRET, "X-Amz-Signature", "IQoJb3JpZ2lu", &token] {
        assert!(!said.contains(part), "{said}");
    }
    assert_eq!(mars_rate(&stage.world.process(stage.cache.clone())).await, "2.5");

    stage.world.clock.advance(PAUSE);
    stage.takes_the_token_of_now();
    assert_eq!(stage.cache.get().await, Ok(None));
}

#[tokio::test]
async fn a_connection_is_replaced_an_hour_before_its_session_ends() {
    let stage = Stage::new().await;
    stage.takes_the_token_of_now();
    assert_eq!(stage.cache.get().await, Ok(None));
    let before = stage.connections();
    let eleven_hours = Span::seconds(11 * 60 * 60);
    stage.world.clock.advance(Span::of_millis(eleven_hours.as_millis() - 1));
    assert_eq!(stage.cache.get().await, Ok(None));
    assert_eq!(stage.connections(), before);

    // The request that comes then has its answer: nothing fails, nothing pauses.
    stage.world.clock.advance(Span::millis(1));
    stage.takes_the_token_of_now();
    assert_eq!(stage.cache.get().await, Ok(None));
    let only_one = async {
        while stage.connections().len() > 1 {
            tokio::task::yield_now().await;
        }
    };
    timeout(IN_TIME, only_one).await.expect("the old one is closed");
    assert_ne!(stage.connections(), before);
}

#[tokio::test]
async fn a_cold_start_waits_for_a_silent_address_once_and_then_not_at_all() {
    let world = World::new().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let cache = world.hasty_cache(&format!("rediss://market@127.0.0.1:{port}"));
    let cache = Arc::new(cache.with_iam(sign_in()).expect("TLS and a user"));
    for _ in 0..2 {
        let (rate, took) = timed(&world, &cache).await;
        assert_eq!(rate, "2.5");
        assert!((Duration::from_millis(50)..IN_TIME).contains(&took), "{took:?}");
        assert_skipped(&world, &cache).await;
        world.clock.advance(HARD_AGE);
    }
}
