//! `keys rotate`: the secret that all keys are derived from, replaced in three phases with a
//! deployment after each. A function has two secrets: `current` signs, and both verify. So no
//! token is ever signed by a secret that another function does not accept yet. What venues are
//! signed to with is sealed by the secret, and must be sealed again before the old one goes.

use app::ports::{Entropy, Venues};
use base64::{Engine, prelude::BASE64_STANDARD};
use dynamo::DynamoStore;
use edge::{
    auth::{keys::Secrets, venue_secret::VenueSecret},
    system::SystemEntropy,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    arguments::Phase,
    failure::{Failure, service},
    report::Report,
    session::{Session, outputs},
};

/// The secret's value. `previous` is what was current before a promotion: it tells the phases
/// apart.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// What functions sign with.
    current: String,
    /// What they verify with besides; `none`: nothing.
    other: String,
    /// In which phase it is; absent in a secret that was never rotated.
    #[serde(default)]
    phase: State,
}

/// What stands for no other secret: a template cannot leave a function's variable out.
const NONE: &str = "none";

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is one secret.
    #[default]
    Settled,
    /// `other` is new.
    Prepared,
    /// `other` is old.
    Promoted,
}

impl Pair {
    /// The secret after a phase. `fresh` is 32 bytes in base64.
    ///
    /// # Errors
    /// The phases go in their order.
    pub fn after(&self, phase: Phase, fresh: String) -> Result<Self, &'static str> {
        let Self { current, other, phase: state } = self.clone();
        match (phase, state) {
            (Phase::Prepare, State::Settled) if other == NONE => {
                Ok(Self { current, other: fresh, phase: State::Prepared })
            }
            (Phase::Prepare, State::Settled) => {
                Err("there is another secret already, and nothing says whether it is old or new")
            }
            (Phase::Prepare, State::Prepared) => {
                Err("a new secret is prepared already: promote it")
            }
            (Phase::Prepare, State::Promoted) => Err("the old secret is not retired yet"),
            (Phase::Promote, State::Prepared) => {
                Ok(Self { current: other, other: current, phase: State::Promoted })
            }
            (Phase::Promote, _) => Err("no new secret is prepared"),
            (Phase::Retire, State::Promoted) => {
                Ok(Self { current, other: NONE.to_owned(), phase: State::Settled })
            }
            (Phase::Retire, State::Prepared) => {
                Err("the other secret is the new one: promote it, do not retire it")
            }
            (Phase::Retire, State::Settled) => Err("there is no old secret"),
        }
    }
}

impl Pair {
    /// The keys that functions have: they sign and seal by `current`, and believe both.
    fn secrets(&self) -> Result<Secrets, Failure> {
        let wrong = |_| Failure::refused("the secret is not 32 to 64 bytes in base64");
        let secrets = Secrets::from_base64(&self.current).map_err(wrong)?;
        if self.other == NONE {
            return Ok(secrets);
        }
        secrets.with_previous(&self.other).map_err(wrong)
    }

    async fn read(session: &Session) -> Result<Self, Failure> {
        let id = session.needs(outputs::SECRET)?;
        let read = session.secrets.get_secret_value().secret_id(id).send().await;
        let read = read.map_err(service("the secret cannot be read"))?;
        serde_json::from_str(&read.secret_string.unwrap_or_default())
            .map_err(|_| Failure::refused("the secret is not {\"current\": …, \"other\": …}"))
    }
}

/// The keys that functions have after the next deployment.
///
/// # Errors
/// The service's; a secret that is not ours.
pub async fn secrets(session: &Session) -> Result<Secrets, Failure> {
    Pair::read(session).await?.secrets()
}

/// What an operator does after a phase.
fn next_step(phase: Phase, edition: u32) -> String {
    let deploy =
        format!("sam deploy --config-env ENVIRONMENT --parameter-overrides KeysEdition={edition}");
    match phase {
        Phase::Prepare => format!(
            "Now: {deploy}\nWhen every function runs with it: market-ops keys rotate promote"
        ),
        Phase::Promote => format!(
            "Now: {deploy}\nThen: market-ops venues reseal --yes\nIn 30 days, a session's longest \
             life: market-ops keys rotate retire"
        ),
        Phase::Retire => format!("Now: {deploy}"),
    }
}

/// Carries out a phase. The secrets themselves are never shown.
///
/// # Errors
/// A wrong order; a secret that is not ours; the service's.
pub async fn rotate(
    session: &Session,
    phase: Phase,
    edition: u32,
    yes: bool,
) -> Result<Report, Failure> {
    let id = session.needs(outputs::SECRET)?;
    let pair = Pair::read(session).await?;
    let next = pair.after(phase, fresh()).map_err(Failure::refused)?;
    all_venues_open(session, &next.secrets()?).await?;
    let what = match phase {
        Phase::Prepare => "a new secret, which is accepted and does not sign",
        Phase::Promote => "the new secret signs, the old one is accepted",
        Phase::Retire => "the old secret is forgotten",
    };
    let json = json!({"phase": next.phase, "edition": edition,
        "deploy": format!(
        "sam deploy --config-env ENVIRONMENT --parameter-overrides KeysEdition={edition}"
    )});
    let said = format!("{what}\n{}", next_step(phase, edition));
    if !yes {
        return Ok(Report::fine(said, json).dry_run());
    }
    let value = serde_json::to_string(&next)
        .map_err(|_| Failure::refused("the secret cannot be written"))?;
    let put = session.secrets.put_secret_value().secret_id(id).secret_string(value).send().await;
    put.map_err(service("the secret cannot be written"))?;
    Ok(Report::fine(said, json))
}

/// That no venue's secret would be lost: it could neither be opened nor sealed again.
async fn all_venues_open(session: &Session, secrets: &Secrets) -> Result<(), Failure> {
    let store = DynamoStore::new(session.dynamodb.clone(), session.tables.clone());
    for venue in store.venues().await? {
        if VenueSecret::open(secrets, venue.id, &venue.secret).is_err() {
            return Err(Failure::refused(format!(
                "the secret of {} is sealed by another secret: market-ops venues reseal --yes",
                venue.id
            )));
        }
    }
    Ok(())
}

fn fresh() -> String {
    let entropy = SystemEntropy::default();
    let halves = [entropy.bits().to_be_bytes(), entropy.bits().to_be_bytes()];
    BASE64_STANDARD.encode(halves.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(current: &str, other: &str, phase: State) -> Pair {
        Pair { current: current.to_owned(), other: other.to_owned(), phase }
    }

    #[test]
    fn a_rotation_ends_with_the_new_secret_alone() {
        let first = pair("old", NONE, State::Settled);
        let prepared = first.after(Phase::Prepare, "new".to_owned()).ok();
        assert!(prepared == Some(pair("old", "new", State::Prepared)));
        let promoted = prepared.expect("prepared").after(Phase::Promote, String::new()).ok();
        assert!(promoted == Some(pair("new", "old", State::Promoted)));
        let retired = promoted.expect("promoted").after(Phase::Retire, String::new()).ok();
        assert!(retired == Some(pair("new", NONE, State::Settled)));
    }

    #[test]
    fn phases_go_in_their_order() {
        let states = [
            (pair("a", NONE, State::Settled), Phase::Prepare),
            (pair("a", "b", State::Prepared), Phase::Promote),
            (pair("b", "a", State::Promoted), Phase::Retire),
        ];
        for (state, right) in &states {
            for phase in [Phase::Prepare, Phase::Promote, Phase::Retire] {
                let outcome = state.after(phase, "c".to_owned());
                assert_eq!(outcome.is_ok(), phase == *right, "{phase:?} in {:?}", state.phase);
            }
        }
        let unknown = pair("a", "b", State::Settled);
        assert!(unknown.after(Phase::Prepare, "c".to_owned()).is_err());
    }

    #[test]
    fn a_secret_that_was_never_rotated_is_settled() {
        let read: Pair =
            serde_json::from_str(r#"{"current": "a", "other": "none"}"#).expect("ours");
        assert!(read == pair("a", NONE, State::Settled));
    }

    #[test]
    fn a_fresh_secret_is_one_that_functions_take() {
        assert!(Secrets::from_base64(&fresh()).is_ok());
        assert_ne!(fresh(), fresh());
    }
}
