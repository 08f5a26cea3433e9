//! Users and sessions.

use domain::{
    id::{SessionId, UserId},
    identity::{Email, PasswordHash, Role, Session, User, Username},
    time::Timestamp,
    universe::UniverseId,
};
use serde::{Deserialize, Serialize};

use super::spelling::{counted, spelled};

#[derive(Serialize, Deserialize)]
#[serde(remote = "User")]
pub(super) struct UserRow {
    #[serde(with = "spelled")]
    id: UserId,
    #[serde(with = "spelled")]
    username: Username,
    #[serde(with = "spelled")]
    email: Email,
    #[serde(with = "spelled")]
    password_hash: PasswordHash,
    #[serde(with = "spelled")]
    role: Role,
    #[serde(with = "spelled")]
    home: UniverseId,
    #[serde(with = "counted")]
    created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Session")]
pub(super) struct SessionRow {
    #[serde(with = "spelled")]
    id: SessionId,
    #[serde(with = "spelled")]
    user: UserId,
    generation: u32,
    #[serde(with = "counted")]
    rotated_at: Timestamp,
    #[serde(with = "counted")]
    expires_at: Timestamp,
    revoked: bool,
}
