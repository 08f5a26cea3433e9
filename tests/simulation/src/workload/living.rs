//! What clients do beside trading: they sign up, log in and out, and keep webhooks.

use domain::{
    id::UserId,
    identity::{Login, Role},
};
use edge::auth::scopes::Scopes;
use serde_json::json;

use super::Act;
use crate::{
    history::Ask,
    town::{PEOPLE, Person, UNIVERSES},
};

/// Everybody's.
const PASSWORD: &str = "correct horse";

impl Act<'_> {
    /// One of these.
    pub async fn live(&self) {
        match self.dice.below(100) {
            0..25 => self.arrive().await,
            25..50 => self.log_in_and_out().await,
            50..80 => self.keep_webhook().await,
            _ => self.open_another_wallet().await,
        }
    }

    /// Somebody new signs up, brings money and spends it.
    async fn arrive(&self) {
        let name = format!("new_{}", self.op);
        let home = self.dice.place(UNIVERSES.len());
        let body = json!({
            "username": name,
            "email": format!("{name}@example.com"),
            "password": PASSWORD,
            "universe_id": home + 1,
        });
        let told = self.settle(nobody("POST", "/api/v1/auth/signup").json(body)).await;
        // The first try may have come through, and then the name is taken.
        let id = match told.text("/data/user_id").parse::<UserId>() {
            Ok(id) => id,
            Err(_) => match self.signed_up(&name).await {
                Some(id) => id,
                None => return self.sim.complain(format!("{name} cannot sign up: {told:?}")),
            },
        };
        let role = Role::Trader;
        let scopes = Scopes::for_role(role);
        let place = self.sim.town.settle(Person { id, name: id.to_string(), home, role, scopes });
        let code = UNIVERSES[home].1;
        let wallet = self.sim.town.person(place).wallet(code);
        let body = json!({"operation_type": "DEPOSIT", "amount": crate::town::worth(home, 900)});
        let path = format!("/api/v1/wallets/{wallet}/operation");
        let _settled = self.settle(Ask::new(place, "POST", path).key("first").json(body)).await;
        let body = json!({"item_id": self.offer().id, "quantity": 1});
        let ask = Ask::new(place, "POST", "/api/v1/buy").key("second").json(body);
        let _settled = self.settle(ask).await;
    }

    async fn signed_up(&self, name: &str) -> Option<UserId> {
        let login = Login::Username(name.parse().expect("a name"));
        let found = self.sim.seam.plain().user_by_login(&login).await;
        found.expect("readable").map(|user| user.id)
    }

    /// A session from its beginning to its end: a token that was used up ends it as well.
    async fn log_in_and_out(&self) {
        let name = format!("person_{}", self.who % PEOPLE);
        let body = json!({"username": name, "password": PASSWORD});
        let told = self.settle(nobody("POST", "/api/v1/auth/login").json(body)).await;
        if told.status != 200 {
            return self.sim.complain(format!("{name} cannot log in: {told:?}"));
        }
        let mut token = told.text("/refresh_token");
        for _ in 0..self.dice.between(1, 2) {
            let body = json!({"refresh_token": token});
            let told = self.settle(nobody("POST", "/api/v1/auth/refresh").json(body)).await;
            if told.is_success() {
                token = told.text("/refresh_token");
            }
        }
        let body = json!({"refresh_token": token});
        let _settled = self.settle(nobody("POST", "/api/v1/auth/logout").json(body)).await;
    }

    /// A wallet of any currency, open or not.
    async fn open_another_wallet(&self) {
        let code = self.dice.pick(&UNIVERSES).1;
        let ask = self.ask("POST", "/api/v1/wallets").json(json!({"currency": code}));
        let _settled = self.settle(ask).await;
    }

    /// Looks after a webhook that is there, or makes one and ends it: those that are checked at
    /// the end are not touched but for what leaves what they are told.
    async fn keep_webhook(&self) {
        let kept = {
            let known = self.sim.town.known();
            let some = known.hooks.len();
            (some > 0).then(|| known.hooks[self.dice.place(some)].clone())
        };
        match kept {
            Some(hook) if self.dice.percent(70) => {
                let path = format!("/api/v1/webhooks/{}", hook.id);
                let below = match self.dice.below(4) {
                    0 | 3 => "/deliveries?limit=20",
                    1 => "/deliveries/1/redeliver",
                    _ => "",
                };
                let method = if below.ends_with("redeliver") { "POST" } else { "GET" };
                let ask = Ask::new(hook.owner, method, format!("{path}{below}"));
                let _settled = self.settle(ask).await;
                let list = Ask::new(hook.owner, "GET", "/api/v1/webhooks");
                let _settled = self.settle(list).await;
            }
            _ => self.try_webhook_out().await,
        }
    }

    async fn try_webhook_out(&self) {
        let body = json!({"url": "https://elsewhere.example.com/in", "events": ["withdrawal"]});
        let told = self.settle(self.ask("POST", "/api/v1/webhooks").json(body)).await;
        if told.status != 201 {
            return;
        }
        let path = format!("/api/v1/webhooks/{}", told.text("/id"));
        let _settled = self.settle(self.ask("POST", format!("{path}/rotate-secret"))).await;
        let body = json!({"events": ["deposit"], "enabled": self.dice.percent(50)});
        let _settled = self.settle(self.ask("PATCH", path.clone()).json(body)).await;
        let _settled = self.settle(self.ask("DELETE", path)).await;
    }
}

/// A request of nobody known.
fn nobody(method: &'static str, path: impl Into<String>) -> Ask {
    Ask { who: None, ..Ask::new(0, method, path) }
}
