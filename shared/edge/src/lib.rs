//! HTTP at the edge: endpoints as data, authentication, problems, OpenAPI, and what a
//! function is made of. No business rule is here; no handler either.

pub mod acting;
pub mod auth;
pub mod boot;
pub mod call;
pub mod context;
pub mod dead_letters;
pub mod delivery_queue;
pub mod dispatch;
pub mod endpoint;
pub mod function;
pub mod limits;
pub mod management_api;
pub mod metrics;
pub mod openapi;
mod outbound;
mod patience;
pub mod placement_queue;
pub mod problem;
pub mod proof;
pub mod queue;
pub mod reply;
pub mod router;
pub mod secret;
pub mod sockets;
pub mod system;
mod task_queue;
pub mod telemetry;
pub mod uses;
pub mod valkey;
pub mod venues;
pub mod webhook_sender;
pub mod wire;

pub use function::{
    run, run_authorizer, run_queue, run_schedule, run_socket, run_stream, run_tasks,
};
pub use lambda_http::Error;
