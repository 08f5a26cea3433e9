//! What a function needs of the world, as data: what it asks of the store, and which services it
//! talks to. A function is wired with that and nothing else, its binary holds that and nothing
//! else, its role allows that and nothing else: this is where the three are kept the same.

use dynamo::grants::{self, Grant};

use crate::boot::{self, BootFailed, Parts};

/// Something that a function needs.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    /// Its name, which no other has.
    pub name: &'static str,
    /// What of the store.
    pub grants: &'static [Grant],
    /// Which service.
    pub service: Option<Service>,
    /// Puts an adapter in its place.
    pub(crate) wire: fn(&mut Parts) -> Result<(), BootFailed>,
}

/// A service beside the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The cache cluster: the function must be in its network, and reaches no other service but
    /// the store from there.
    Cache,
    /// The queue that wakes matchers; to send.
    MatchQueue,
    /// The queue that wakes whoever delivers events to webhooks; to send.
    WebhookQueue,
    /// The queue that wakes whoever sees to orders at external venues; to send.
    VenueQueue,
    /// The queue that keeps what no function can handle; to send.
    FailureQueue,
    /// Open connections; to post and to close.
    Connections,
}

impl PartialEq for Use {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Use {}

const fn of_store(name: &'static str, grants: &'static [Grant]) -> Use {
    Use { name, grants, service: None, wire: |_| Ok(()) }
}

const fn of_service(
    name: &'static str,
    service: Service,
    wire: fn(&mut Parts) -> Result<(), BootFailed>,
) -> Use {
    Use { name, grants: &[], service: Some(service), wire }
}

macro_rules! of_the_store {
    ($($name:ident: $text:literal),+ $(,)?) => {
        $(
            #[doc = concat!("See [`grants::", stringify!($name), "`].")]
            pub const $name: Use = of_store($text, grants::$name);
        )+
        #[cfg(test)]
        /// All that only asks the store.
        const OF_THE_STORE: &[Use] = &[$($name),+];
    };
}

of_the_store! {
    ACCOUNT: "account",
    ENTRY: "entry",
    ENTRIES: "entries",
    PLACEMENTS: "placements",
    RECORD: "record",
    OPEN_ACCOUNT: "open account",
    CHANGE_ACCOUNT: "change account",
    CATALOGUE: "catalogue",
    ITEM: "item",
    ITEMS: "items",
    EDIT_CATALOGUE: "edit catalogue",
    MOVE_STOCK: "move stock",
    USER: "user",
    EDIT_IDENTITY: "edit identity",
    BOOK: "book",
    TRADES: "trades",
    ORDER_STATES: "order states",
    COMMAND: "command",
    PLACE_COMMAND: "place command",
    MATCH: "match",
    ACTIVITIES: "activities",
    LOG_ACTIVITY: "log activity",
    STATEMENT_HEAD: "statement head",
    STATEMENT_LINES: "statement lines",
    FOLD: "fold",
    CONNECTION: "connection",
    LISTENERS: "listeners",
    PUT_CONNECTION: "put connection",
    FORGET_CONNECTION: "forget connection",
    WEBHOOK_LISTS: "webhook lists",
    DELIVERY: "delivery",
    DUE_DELIVERIES: "due deliveries",
    PUT_WEBHOOK: "put webhook",
    REMOVE_WEBHOOK: "remove webhook",
    VENUE_LIST: "venue list",
    VENUE_ORDER: "venue order",
    VENUE_ORDERS: "venue orders",
    DUE_VENUE_ORDERS: "due venue orders",
    PUT_VENUE_ORDER: "put venue order",
    EDIT_VENUES: "edit venues",
    PACE_VENUES: "pace venues",
    SPEND_NONCE: "spend nonce",
}

/// Rates that decide a price or are shown, by way of the cache that functions share. Who only
/// wants to know a currency's decimals uses [`CATALOGUE`] and needs no cache.
pub const RATES: Use =
    Use { grants: grants::CATALOGUE, ..of_service("rates", Service::Cache, boot::wire_cache) };

/// Matchers are rung for.
pub const DOORBELL: Use = of_service("doorbell", Service::MatchQueue, boot::wire_doorbell);

/// Deliveries to webhooks are queued.
pub const DELIVERIES: Use = of_service("deliveries", Service::WebhookQueue, boot::wire_deliveries);

/// Orders at external venues are queued to be seen to. Not to be taken for [`PLACEMENTS`], which
/// reads who placed what.
pub const VENUE_PLACEMENTS: Use =
    of_service("venue placements", Service::VenueQueue, boot::wire_placements);

/// What can never be handled is put away.
pub const DEAD_LETTERS: Use =
    of_service("dead letters", Service::FailureQueue, boot::wire_dead_letters);

/// Connections are posted to and closed.
pub const CONNECTIONS: Use = of_service("connections", Service::Connections, boot::wire_gateway);

/// Passwords are hashed and verified: 19 MiB of memory each.
pub const PASSWORDS: Use =
    Use { name: "passwords", grants: &[], service: None, wire: boot::wire_passwords };

/// Whatever address a user names is posted to: never from within a network of ours.
pub const WEBHOOK_SENDER: Use =
    Use { name: "webhook sender", grants: &[], service: None, wire: boot::wire_webhook_sender };

/// External venues are sent requests: never from within a network of ours.
pub const VENUE_CONNECTOR: Use =
    Use { name: "venue connector", grants: &[], service: None, wire: boot::wire_venue_connector };

/// Feeds of external venues are read: never from within a network of ours.
pub const VENUE_FEEDS: Use =
    Use { name: "venue feeds", grants: &[], service: None, wire: boot::wire_venue_feeds };

/// Whether a function keeps universes and their rates in its process.
#[must_use]
pub fn keeps_rates(uses: &[Use]) -> bool {
    uses.iter().any(|using| *using == RATES || *using == CATALOGUE)
}

/// All grants of a function, each once and in order.
#[must_use]
pub fn grants_of(uses: &[Use]) -> Vec<Grant> {
    let mut all: Vec<_> = uses.iter().flat_map(|using| using.grants).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// All services of a function, each once and in order.
#[must_use]
pub fn services_of(uses: &[Use]) -> Vec<Service> {
    let mut all: Vec<_> = uses.iter().filter_map(|using| using.service).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use dynamo::{grants::Action, schema::JOURNAL};

    use super::*;

    #[test]
    fn no_two_uses_have_one_name() {
        let names: BTreeSet<_> = OF_THE_STORE.iter().map(|using| using.name).collect();
        assert_eq!(names.len(), OF_THE_STORE.len());
    }

    #[test]
    fn what_stands_in_the_journal_can_be_neither_changed_nor_deleted() {
        for grant in OF_THE_STORE.iter().flat_map(|using| using.grants) {
            if grant.table == JOURNAL.stem && grant.action.writes() {
                assert_eq!((grant.action, grant.enclosed), (Action::PutItem, true));
            }
        }
    }

    #[test]
    fn money_is_written_in_transactions_only() {
        let money = ["accounts", "journal", "catalog", "orders", "identity"];
        for grant in OF_THE_STORE.iter().flat_map(|using| using.grants) {
            let needs_transaction = grant.action.writes() && money.contains(&grant.table);
            assert!(!needs_transaction || grant.enclosed, "{grant:?}");
        }
    }
}
