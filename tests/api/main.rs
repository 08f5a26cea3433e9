//! The API as its clients see it: requests through the real edge, on the embedded engine.

mod answers;
mod bad_input;
mod buy;
mod connections;
mod defects;
mod exchange;
mod feed;
mod floor;
mod following;
mod history;
mod identity;
mod items;
mod limits;
mod markets;
mod matrix;
mod projections;
mod requests;
mod round_trips;
mod service;
mod shown;
mod steps;
mod trading;
mod universes;
mod wallets;
mod webhooks;
mod workload;
