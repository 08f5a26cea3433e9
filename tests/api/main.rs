//! The API as its clients see it: requests through the real edge, on the embedded engine.

mod answers;
mod bad_input;
mod buy;
mod defects;
mod exchange;
mod history;
mod identity;
mod items;
mod limits;
mod matrix;
mod requests;
mod round_trips;
mod service;
mod shown;
mod steps;
mod universes;
mod wallets;
mod workload;
