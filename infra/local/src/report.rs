//! What is said once the market is ready: where it is, who may log in, what can be bought and
//! what traded.
//! Where the text goes is not decided here.

use std::fmt;

use domain::{catalogue::Item, id::WalletId, pair::Pair, venue::Venue};
use serde::Serialize;

use crate::seed::{Seeded, Trader};

/// The start-up report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The market's address, as in `http://localhost:8000`.
    pub url: String,
    /// The address of the documentation.
    pub docs: String,
    /// The demo users; none in a market that is not seeded.
    pub users: Vec<DemoUser>,
    /// The administrator, if the market is seeded.
    pub admin: Option<DemoAdmin>,
    /// The demo items as they are now.
    pub items: Vec<DemoItem>,
    /// The demo markets as they are now.
    pub markets: Vec<DemoMarket>,
    /// The external venue, if there is one.
    pub venue: Option<DemoVenue>,
    /// Where the data is kept, or the secret alone beside a DynamoDB behind a URL; nowhere in
    /// memory.
    pub data_dir: Option<String>,
    /// The DynamoDB behind a URL that has the data, if one has.
    pub dynamodb: Option<String>,
    /// Why nothing follows the streams, if nothing does: then statements, candles, sockets and
    /// webhooks are not fed.
    pub not_followed: Option<String>,
}

/// A demo user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoUser {
    /// The name to log in with.
    pub username: String,
    /// The password to log in with, the same in every market.
    pub password: String,
    /// The user's id.
    pub user_id: String,
    /// The number of the home universe.
    pub universe_id: u32,
    /// The wallet of the home universe's currency.
    pub wallet_id: String,
    /// That currency.
    pub currency: String,
    /// What is available in it.
    pub available: String,
}

/// The administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoAdmin {
    /// The name to log in with.
    pub username: String,
    /// The password, in the first report only.
    pub password: Option<String>,
}

/// A demo item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoItem {
    /// The id to buy it by.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The price of a piece.
    pub price: String,
    /// The price's currency.
    pub currency: String,
    /// Pieces left.
    pub stock: u32,
    /// Who sells it.
    pub seller_id: String,
}

/// A demo market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoMarket {
    /// Its name, as in `MRC-USD`: what is traded, and what it is paid in.
    pub market: String,
    /// `trading`, `cancel_only` or `halted`.
    pub status: String,
    /// The step of prices.
    pub tick_size: String,
    /// The step of quantities.
    pub lot_size: String,
    /// What the resting side of a trade pays, in basis points.
    pub maker_fee_bps: u16,
    /// What the side that takes pays, in basis points.
    pub taker_fee_bps: u16,
}

/// An external venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoVenue {
    /// Its short name, as paths have it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What its prices are in.
    pub currency: String,
    /// Where its interface begins: that of the simulator has `/simulator/witness` as well.
    pub url: String,
    /// What can be traded there.
    pub instruments: Vec<String>,
}

impl DemoVenue {
    fn of(venue: &Venue) -> Self {
        let listings = venue.listings.iter();
        Self {
            id: venue.id.to_string(),
            name: venue.name.as_str().to_owned(),
            currency: venue.currency.code.to_string(),
            url: venue.url.clone(),
            instruments: listings.map(|listing| listing.instrument.to_string()).collect(),
        }
    }
}

impl Report {
    /// The report of a market at this address that is not seeded.
    pub(crate) fn at(url: String) -> Self {
        Self {
            docs: format!("{url}/docs"),
            url,
            users: Vec::new(),
            admin: None,
            items: Vec::new(),
            markets: Vec::new(),
            venue: None,
            data_dir: None,
            dynamodb: None,
            not_followed: None,
        }
    }

    /// Adds the demo market, with the admin's password if it is to be shown.
    pub(crate) fn seeded(mut self, seeded: &Seeded, admin_password: Option<String>) -> Self {
        self.users = seeded.traders.iter().map(DemoUser::of).collect();
        self.items = seeded.items.iter().map(DemoItem::of).collect();
        self.markets = seeded.pairs.iter().map(DemoMarket::of).collect();
        let username = seeded.admin.user.username.as_str().to_owned();
        self.admin = Some(DemoAdmin { username, password: admin_password });
        self
    }

    /// Adds the external venue.
    pub(crate) fn with_venue(mut self, venue: &Venue) -> Self {
        self.venue = Some(DemoVenue::of(venue));
        self
    }

    /// The report as one line of JSON.
    ///
    /// # Errors
    /// Never in practice: everything in it is text or a number.
    pub fn json_line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The address, and the admin's password if it is shown: what even a quiet market says.
    #[must_use]
    pub fn brief(&self) -> String {
        match self.admin.as_ref().and_then(|admin| admin.password.as_ref()) {
            Some(password) => format!("{}\nadmin password, shown once: {password}", self.url),
            None => self.url.clone(),
        }
    }

    /// Two commands for a shell: log in as the first demo user, and buy one of another's items
    /// with it. The key is fixed, so that pasted twice they still buy one piece.
    #[must_use]
    pub fn purchase(&self) -> Option<String> {
        let (buyer, item) = self.buyer_and_item()?;
        let (url, json) = (&self.url, "-H 'Content-Type: application/json'");
        let DemoUser { username, password, .. } = buyer;
        Some(format!(
            "TOKEN=$(curl -s {url}/api/v1/auth/login {json} \
             -d '{{\"username\":\"{username}\",\"password\":\"{password}\"}}' \
             | sed 's/.*\"access_token\" *: *\"\\([^\"]*\\)\".*/\\1/')\n\
             curl -s {url}/api/v1/buy {json} -H \"Authorization: Bearer $TOKEN\" \
             -H 'Idempotency-Key: my-first-buy' -d '{{\"item_id\":\"{}\",\"quantity\":1}}'",
            item.id,
        ))
    }

    fn buyer_and_item(&self) -> Option<(&DemoUser, &DemoItem)> {
        let buyer = self.users.first()?;
        let item = self.items.iter().find(|item| item.seller_id != buyer.user_id)?;
        Some((buyer, item))
    }
}

impl DemoUser {
    fn of(trader: &Trader) -> Self {
        let currency = trader.money.currency.code;
        let wallet = WalletId { owner: trader.user.id, currency };
        Self {
            username: trader.user.username.as_str().to_owned(),
            password: trader.password.to_owned(),
            user_id: trader.user.id.to_string(),
            universe_id: trader.user.home.number(),
            wallet_id: wallet.to_string(),
            currency: currency.to_string(),
            available: trader.money.decimal(),
        }
    }
}

impl DemoItem {
    fn of(item: &Item) -> Self {
        Self {
            id: item.id.to_string(),
            name: item.name.as_str().to_owned(),
            price: item.unit_price().decimal(),
            currency: item.currency.code.to_string(),
            stock: item.stock.pieces(),
            seller_id: item.seller.to_string(),
        }
    }
}

impl DemoMarket {
    fn of(pair: &Pair) -> Self {
        let steps = &pair.steps;
        Self {
            market: pair.id().to_string(),
            status: pair.status.as_str().to_owned(),
            tick_size: steps.tick.to_decimal(steps.price_scale),
            lot_size: steps.lot.to_decimal(steps.base.scale),
            maker_fee_bps: pair.maker_fee.bps(),
            taker_fee_bps: pair.taker_fee.bps(),
        }
    }
}

/// The report for people.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Multiverse Market is ready.\n")?;
        writeln!(out, "  API     {}/api/v1", self.url)?;
        writeln!(out, "  docs    {}", self.docs)?;
        match (&self.dynamodb, &self.data_dir) {
            (Some(url), Some(path)) => writeln!(out, "  data    {url}, the secret in {path}")?,
            (Some(data), None) | (None, Some(data)) => writeln!(out, "  data    {data}")?,
            (None, None) => writeln!(out, "  data    in memory, gone when it stops")?,
        }
        if let Some(reason) = &self.not_followed {
            writeln!(out, "  NOT FED statements, candles, sockets, webhooks: {reason}")?;
        }
        if let Some(DemoAdmin { username, password }) = &self.admin {
            let password = password.as_deref().unwrap_or("(printed on first start)");
            writeln!(out, "  admin   {username}  {password}")?;
        }
        if !self.users.is_empty() {
            writeln!(out, "\n  {:<14}{:<14}{:>16}", "user", "password", "available")?;
        }
        for user in &self.users {
            let DemoUser { username, password, available, currency, .. } = user;
            writeln!(out, "  {username:<14}{password:<14}{available:>12} {currency}")?;
        }
        if !self.items.is_empty() {
            writeln!(out, "\n  {:<32}{:<16}{:>10}{:>11}", "item", "name", "price", "stock")?;
        }
        for DemoItem { id, name, price, currency, stock, .. } in &self.items {
            writeln!(out, "  {id:<32}{name:<16}{price:>10} {currency}{stock:>7}")?;
        }
        if !self.markets.is_empty() {
            writeln!(out, "\n  {:<14}{:<14}{:>10}{:>10}", "market", "status", "tick", "lot")?;
        }
        for DemoMarket { market, status, tick_size, lot_size, .. } in &self.markets {
            writeln!(out, "  {market:<14}{status:<14}{tick_size:>10}{lot_size:>10}")?;
        }
        if let Some(DemoVenue { id, name, currency, url, instruments }) = &self.venue {
            writeln!(out, "\n  venue   {id}, {name}, at {url}")?;
            writeln!(out, "          {} in {currency}", instruments.join(" "))?;
        }
        if let (Some(commands), Some((buyer, item))) = (self.purchase(), self.buyer_and_item()) {
            let (username, pays) = (&buyer.username, &buyer.currency);
            let DemoItem { name, price, currency, .. } = item;
            writeln!(out, "\n{username} buys one {name} for {price} {currency}, in {pays}:")?;
            writeln!(out, "\n{commands}")?;
        }
        if !self.markets.is_empty() {
            writeln!(out, "\nBots bring the markets to life, from another terminal:")?;
            writeln!(out, "\ncargo run -- demo --keep --url {}", self.url)?;
        }
        write!(out, "\nCtrl-C stops it.")
    }
}
