//! The whole market on one thread, in virtual time, while everything fails that can: real handlers
//! and workers over a simulated store, network, queues, streams and venue. What must hold is
//! checked when all is quiet again. A run is determined by its plan, and a plan by its seed.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a simulation that cannot go on is a failed one"
)]

pub mod cache;
pub mod campaign;
pub mod chaos;
pub mod client;
pub mod dice;
pub mod exhaustive;
pub mod fleet;
pub mod history;
pub mod life;
pub mod oracle;
pub mod plan;
pub mod planted;
pub mod prove;
pub mod queues;
pub mod run;
pub mod seam;
pub mod seam_b;
pub mod shrink;
pub mod sim;
pub mod sockets;
pub mod storm;
pub mod streams;
pub mod swarm;
pub mod town;
pub mod venue;
pub mod webhooks;
pub mod workload;
