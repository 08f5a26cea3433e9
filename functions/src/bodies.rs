//! Parts of answers that several endpoints share.

use std::borrow::Cow;

use app::ports::Position;
use domain::{
    account::Account,
    amount::Money,
    catalogue::Item,
    conversion::Provenance,
    currency::{Currency, CurrencyCode},
    id::WalletId,
    ledger::{Holder, Posting},
    rate::{RateSource, RateVersion},
    statement::StatementLine,
    universe::Universe,
};
use edge::{call::Call, context::Context, wire::rfc3339};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Array, ObjectBuilder, Ref, RefOr, Schema, Type, schema::SchemaType},
};

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct PageBody<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Give it as `cursor` to read on; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> PageBody<T> {
    /// Rows, and where the caller's list goes on.
    pub fn new(context: &Context, call: &Call, data: Vec<T>, next: Option<Position>) -> Self {
        Self { data, next_cursor: context.next_cursor(call, next) }
    }
}

impl<T: ToSchema> PartialSchema for PageBody<T> {
    fn schema() -> RefOr<Schema> {
        let cursor = SchemaType::from_iter([Type::String, Type::Null]);
        let cursor = ObjectBuilder::new()
            .schema_type(cursor)
            .description(Some("Give it as `cursor` to read on; null on the last page."));
        ObjectBuilder::new()
            .property("data", Array::new(Ref::from_schema_name(T::name())))
            .property("next_cursor", cursor)
            .required("data")
            .required("next_cursor")
            .description(Some("A page of a list."))
            .into()
    }
}

/// By hand, for a derived name would be the same for pages of anything.
impl<T: ToSchema> ToSchema for PageBody<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name().trim_end_matches("Body")).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
        schemas.push((T::name().into_owned(), T::schema()));
    }
}

/// A wallet as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalletBody {
    /// `wal_…`
    #[schema(example = "wal_01hf8z8x5m8q9v2w3c4d5e6f7g_USD")]
    pub id: String,
    /// The currency's code.
    #[schema(example = "USD")]
    pub currency: String,
    /// Everything in the wallet, reserved or not.
    #[schema(example = "1000.00")]
    pub posted: String,
    /// What is reserved.
    #[schema(example = "0.00")]
    pub held: String,
    /// What can be spent.
    #[schema(example = "1000.00")]
    pub available: String,
    /// The same as `posted`, under the name that older clients know.
    #[schema(example = "1000.00")]
    pub balance: String,
    /// When it was opened.
    pub created_at: String,
    /// When money last moved out of or into it.
    pub updated_at: String,
}

impl WalletBody {
    /// One wallet of an account, if it is open.
    #[must_use]
    pub fn new(account: &Account, currency: Currency) -> Option<Self> {
        let owner = account.user;
        let balance = account.wallets.get(&currency.code)?;
        let times = account.times.get(&currency.code)?;
        let posted = balance.posted().to_decimal(currency.scale);
        Some(Self {
            id: WalletId { owner, currency: currency.code }.to_string(),
            currency: currency.code.to_string(),
            balance: posted.clone(),
            posted,
            held: balance.held.to_decimal(currency.scale),
            available: balance.available.to_decimal(currency.scale),
            created_at: rfc3339(times.opened_at),
            updated_at: rfc3339(times.changed_at),
        })
    }

    /// The wallet as it was after a line of its statement.
    #[must_use]
    pub fn after(self, line: &StatementLine, currency: Currency) -> Self {
        let posted = line.after.posted().to_decimal(currency.scale);
        Self {
            balance: posted.clone(),
            posted,
            held: line.after.held.to_decimal(currency.scale),
            available: line.after.available.to_decimal(currency.scale),
            updated_at: rfc3339(line.at),
            ..self
        }
    }

    /// All wallets of an account whose currencies are known.
    #[must_use]
    pub fn all(
        account: &Account,
        scale_of: impl Fn(CurrencyCode) -> Option<Currency>,
    ) -> Vec<Self> {
        let body = |code: &CurrencyCode| Self::new(account, scale_of(*code)?);
        account.wallets.keys().filter_map(body).collect()
    }
}

/// Money that moved from one account to another.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostingBody {
    /// A wallet, or an account of the house: `world:`, `pool:`, `fees:`, `dust:` or `venues:`
    /// and a code.
    #[schema(example = "wal_01hf8z8x5m8q9v2w3c4d5e6f7g_USD")]
    pub from: String,
    /// The same.
    #[schema(example = "pool:USD")]
    pub to: String,
    /// How much.
    #[schema(example = "4.00")]
    pub amount: String,
    /// Of which currency.
    #[schema(example = "USD")]
    pub currency: String,
}

impl From<&Posting> for PostingBody {
    fn from(posting: &Posting) -> Self {
        let code = posting.money.currency.code;
        Self {
            from: holder(posting.from, code),
            to: holder(posting.to, code),
            amount: posting.money.decimal(),
            currency: code.to_string(),
        }
    }
}

fn holder(holder: Holder, currency: CurrencyCode) -> String {
    match holder {
        Holder::User(owner) => WalletId { owner, currency }.to_string(),
        Holder::World => format!("world:{currency}"),
        Holder::Pool => format!("pool:{currency}"),
        Holder::Fees => format!("fees:{currency}"),
        Holder::Dust => format!("dust:{currency}"),
        Holder::Venues => format!("venues:{currency}"),
    }
}

/// The rates that a conversion used: enough to recompute it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversionRateBody {
    /// Units received per unit paid before the spread, to 18 significant digits.
    #[schema(example = "2.5")]
    pub mid_rate: String,
    /// What the market keeps, in basis points.
    pub spread_bps: u16,
    /// The version of the rate of the currency paid.
    #[schema(example = "rat_1_1")]
    pub from_rate_id: String,
    /// Its units per base unit.
    #[schema(example = "1")]
    pub from_units_per_base: String,
    /// The version of the rate of the currency received.
    #[schema(example = "rat_2_1")]
    pub to_rate_id: String,
    /// Its units per base unit.
    #[schema(example = "2.5")]
    pub to_units_per_base: String,
    /// `operator`, or `feed` if either rate is a feed's.
    pub source: &'static str,
    /// When the older of the two was observed.
    pub observed_at: String,
    /// When the first of the two lapses; null if none does.
    pub valid_until: Option<String>,
}

impl From<&Provenance> for ConversionRateBody {
    fn from(provenance: &Provenance) -> Self {
        Self {
            mid_rate: provenance.mid_rate().to_string(),
            spread_bps: provenance.spread_bps,
            from_rate_id: provenance.from.to_string(),
            from_units_per_base: provenance.from_units.to_string(),
            to_rate_id: provenance.to.to_string(),
            to_units_per_base: provenance.to_units.to_string(),
            source: source(provenance.source),
            observed_at: rfc3339(provenance.observed_at),
            valid_until: provenance.valid_until.map(rfc3339),
        }
    }
}

fn source(source: RateSource) -> &'static str {
    match source {
        RateSource::Operator => "operator",
        RateSource::Feed => "feed",
    }
}

/// A version of a universe's rate.
#[derive(Debug, Serialize, ToSchema)]
pub struct RateBody {
    /// `rat_{universe}_{version}`
    #[schema(example = "rat_2_1")]
    pub rate_id: String,
    /// The universe's number.
    pub universe_id: u32,
    /// The universe's currency.
    #[schema(example = "MRC")]
    pub currency: String,
    /// Units of the currency per base unit.
    #[schema(example = "2.5")]
    pub units_per_base: String,
    /// What the market keeps of a conversion, in basis points.
    pub spread_bps: u16,
    /// `operator` or `feed`.
    pub source: &'static str,
    /// Since when it holds.
    pub observed_at: String,
    /// Until when; null: until it is replaced.
    pub valid_until: Option<String>,
}

impl RateBody {
    /// A version of the rate of a currency.
    #[must_use]
    pub fn new(currency: Currency, rate: &RateVersion) -> Self {
        Self {
            rate_id: rate.id.to_string(),
            universe_id: rate.id.universe.number(),
            currency: currency.code.to_string(),
            units_per_base: rate.units_per_base.to_string(),
            spread_bps: rate.spread.bps(),
            source: source(rate.source),
            observed_at: rfc3339(rate.observed_at),
            valid_until: rate.valid_until.map(rfc3339),
        }
    }
}

/// A universe.
#[derive(Debug, Serialize, ToSchema)]
pub struct UniverseBody {
    /// Its number.
    pub id: u32,
    /// What people call it.
    #[schema(example = "Mars")]
    pub name: String,
    /// Its currency's code, under the name that older clients know.
    #[schema(example = "MRC")]
    pub currency_type: String,
    /// Its currency's code.
    #[schema(example = "MRC")]
    pub currency: String,
    /// Decimals of its currency.
    pub decimals: u8,
    /// Units of its currency per base unit.
    #[schema(example = "2.5")]
    pub exchange_rate: String,
    /// The version of the rate that holds.
    pub rate: RateBody,
    /// When it was made.
    pub created_at: String,
}

impl From<&Universe> for UniverseBody {
    fn from(universe: &Universe) -> Self {
        Self {
            id: universe.id.number(),
            name: universe.name.as_str().to_owned(),
            currency_type: universe.currency.code.to_string(),
            currency: universe.currency.code.to_string(),
            decimals: universe.currency.scale.decimals(),
            exchange_rate: universe.rate.units_per_base.to_string(),
            rate: RateBody::new(universe.currency, &universe.rate),
            created_at: rfc3339(universe.created_at),
        }
    }
}

/// An item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemBody {
    /// `itm_…`
    pub id: String,
    /// What it is called.
    #[schema(example = "Mars Rocks")]
    pub name: String,
    /// What it is.
    pub description: String,
    /// Who sells it.
    pub seller_id: String,
    /// Where it is sold.
    pub universe_id: u32,
    /// The price of a piece.
    #[schema(example = "10.00")]
    pub price: String,
    /// The price's currency.
    #[schema(example = "MRC")]
    pub currency: String,
    /// Pieces left.
    pub stock: u32,
    /// Pieces sold and not returned.
    pub sold: u64,
    /// `draft`, `active`, `paused` or `sold_out`.
    #[schema(example = "active")]
    pub state: String,
    /// Counts the changes, sales among them; also the `ETag`.
    pub version: u64,
    /// When it was listed.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

impl From<&Item> for ItemBody {
    fn from(item: &Item) -> Self {
        let state = if item.sold_out() { "sold_out" } else { item.state.as_str() };
        Self {
            id: item.id.to_string(),
            name: item.name.as_str().to_owned(),
            description: item.description.as_str().to_owned(),
            seller_id: item.seller.to_string(),
            universe_id: item.universe.number(),
            price: item.unit_price().decimal(),
            currency: item.currency.code.to_string(),
            stock: item.stock.pieces(),
            sold: item.sold,
            state: state.to_owned(),
            version: item.version,
            created_at: rfc3339(item.created_at),
            updated_at: rfc3339(item.updated_at),
        }
    }
}

/// The code of an amount's currency.
#[must_use]
pub fn code(money: Money) -> String {
    money.currency.code.to_string()
}
