//! TLS, whom a process trusts, and the few rights that its user needs.

use std::{fs, path::Path, process::Command, sync::Arc};

use app::rate_cache::SharedCache;
use domain::time::Span;
use edge::valkey::ValkeyCache;

use crate::{
    server::{OPERATOR, OPERATORS_SOCKET, Server},
    world::{World, mars_rate},
};

/// What a function's user may do: what ElastiCache grants it in infra, too.
const RIGHTS: &str = "market on >pass~word ~rates:* +@read +@write +@connection +@scripting \
                      +cluster|slots +cluster|shards -@dangerous";

/// A server that speaks TLS only, with a certificate of an authority of its own, and knows
/// one user; and, on this machine alone, its operator.
pub(crate) fn secured() -> Server {
    Server::start_with(&|port, directory| {
        make_certificates(directory);
        let port = port.to_string();
        let options = [
            ("--port", "0"),
            ("--tls-port", &port),
            ("--tls-cert-file", "server.pem"),
            ("--tls-key-file", "server.key"),
            ("--tls-ca-cert-file", "authority.pem"),
            ("--tls-auth-clients", "no"),
            ("--user", RIGHTS),
            ("--user", "default off"),
            ("--user", OPERATOR),
            ("--unixsocket", OPERATORS_SOCKET),
        ];
        let words =
            options.iter().flat_map(|(name, values)| [*name].into_iter().chain(values.split(' ')));
        words.map(str::to_owned).collect()
    })
}

fn make_certificates(directory: &Path) {
    let key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1";
    openssl(
        directory,
        &format!("{key} -subj /CN=authority -keyout authority.key -out authority.pem"),
    );
    let names = "-addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE";
    let signed = "-CA authority.pem -CAkey authority.key";
    openssl(
        directory,
        &format!("{key} -subj /CN=server {names} {signed} -keyout server.key -out server.pem"),
    );
}

fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(directory)
        .output()
        .expect("the `openssl` command: install the package `openssl`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A cache of a user, over TLS.
fn cache(world: &World, server: &Server, user: &str) -> ValkeyCache {
    let url = format!("rediss://{user}@127.0.0.1:{}", server.port());
    world.hasty_cache(&url).with_answer_limit(Span::seconds(10))
}

pub(crate) fn trusting(cache: ValkeyCache, server: &Server) -> Arc<ValkeyCache> {
    let pem = fs::read(server.directory().join("authority.pem")).expect("the authority");
    Arc::new(cache.with_root_certificates(&pem).expect("a certificate"))
}

#[tokio::test]
async fn rates_are_shared_over_tls_by_a_user_with_few_rights() {
    let (server, world) = (secured(), World::new().await);
    let [first, second] = [0, 1]
        .map(|_| world.process(trusting(cache(&world, &server, "market:pass~word"), &server)));
    assert_eq!(mars_rate(&first).await, "2.5");
    assert_eq!(world.store_reads(), 1);
    assert_eq!(mars_rate(&second).await, "2.5");
    assert_eq!(world.store_reads(), 0);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_not_trusted() {
    let (server, world) = (secured(), World::new().await);
    let cache = Arc::new(cache(&world, &server, "market:pass~word"));
    let error = cache.get().await.expect_err("it is not trusted");
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    assert_eq!(mars_rate(&world.process(cache)).await, "2.5");
}

#[tokio::test]
async fn a_wrong_password_costs_the_cache_and_not_the_rates() {
    let (server, world) = (secured(), World::new().await);
    let cache = trusting(cache(&world, &server, "market:guess"), &server);
    let error = cache.get().await.expect_err("it is not let in");
    assert!(!error.to_string().contains("guess"), "{error}");
    assert_eq!(mars_rate(&world.process(cache)).await, "2.5");
}
