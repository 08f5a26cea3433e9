//! `seed`: universes, markets and an administrator, as the local market makes them, by the use
//! cases that clients reach. What is there already stays as it is. No demo traders: their
//! passwords are known to everyone.

use std::{io, str::FromStr};

use app::{
    identity::{SignUp, register},
    market::Market,
    opening::{HOME_CURRENCY, Lacking},
    perform::{Failed, Freshness},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    identity::{Login, Role, Username},
    universe::Universe,
};
use serde_json::json;

use crate::{arguments::Seed, failure::Failure, market::market, report::Report, session::Session};

const ADMIN: &str = "admin";
/// What of it is missing.
struct Missing {
    opening: Lacking,
    admin: bool,
}

impl Missing {
    async fn of(market: &Market, wanted: &Seed) -> Result<Self, Failure> {
        let opening = Lacking::of(market).await?;
        let login = Login::Username(parsed(ADMIN)?);
        let there = market.store.user_by_login(&login).await?;
        Ok(Self { opening, admin: there.is_none() && !wanted.no_admin })
    }

    fn lines(&self) -> Vec<String> {
        let universes = self.opening.universes.iter();
        let universes = universes.map(|it| format!("universe with {}", it.currency.code));
        let pairs = self.opening.pairs.iter().map(|pair| format!("market {pair}"));
        let admin = self.admin.then(|| format!("administrator {ADMIN}"));
        universes.chain(pairs).chain(admin).collect()
    }
}

/// Makes what is missing.
///
/// # Errors
/// The store's own; a password that is refused.
pub async fn seed(session: &Session, wanted: &Seed, yes: bool) -> Result<Report, Failure> {
    let market = market(session);
    let missing = Missing::of(&market, wanted).await?;
    let lines = missing.lines();
    let json = json!({"missing": lines});
    if lines.is_empty() {
        return Ok(Report::fine("Everything is there already.", json));
    }
    let text = format!("To be made:\n- {}", lines.join("\n- "));
    if !yes {
        return Ok(Report::fine(text, json).dry_run());
    }
    // Read before anything is written: it may be refused.
    let given = if missing.admin && wanted.password_stdin { Some(read_password()?) } else { None };
    missing.opening.make(&market).await?;
    let mut said = format!("Made:\n- {}", lines.join("\n- "));
    let mut json = json!({"made": lines});
    if missing.admin {
        let made = given.is_none();
        let password = given.unwrap_or_else(|| new_password(&market));
        make_admin(&market, &wanted.admin_email, &password).await?;
        if made {
            said.push_str(&format!("\nThe administrator's password, shown once: {password}"));
            json["admin_password"] = json!(password);
        }
    }
    Ok(Report::fine(said, json))
}

fn read_password() -> Result<String, Failure> {
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    read.map_err(|error| Failure::File("standard input".to_owned(), error))?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::refused("there is no password on standard input")),
        password => Ok(password.to_owned()),
    }
}

/// 128 bits that nobody can guess.
fn new_password(market: &Market) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(market.entropy.bits().to_be_bytes())
}

async fn make_admin(market: &Market, email: &str, password: &str) -> Result<(), Failure> {
    let universes = market.rates.current(Freshness::Cached).await.map_err(Failed::from)?;
    let home: &Universe = universes.of_currency(parsed(HOME_CURRENCY)?).map_err(Failed::from)?;
    let username: Username = parsed(ADMIN)?;
    let wanted = SignUp { username, email: parsed(email)?, home: home.id };
    register(market, wanted, password, Role::Admin).await?;
    Ok(())
}

fn parsed<T: FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| malformed(text))
}

fn malformed(text: &str) -> Failure {
    Failure::refused(format!("{text} is malformed"))
}
