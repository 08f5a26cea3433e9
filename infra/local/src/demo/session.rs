//! A bot's user: signed up at its first run, logged in at every other, and given money.

use domain::amount::Money;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    DemoError,
    client::{Answer, Asking, Client},
    listing::amount,
};

/// Known to everyone, like the demo traders' own: for a market on a laptop.
const PASSWORD: &str = "bots-demo-1";

/// A bot's user, logged in.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    username: String,
    /// What the keys of this run begin with: no other run's do.
    run: String,
    token: String,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
}

#[derive(Deserialize)]
struct Wallet {
    id: String,
    available: String,
}

impl Session {
    /// The session of the user of this name, who is signed up in a universe if there is none.
    pub(super) async fn open(
        client: &Client,
        username: String,
        universe: u32,
        run: &str,
    ) -> Result<Self, DemoError> {
        let body = json!({
            "username": username,
            "email": format!("{username}@bots.example"),
            "password": PASSWORD,
            "universe_id": universe,
        });
        let path = "/api/v1/auth/signup";
        let signing = Asking { method: Method::POST, body: Some(body), ..Asking::get(path) };
        let answer = client.ask(&signing).await?;
        // A conflict is an earlier run's user, or this run's whose answer was lost.
        if !answer.succeeded() && answer.status != 409 {
            return Err(answer.refused("signing up"));
        }
        let (client, run, token) = (client.clone(), run.to_owned(), String::new());
        let mut session = Self { client, username, run, token };
        session.log_in().await?;
        Ok(session)
    }

    pub(super) fn username(&self) -> &str {
        &self.username
    }

    async fn log_in(&mut self) -> Result<(), DemoError> {
        let body = json!({ "username": self.username, "password": PASSWORD });
        let path = "/api/v1/auth/login";
        let asking = Asking { method: Method::POST, body: Some(body), ..Asking::get(path) };
        let answer = self.client.ask(&asking).await?;
        if answer.status == 401 {
            return Err(DemoError::Stranger(self.username.clone()));
        }
        self.token = answer.read::<Tokens>("logging in")?.access_token;
        Ok(())
    }

    /// Asks as this user; with a new token if the old one has expired.
    async fn ask(&mut self, asking: Asking<'_>) -> Result<Answer, DemoError> {
        let first = Asking { token: Some(&self.token), ..asking.clone() };
        let answer = self.client.ask(&first).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        self.log_in().await?;
        self.client.ask(&Asking { token: Some(&self.token), ..asking }).await
    }

    pub(super) async fn get(&mut self, path: &str) -> Result<Answer, DemoError> {
        self.ask(Asking::get(path)).await
    }

    pub(super) async fn delete(&mut self, path: &str) -> Result<Answer, DemoError> {
        self.ask(Asking { method: Method::DELETE, ..Asking::get(path) }).await
    }

    /// Posts under a key of its own: `name` must not be used twice in a run.
    pub(super) async fn post(
        &mut self,
        path: &str,
        name: &str,
        body: Value,
    ) -> Result<Answer, DemoError> {
        let key = format!("{}-{}-{name}", self.run, self.username);
        let (method, key) = (Method::POST, Some(key.as_str()));
        self.ask(Asking { method, key, body: Some(body), ..Asking::get(path) }).await
    }

    /// Sees to it that this much of a currency is available at least.
    pub(super) async fn endow(&mut self, least: Money) -> Result<(), DemoError> {
        let code = least.currency.code;
        let name = format!("wallet-{code}");
        let opened = self.post("/api/v1/wallets/", &name, json!({ "currency": code.to_string() }));
        let wallet: Wallet = opened.await?.read("opening a wallet")?;
        let available = amount(&wallet.available, least.currency.scale)?;
        let Some(missing) = least.amount.checked_sub(available) else { return Ok(()) };
        if missing.is_zero() {
            return Ok(());
        }
        let path = format!("/api/v1/wallets/{}/operation", wallet.id);
        let missing = Money { amount: missing, ..least }.decimal();
        let body = json!({ "operation_type": "DEPOSIT", "amount": missing });
        let answer = self.post(&path, &format!("deposit-{code}"), body).await?;
        if answer.succeeded() { Ok(()) } else { Err(answer.refused("a deposit")) }
    }
}
