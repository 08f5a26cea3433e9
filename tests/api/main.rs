//! The API as its clients see it: requests through the real edge, on the embedded engine.

mod answers;
mod bad_input;
mod buy;
mod defects;
mod exchange;
mod floor;
mod history;
mod identity;
mod items;
mod limits;
mod markets;
mod matrix;
mod requests;
mod round_trips;
mod service;
mod shown;
mod steps;
mod trading;
mod universes;
mod wallets;
mod workload;
