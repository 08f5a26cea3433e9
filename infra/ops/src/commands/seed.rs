//! `seed`: universes, markets and an administrator, as the local market makes them, by the use
//! cases that clients reach. What is there already stays as it is. No demo traders: their
//! passwords are known to everyone.

use std::{io, str::FromStr};

use app::{
    identity::{SignUp, register},
    market::Market,
    pairs::create_pair,
    perform::{Failed, Freshness},
    universes::create_universe,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    amount::Amount,
    currency::{Currency, Scale},
    identity::{Login, Role, Username},
    pair::{FeeBps, PairId, PairTerms},
    rate::SpreadBps,
    universe::{NewUniverse, Universe},
};
use serde_json::json;

use crate::{arguments::Seed, failure::Failure, market::market, report::Report, session::Session};

const ADMIN: &str = "admin";
const DECIMALS: u8 = 2;

/// Name, currency, and how many units of it make one base unit; in the order of their numbers.
const UNIVERSES: [[&str; 3]; 3] =
    [["Earth", "USD", "1"], ["Mars", "MRC", "2.5"], ["Venus", "VNC", "0.75"]];

/// The markets, all with the same rules. A lot at one tick is worth 0.01: no trade rounds.
const PAIRS: [&str; 3] = ["MRC-USD", "VNC-USD", "MRC-VNC"];
const TICK: &str = "0.01";
const LOT: &str = "1.00";
const MIN_NOTIONAL: &str = "1.00";
const MAKER_FEE_BPS: u16 = 10;
const TAKER_FEE_BPS: u16 = 20;
const COLLAR_BPS: u16 = 1_000;

/// What of it is missing.
#[derive(Debug, Default)]
struct Missing {
    universes: Vec<NewUniverse>,
    pairs: Vec<PairId>,
    admin: bool,
}

impl Missing {
    async fn of(market: &Market, wanted: &Seed) -> Result<Self, Failure> {
        let mut missing = Self::default();
        let known = market.rates.current(Freshness::Fresh).await.map_err(Failed::from)?;
        for [name, code, units] in UNIVERSES {
            let currency = Currency { code: parsed(code)?, scale: scale()? };
            if known.of_currency(currency.code).is_err() {
                let (name, units_per_base) = (parsed(name)?, parsed(units)?);
                let spread = SpreadBps::default();
                missing.universes.push(NewUniverse { name, currency, units_per_base, spread });
            }
        }
        let known = market.pairs.all(Freshness::Fresh).await.map_err(Failed::from)?;
        for id in PAIRS {
            let id = parsed(id)?;
            if !known.iter().any(|pair| pair.id() == id) {
                missing.pairs.push(id);
            }
        }
        let login = Login::Username(parsed(ADMIN)?);
        let there = market.store.user_by_login(&login).await?;
        missing.admin = there.is_none() && !wanted.no_admin;
        Ok(missing)
    }

    fn lines(&self) -> Vec<String> {
        let universes = self.universes.iter();
        let universes = universes.map(|it| format!("universe with {}", it.currency.code));
        let pairs = self.pairs.iter().map(|pair| format!("market {pair}"));
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
    for universe in &missing.universes {
        create_universe(&market, universe).await?;
    }
    for pair in missing.pairs {
        create_pair(&market, pair.base, pair.quote, terms()?).await?;
    }
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
    let home: &Universe = universes.of_currency(parsed("USD")?).map_err(Failed::from)?;
    let username: Username = parsed(ADMIN)?;
    let wanted = SignUp { username, email: parsed(email)?, home: home.id };
    register(market, wanted, password, Role::Admin).await?;
    Ok(())
}

fn terms() -> Result<PairTerms, Failure> {
    let scale = scale()?;
    let amount = |text| Amount::parse(text, scale).map_err(|_| malformed(text));
    let fee = |bps| FeeBps::new(bps).ok_or_else(|| malformed("a fee"));
    Ok(PairTerms {
        price_scale: scale,
        tick: amount(TICK)?,
        lot: amount(LOT)?,
        min_notional: amount(MIN_NOTIONAL)?,
        maker_fee: fee(MAKER_FEE_BPS)?,
        taker_fee: fee(TAKER_FEE_BPS)?,
        collar_bps: COLLAR_BPS,
    })
}

fn scale() -> Result<Scale, Failure> {
    Scale::new(DECIMALS).ok_or_else(|| malformed("a scale"))
}

fn parsed<T: FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| malformed(text))
}

fn malformed(text: &str) -> Failure {
    Failure::refused(format!("{text} is malformed"))
}
