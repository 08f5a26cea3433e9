//! I13: what is somebody else's is answered as what there is not.

use domain::id::{OrderId, WalletId};
use serde_json::{Value, json};

use super::{evidence::Evidence, model::World};
use crate::history::Told;

/// Everything that strangers could tell from what there is not.
#[must_use]
pub fn check(evidence: &Evidence, world: &World) -> Vec<String> {
    let mut violations = Vec::new();
    for heard in &evidence.heard {
        let Some(user) = evidence.user(&heard.ask) else { continue };
        let name = heard.ask.path.split('?').next().unwrap_or_default();
        let kind = match (heard.ask.method, heard.stem) {
            ("GET" | "DELETE", "get-order" | "cancel-order") => {
                let order = name.split('/').find_map(|part| part.parse::<OrderId>().ok());
                let log = order.and_then(|id| world.orders.get(&id));
                log.filter(|log| log.order.user != user).map(|_| "order")
            }
            ("GET", "get-wallet" | "list-wallet-entries") => {
                let wallet = name.split('/').find_map(|part| part.parse::<WalletId>().ok());
                wallet.filter(|wallet| wallet.owner != user).map(|_| "wallet")
            }
            _ => None,
        };
        let Some(kind) = kind.filter(|_| heard.told.status < 500) else { continue };
        // Operators see everybody's.
        if heard.ask.who != Some(0) && !is_unknown(&heard.told, kind) {
            let told = String::from_utf8_lossy(&heard.told.bytes);
            violations.push(format!("I13: {:?} shows {} {told}", heard.ask, heard.told.status));
        }
    }
    violations
}

/// Whether an answer is that to an id which names nothing.
#[must_use]
pub fn is_unknown(told: &Told, kind: &str) -> bool {
    let mut body = told.json();
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    let first = kind.chars().take(1).map(|letter| letter.to_ascii_uppercase());
    let detail: String = first.chain(kind.chars().skip(1)).collect();
    let unknown: Value = json!({
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": format!("{kind}_not_found"),
        "detail": format!("{detail} not found"),
        "retryable": false,
    });
    told.status == 404 && body == unknown && told.etag.is_none()
}
