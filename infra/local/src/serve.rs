//! HTTP/1.1 on a socket, in front of the endpoints and of WebSockets. What a request means, the
//! edge decides.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::{Body, BodyDataStream},
    extract::{ConnectInfo, Request, State, connect_info::IntoMakeServiceWithConnectInfo},
    serve::ListenerExt,
};
use bytes::{Bytes, BytesMut};
use edge::{
    call::BODY_BYTES_MAX,
    context::Context,
    dispatch::{Source, refuse},
    problem::Problem,
    router::Router,
};
use futures_util::{FutureExt, StreamExt};
use http::Response;
use tokio::{net::TcpListener, sync::oneshot};

use crate::sockets::{self, Sockets};

/// What a body may have and still be read to its end: a client that sends it finds our refusal
/// behind it, where it would otherwise find a broken connection.
const BODY_BYTES_READ_MAX: usize = 1024 * 1024;

/// All endpoints and what they work with.
pub(crate) struct Served {
    pub(crate) router: Router,
    pub(crate) context: Context,
    pub(crate) sockets: Sockets,
}

/// Serves until told to stop, or until nobody is left who could tell; then finishes what is
/// open.
pub(crate) async fn serve(listener: TcpListener, served: Arc<Served>, stop: oneshot::Receiver<()>) {
    // Answers are small: without this, the kernel would hold some back for up to 40 ms.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection delays small packets");
        }
    });
    let stopped = stop.map(|_| ());
    let done = axum::serve(listener, service(served)).with_graceful_shutdown(stopped).await;
    if let Err(error) = done {
        tracing::error!(%error, "the server failed");
    }
}

fn service(served: Arc<Served>) -> IntoMakeServiceWithConnectInfo<axum::Router, SocketAddr> {
    axum::Router::new().fallback(answer).with_state(served).into_make_service_with_connect_info()
}

async fn answer(
    State(served): State<Arc<Served>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    if sockets::PATHS.contains(&parts.uri.path()) {
        return sockets::upgrade(&served, peer.ip(), parts).await;
    }
    let response = match read(body.into_data_stream()).await {
        Ok(body) => {
            parts.extensions.insert(Source(peer.ip().to_string()));
            served.router.answer(&served.context, Request::from_parts(parts, body)).await
        }
        Err(error) => {
            tracing::debug!(%error, "a body was cut short");
            let problem = Problem::refused(400, "body_incomplete", "the body ended too early");
            refuse(&served.context, &parts.headers, problem)
        }
    };
    response.map(Body::from)
}

/// The body, or of one that is too large, as much as the edge needs to refuse it.
async fn read(mut stream: BodyDataStream) -> Result<Bytes, axum::Error> {
    let mut kept = BytesMut::new();
    let mut seen = 0_usize;
    while seen <= BODY_BYTES_READ_MAX
        && let Some(part) = stream.next().await
    {
        let part = part?;
        seen = seen.saturating_add(part.len());
        let room = BODY_BYTES_MAX.saturating_add(1).saturating_sub(kept.len());
        kept.extend_from_slice(part.get(..room).unwrap_or(&part));
    }
    Ok(kept.freeze())
}
