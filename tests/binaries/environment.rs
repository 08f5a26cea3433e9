//! What a function needs to know from its environment, and that it ends without it.

use edge::boot;
use tokio::net::TcpListener;

use crate::{
    function::{Environment, output},
    market::Running,
    runtime_api::RuntimeApi,
};

/// What every endpoint needs.
const REQUIRED: [&str; 7] = [
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    boot::TABLE_PREFIX,
    boot::TOKEN_SECRET,
    boot::TOKEN_ISSUER,
    boot::TOKEN_AUDIENCE,
];

async fn ends_and_names(stem: &str, environment: &Environment, name: &str) {
    let api = RuntimeApi::start().await;
    let output = output(stem, environment, &api.address).await;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(!output.status.success(), "{stem} without {name}: {said}");
    assert!(said.lines().any(|line| line.contains(name)), "{stem} without {name}: {said}");
}

fn without(environment: &Environment, name: &str) -> Environment {
    environment.iter().filter(|(known, _)| *known != name).cloned().collect()
}

#[tokio::test]
async fn a_function_without_a_variable_ends_and_names_it() {
    let environment = Running::start().await.environment();
    for name in REQUIRED {
        ends_and_names("buy", &without(&environment, name), name).await;
    }
}

#[tokio::test]
async fn the_authorizer_without_a_secret_ends_and_names_it() {
    let environment = Running::start().await.environment();
    let name = boot::TOKEN_SECRET;
    ends_and_names("authorize", &without(&environment, name), name).await;
}

#[tokio::test]
async fn a_secret_that_is_none_is_named_and_not_shown() {
    let market = Running::start().await;
    let mut environment = without(&market.environment(), boot::TOKEN_SECRET);
    environment.push((boot::TOKEN_SECRET, "too-short-a-secret".to_owned()));
    ends_and_names("buy", &environment, boot::TOKEN_SECRET).await;
    let api = RuntimeApi::start().await;
    let output = output("buy", &environment, &api.address).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("too-short-a-secret"), "{said}");
}

/// So nothing is left behind by a test that is killed.
#[tokio::test]
async fn a_function_ends_when_its_runtime_api_is_gone() {
    let market = Running::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let gone = async move {
        let (socket, _) = listener.accept().await.expect("a connection");
        socket.readable().await.expect("a request");
    };
    let environment = market.environment();
    let ((), output) = tokio::join!(gone, output("health", &environment, &address));
    assert!(!output.status.success(), "{output:?}");
}
