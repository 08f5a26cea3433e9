//! What clients were told under their keys, against the journal: I5 to I7.

use std::collections::{BTreeMap, BTreeSet};

use app::market::{client_order_entry, entry_id};
use domain::{
    id::{EntryId, UserId},
    ledger::{Cause, Entry, Fingerprint, Movement, Outcome},
};
use serde_json::Value;

use super::{
    evidence::{Evidence, fingerprint_of},
    model::{Kept, World},
    says,
};
use crate::history::{Ask, Heard, Told};

/// A request under a key, as it is known by.
type Keyed = BTreeMap<EntryId, Vec<(usize, Fingerprint)>>;

/// Everything about answers that does not hold.
#[must_use]
pub fn check(evidence: &Evidence, world: &World) -> Vec<String> {
    let mut violations = Vec::new();
    let mut first = BTreeMap::<(EntryId, [u8; 16]), &Told>::new();
    for heard in &evidence.heard {
        let Some(user) = evidence.user(&heard.ask).filter(|_| heard.told.status < 500) else {
            continue;
        };
        let print = fingerprint_of(heard.stem, &heard.ask);
        let Some(id) = id_of(user, &heard.ask, None) else { continue };
        let kept = world.entries.get(&id).or_else(|| named(world, user, heard, print));
        let what = match kept {
            Some(kept) => told_of(heard, print, kept),
            None => told_of_nothing(heard).map_err(str::to_owned),
        };
        if let Err(what) = what {
            violations.push(format!("{what}: {:?} was told {}", heard.ask, short(&heard.told)));
        }
        // From here on: the answers that stand for good.
        let Some(kept) = kept.filter(|kept| kept.entry.fingerprint == print) else { continue };
        if heard.until.commits <= kept.commit {
            continue;
        }
        let before = first.entry((kept.entry.id, print.0)).or_insert(&heard.told);
        if (before.status, &before.bytes) != (heard.told.status, &heard.told.bytes) {
            let told = (short(before), short(&heard.told));
            violations.push(format!("I7: two answers to {:?}: {told:?}", heard.ask));
        }
    }
    violations.truncate(20);
    let mut strange = Vec::new();
    unasked(world, &asked(evidence, world, &mut strange), &mut strange);
    violations.extend(strange.into_iter().take(20));
    violations
}

/// The entry of an order whose client's own name for it came with another key.
fn named<'a>(
    world: &'a World,
    user: UserId,
    heard: &Heard,
    print: Fingerprint,
) -> Option<&'a Kept> {
    let name = heard.ask.body.as_ref()?.get("client_order_id")?.as_str()?;
    let kept = world.entries.get(&client_order_entry(user, name))?;
    let Outcome::SameAs(id) = kept.entry.outcome else { return None };
    world.entries.get(&id).filter(|kept| kept.entry.fingerprint == print)
}

/// What was asked under each key, and when first; and that nothing was done before it was asked.
fn asked(evidence: &Evidence, world: &World, violations: &mut Vec<String>) -> Keyed {
    let mut stems = BTreeMap::new();
    let written = evidence.heard.iter().filter(|heard| heard.ask.method != "GET");
    for heard in written {
        stems.entry((heard.ask.method, shape(&heard.ask.path))).or_insert(heard.stem);
    }
    let mut asked = Keyed::new();
    for one in &evidence.settled {
        let Some(user) = evidence.user(&one.ask) else { continue };
        let voided = one.ask.path.strip_prefix("/api/v1/requests/");
        let voided = voided.and_then(|rest| rest.strip_suffix("/void"));
        let Some(id) = id_of(user, &one.ask, voided) else { continue };
        let stem = stems.get(&(one.ask.method, shape(&one.ask.path))).copied().unwrap_or_default();
        let print = if voided.is_some() {
            app::market::fingerprint([stem.as_bytes()])
        } else {
            fingerprint_of(stem, &one.ask)
        };
        asked.entry(id).or_default().push((one.from.commits, print));
    }
    for (id, asks) in &asked {
        let Some(kept) = world.entries.get(id) else { continue };
        let first = asks.iter().map(|(from, _)| *from).min().unwrap_or(0);
        if kept.commit < first {
            violations.push(format!("I5: {id} was written before it was asked for"));
        }
    }
    asked
}

/// The entry that a request can have: by its key, or by its client's own name for an order.
#[must_use]
pub fn id_of(user: UserId, ask: &Ask, voided: Option<&str>) -> Option<EntryId> {
    if let Some(key) = ask.key.as_deref().or(voided) {
        return Some(entry_id(user, key));
    }
    // Whoever asks what would be, names no order.
    if !ask.path.ends_with("/orders") && !ask.path.ends_with("/orders/place") {
        return None;
    }
    let name = ask.body.as_ref()?.get("client_order_id")?.as_str()?;
    Some(client_order_entry(user, name))
}

/// A path without what names one thing.
fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let part = |part: &str| {
        let named = part.contains('_') || part.starts_with("key-") || part.contains("-cancel");
        let named = named || part.parse::<u64>().is_ok();
        if named { "*".to_owned() } else { part.to_owned() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// I5: nothing is in the journal that nobody asked for.
fn unasked(world: &World, asked: &Keyed, violations: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for kept in world.entries.values() {
        if let Outcome::SameAs(_) = kept.entry.outcome {
            names.insert(kept.entry.id);
        }
    }
    for (id, kept) in &world.entries {
        let settles = matches!(
            &kept.entry.outcome,
            Outcome::Moved(Movement { cause: Cause::Fill(_) | Cause::VenueFill(_), .. })
        );
        if settles || names.contains(id) {
            continue;
        }
        let print = kept.entry.fingerprint;
        let known = asked.get(id).is_some_and(|asks| asks.iter().any(|(_, of)| *of == print));
        if !known {
            violations.push(format!("I5: nobody asked for {:?}", kept.entry));
        }
    }
}

fn code(told: &Told) -> String {
    let code = told.text("/code");
    // The predecessor's envelope.
    if code.is_empty() { told.text("/error/code") } else { code }
}

fn short(told: &Told) -> String {
    let text: String = String::from_utf8_lossy(&told.bytes).chars().take(300).collect();
    format!("{} {text}", told.status)
}

/// An answer to a request under a key that has no entry.
fn told_of_nothing(heard: &Heard) -> Result<(), &'static str> {
    let told = &heard.told;
    if told.is_success() {
        Err("I6: acknowledged, and not in the journal")
    } else if code(told) == "idempotency_key_reused" {
        Err("I5: its key was never used by whoever asks")
    } else if code(told) == "request_voided" {
        Err("I5: its key was never given up")
    } else if told.replayed {
        Err("I7: it is no replay of anything")
    } else {
        Ok(())
    }
}

/// An answer to a request under a key that has an entry in the end.
fn told_of(heard: &Heard, print: Fingerprint, kept: &Kept) -> Result<(), String> {
    let (told, entry) = (&heard.told, &kept.entry);
    let there = kept.commit < heard.until.commits;
    let before = kept.commit < heard.from.commits;
    let same = entry.fingerprint == print;
    let broken = |what: &str| Err(what.to_owned());
    if told.is_success() {
        return match &entry.outcome {
            _ if !there => broken("I6: acknowledged before it was committed"),
            Outcome::Refused { .. } | Outcome::Voided => broken("I5: done, and not done"),
            _ if !same => broken("I7: an answer to another body"),
            _ if before && !told.replayed => broken("I7: a replay that does not say so"),
            _ => says::agrees(&heard.ask, told, entry),
        };
    }
    match code(told).as_str() {
        "idempotency_key_reused" if same => broken("I7: its own body is taken for another"),
        "idempotency_key_reused" if !there => broken("I5: its key was not used yet"),
        "idempotency_key_reused" => Ok(()),
        "request_voided" if entry.outcome != Outcome::Voided => broken("I5: it was never voided"),
        "request_voided" => Ok(()),
        _ if !same => Ok(()),
        _ => match &entry.outcome {
            Outcome::Refused { request_id, .. } if there => {
                let said = told.text("/request_id");
                let frozen = said.is_empty() || said == *request_id;
                if frozen { Ok(()) } else { broken("I7: another refusal than the frozen one") }
            }
            Outcome::Refused { .. } => Ok(()),
            _ if there => broken("I5: refused, and done"),
            _ => Ok(()),
        },
    }
    .and_then(|()| {
        let frozen = same && matches!(entry.outcome, Outcome::Refused { .. });
        if frozen && before && !told.replayed {
            return broken("I7: a replay that does not say so");
        }
        Ok(())
    })
}

/// What GET /requests/{key} says of an entry, or of none, in one word.
#[must_use]
pub fn word_of(entry: Option<&Entry>) -> &'static str {
    match entry.map(|entry| &entry.outcome) {
        None => "not_received",
        Some(Outcome::Refused { .. }) => "refused",
        Some(Outcome::Voided) => "voided",
        Some(_) => "committed",
    }
}

/// The key as a register: what an answer about it says was so while it was asked. An answer that
/// shows an entry can be given only after it was committed, and one that shows none only before.
#[must_use]
pub fn registers(evidence: &Evidence, world: &World) -> Vec<String> {
    let mut violations = Vec::new();
    for heard in &evidence.heard {
        let looks = heard.stem == "get-request" || heard.stem == "void-request";
        let (Some(user), true) = (evidence.user(&heard.ask), looks && heard.told.status < 500)
        else {
            continue;
        };
        let rest = heard.ask.path.strip_prefix("/api/v1/requests/").unwrap_or_default();
        let key = rest.strip_suffix("/void").unwrap_or(rest);
        let kept = world.entries.get(&entry_id(user, key));
        let status = heard.told.text("/status");
        let said = if heard.told.status == 409 { "committed" } else { status.as_str() };
        let right = word_of(kept.map(|kept| &kept.entry));
        let possible = match kept {
            Some(kept) if said == "not_received" => heard.from.commits <= kept.commit,
            Some(kept) => said == right && kept.commit < heard.until.commits,
            None => said == right,
        };
        if !possible {
            let told = short(&heard.told);
            violations.push(format!("I7: {key} of {user} is {right}, and was told {told}"));
        }
    }
    violations.extend(shown(evidence, world));
    violations
}

/// Endpoints of those that the market replaces: of their orders GET /requests/{key} shows what
/// POST /api/v1/orders would have answered.
const ENVELOPED: [&str; 2] = ["place-platform-order", "place-stock-order"];

/// What GET /requests/{key} shows is, byte by byte, what was answered under the key.
fn shown(evidence: &Evidence, world: &World) -> Vec<String> {
    let mut answers = BTreeMap::new();
    for heard in &evidence.heard {
        let (Some(user), Some(key)) = (evidence.user(&heard.ask), &heard.ask.key) else { continue };
        let id = entry_id(user, key);
        let own = world.entries.get(&id).is_some_and(|kept| {
            kept.commit < heard.until.commits
                && kept.entry.fingerprint == fingerprint_of(heard.stem, &heard.ask)
        });
        let in_its_own_shape = ENVELOPED.contains(&heard.stem);
        if own && heard.told.status < 500 && !in_its_own_shape {
            answers.insert(id, &heard.told);
        }
    }
    let mut violations = Vec::new();
    for heard in evidence.heard.iter().filter(|heard| heard.stem == "get-request") {
        let Some(user) = evidence.user(&heard.ask) else { continue };
        let key = heard.ask.path.rsplit('/').next().unwrap_or_default();
        let Some(answer) = answers.get(&entry_id(user, key)) else { continue };
        let body: Value = heard.told.json();
        let (Some(status), Some(shown)) =
            (body.pointer("/answer/status"), body.pointer("/answer/body"))
        else {
            continue;
        };
        if status.as_u64() != Some(u64::from(answer.status)) || *shown != answer.json() {
            violations.push(format!("I7: {key} shows {body}, and was told {}", short(answer)));
        }
    }
    violations
}
