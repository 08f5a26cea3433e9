//! Open connections. What they listen to, keys alone say.

use app::ports::{Connection, ConnectionId};
use domain::{id::UserId, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::spelling::{Spelled, counted, spelled};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Connection")]
pub(super) struct ConnectionRow {
    #[serde(with = "spelled")]
    id: ConnectionId,
    #[serde(with = "spelled")]
    user: UserId,
    #[serde(with = "counted")]
    connected_at: Timestamp,
    noticed: bool,
}

impl Spelled for ConnectionId {
    fn spell(&self) -> String {
        self.0.clone()
    }

    fn read(text: &str) -> Option<Self> {
        let fits = (1..=128).contains(&text.len());
        fits.then(|| Self(text.to_owned()))
    }
}
