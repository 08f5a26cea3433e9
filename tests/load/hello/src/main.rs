//! The least that a function behind the HTTP API can be: what the cold start of every other one
//! is compared with. It logs nothing, reads no environment and knows nothing of the market.

use lambda_http::{Body, Error, Request, Response, run, service_fn};

async fn hello(_: Request) -> Result<Response<Body>, Error> {
    Ok(Response::new(Body::from("hello")))
}

fn main() -> Result<(), Error> {
    // As functions do: they serve one request at a time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(service_fn(hello)))
}
