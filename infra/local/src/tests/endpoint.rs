//! A market on a DynamoDB behind a socket.

use std::net::Ipv4Addr;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Response, StatusCode, header::CONTENT_TYPE},
};
use tempfile::tempdir;
use tokio::net::TcpListener;

use super::{lasting, password, refused, started};
use crate::{StartError, Storage, embedded::EmbeddedDynamo};

async fn answer(State(engine): State<EmbeddedDynamo>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let target = parts.headers["x-amz-target"].to_str().expect("text").to_owned();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let answer = engine.answer(target, body).await.expect("answered");
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).expect("a status");
    let json = "application/x-amz-json-1.0".parse().expect("a media type");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

#[tokio::test]
async fn a_market_on_an_endpoint_is_found_again_there() {
    let engine = EmbeddedDynamo::in_memory().expect("opened");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let service = axum::Router::new().fallback(answer).with_state(engine);
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async { axum::serve(listener, service).await });
    let directory = tempdir().expect("a directory");
    let dir = directory.path().to_path_buf();
    let storage = Storage::Endpoint { url, dir };

    let first = started(storage.clone()).await;
    assert!(password(&first).is_some());
    first.report_delivered().expect("remembered");
    let before = lasting(first.report());
    let error = refused(storage.clone()).await;
    assert!(matches!(error, StartError::Locked(_)), "the secret is in use: {error}");
    first.shutdown().await;
    let second = started(storage).await;

    assert_eq!(lasting(second.report()), before);
    assert_eq!(password(&second), None);
}
