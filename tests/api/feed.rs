//! The live feed as its clients have it: by socket, in the platform's shapes, and by long poll.
//! Every message that a test hears is one of the AsyncAPI document's.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod beats;
mod books;
mod chaos;
mod client;
mod commits;
mod crowd;
mod described;
mod document;
mod events;
mod platform;
mod redelivery;
mod sizes;
mod slow;
mod socket;
mod talking;
mod venue;
mod worked;

use client::Client;
use socket::Socket;
use venue::Venue;
