//! The one definition of the tables, as data: keys, indexes, expiry, streams.
//! How they are created, locally or by the deployment, is not known here.

/// A table. All key attributes are strings; billing is by request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// The name without a market's prefix.
    pub stem: &'static str,
    /// The partition key's attribute.
    pub partition: &'static str,
    /// The sort key's attribute, if there is one.
    pub sort: Option<&'static str>,
    /// The global secondary indexes.
    pub indexes: &'static [Index],
    /// The attribute that holds the second after which a row may be swept.
    pub expires: Option<&'static str>,
    /// What the table's stream shows of a change, if it has a stream.
    pub stream: Option<Images>,
}

/// A global secondary index. A row without all of its keys is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// The partition key's attribute.
    pub partition: &'static str,
    /// The sort key's attribute.
    pub sort: &'static str,
    /// What of a row it holds.
    pub projection: Projection,
}

/// What of a row an index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// The keys: a write that changes none of them does not touch the index.
    Keys,
    /// Everything: a read needs no second round trip.
    Everything,
}

/// What a stream shows of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Images {
    /// The row after it.
    New,
    /// The row before it and after it.
    NewAndOld,
}

/// One row a user. Its stream gives the lines of statements, ordered by the row's version.
pub const ACCOUNTS: Table = Table {
    stem: "accounts",
    partition: "user",
    sort: None,
    indexes: &[],
    expires: None,
    stream: Some(Images::NewAndOld),
};

/// Who an entry is about: the payer, or the only user of it.
pub const BY_PARTY: Index = Index {
    name: "by_party",
    partition: "party",
    sort: "placed",
    projection: Projection::Everything,
};

/// Who else an entry is about.
pub const BY_COUNTERPARTY: Index = Index {
    name: "by_counterparty",
    partition: "counterparty",
    sort: "placed",
    projection: Projection::Everything,
};

/// Who placed an order. Only entries that placed one are in it.
pub const BY_ORDERER: Index = Index {
    name: "by_orderer",
    partition: "orderer",
    sort: "placed",
    projection: Projection::Everything,
};

/// Entries and claims, which never change once written: so the indexes hold whole rows (an
/// entry is ≤ 1 KB, one write unit) and a page of a history is one round trip an index.
pub const JOURNAL: Table = Table {
    stem: "journal",
    partition: "id",
    sort: None,
    indexes: &[BY_PARTY, BY_COUNTERPARTY, BY_ORDERER],
    expires: None,
    stream: Some(Images::New),
};

/// All items, newest first. Its one partition takes 1000 new items a second.
pub const BY_TIME: Index =
    Index { name: "by_time", partition: "kind", sort: "placed", projection: Projection::Keys };

/// A universe's items, newest first.
pub const BY_UNIVERSE: Index = Index {
    name: "by_universe",
    partition: "universe",
    sort: "placed",
    projection: Projection::Keys,
};

/// A universe's items by price.
pub const BY_PRICE: Index =
    Index { name: "by_price", partition: "universe", sort: "priced", projection: Projection::Keys };

/// A seller's items, newest first.
pub const BY_SELLER: Index =
    Index { name: "by_seller", partition: "seller", sort: "placed", projection: Projection::Keys };

/// Universes, versions of rates, items, pairs, and which universe has a currency. The indexes
/// hold keys alone, so that a sale touches none of them. Its stream tells of rates: on AWS a
/// filter lets only rows pass whose `part` begins with `rates#`, and no sale wakes a function.
pub const CATALOG: Table = Table {
    stem: "catalog",
    partition: "part",
    sort: Some("kind"),
    indexes: &[BY_TIME, BY_UNIVERSE, BY_PRICE, BY_SELLER],
    expires: None,
    stream: Some(Images::New),
};

/// A pair's events with trades, by their number. An event never changes, so it is whole here.
pub const BY_TRADE: Index = Index {
    name: "by_trade",
    partition: "traded",
    sort: "kind",
    projection: Projection::Everything,
};

/// What the books of the pairs are made of: commands, events, resting and closed orders, and
/// deadlines. Its stream tells of events.
pub const ORDERS: Table = Table {
    stem: "orders",
    partition: "part",
    sort: Some("kind"),
    indexes: &[BY_TRADE],
    expires: None,
    stream: Some(Images::New),
};

/// Users, who has a name or an address, and sessions. Only sessions expire.
pub const IDENTITY: Table = Table {
    stem: "identity",
    partition: "key",
    sort: None,
    indexes: &[],
    expires: Some("sweep_after"),
    stream: None,
};

/// The changes of accounts, one row each, for ever: the events that users are told, and what
/// statements are folded from. Kept apart from these, which can be deleted and made again.
pub const ACTIVITY: Table = Table {
    stem: "activity",
    partition: "part",
    sort: Some("kind"),
    indexes: &[],
    expires: None,
    stream: None,
};

/// Statements, totals and candles. All of it follows from the activity, the journal and the
/// events of the pairs. A currency's totals share a partition, so that they are read at one
/// moment: it takes 1000 write units a second, and a fold costs it four (two rows, doubled).
pub const STATEMENTS: Table = Table {
    stem: "statements",
    partition: "part",
    sort: Some("kind"),
    indexes: &[],
    expires: None,
    stream: None,
};

/// Open connections, what they listen to, and spent tickets. All of it expires.
pub const SOCKETS: Table = Table {
    stem: "sockets",
    partition: "part",
    sort: Some("kind"),
    indexes: &[],
    expires: Some("sweep_after"),
    stream: None,
};

/// Deliveries that are pending, by the time at which they are due.
pub const BY_DUE: Index =
    Index { name: "by_due", partition: "due", sort: "due_at", projection: Projection::Everything };

/// Webhooks, and deliveries to them, which expire a month after they are over.
pub const WEBHOOKS: Table = Table {
    stem: "webhooks",
    partition: "part",
    sort: Some("kind"),
    indexes: &[BY_DUE],
    expires: Some("sweep_after"),
    stream: None,
};

/// A user's orders at a venue, newest first.
pub const BY_OWNER: Index =
    Index { name: "by_owner", partition: "owner", sort: "placed", projection: Projection::Keys };

/// Orders at venues that are not over, by the time at which something is to be done.
pub const BY_DUE_ORDER: Index =
    Index { name: "by_due", partition: "due", sort: "due_at", projection: Projection::Keys };

/// External venues and orders there; what paces requests to them; and what they have sent, which
/// alone expires. The indexes hold keys alone, so that a change of an order touches them only
/// when it is due at another time.
pub const VENUES: Table = Table {
    stem: "venues",
    partition: "part",
    sort: Some("kind"),
    indexes: &[BY_OWNER, BY_DUE_ORDER],
    expires: Some("sweep_after"),
    stream: None,
};

/// All tables.
pub const TABLES: &[Table] = &[
    ACCOUNTS, JOURNAL, CATALOG, ORDERS, IDENTITY, ACTIVITY, STATEMENTS, SOCKETS, WEBHOOKS, VENUES,
];

impl Table {
    /// The attributes that are keys of the table or of an index, each once, in order.
    #[must_use]
    pub fn key_attributes(&self) -> Vec<&'static str> {
        let of_indexes = self.indexes.iter().flat_map(|index| [index.partition, index.sort]);
        let mut names: Vec<_> =
            std::iter::once(self.partition).chain(self.sort).chain(of_indexes).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The tables' names in one account or engine: `{prefix}-{stem}`, so that several markets, or
/// tests, can share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    prefix: String,
}

impl TableNames {
    /// The tables of the market with this prefix.
    #[must_use]
    pub fn prefixed(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// A table's full name.
    #[must_use]
    pub fn of(&self, table: &Table) -> String {
        self.with_stem(table.stem)
    }

    /// The full name of the table with this stem.
    #[must_use]
    pub fn with_stem(&self, stem: &str) -> String {
        format!("{}-{stem}", self.prefix)
    }
}

/// The stem of one of [`TABLES`], whatever the prefix of its name.
#[must_use]
pub fn stem_of(name: &str) -> Option<&'static str> {
    let has = |table: &&Table| {
        let prefix = name.strip_suffix(table.stem);
        prefix.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('-'))
    };
    TABLES.iter().find(has).map(|table| table.stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_markets_share_no_table() {
        let (one, other) = (TableNames::prefixed("one"), TableNames::prefixed("other"));
        let mut names: Vec<_> =
            TABLES.iter().flat_map(|table| [one.of(table), other.of(table)]).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 2 * TABLES.len());
        assert_eq!(one.of(&JOURNAL), "one-journal");
    }

    #[test]
    fn a_tables_stem_is_known_by_its_name_whatever_the_prefix() {
        for table in TABLES {
            let names = TableNames::prefixed("a-market-orders");
            assert_eq!(stem_of(&names.of(table)), Some(table.stem));
            assert_eq!(names.with_stem(table.stem), names.of(table));
        }
        assert_eq!(stem_of("market-reorders"), None);
        assert_eq!(stem_of("market-checkpoints"), None);
    }

    #[test]
    fn a_key_attribute_is_declared_once() {
        assert_eq!(
            CATALOG.key_attributes(),
            ["kind", "part", "placed", "priced", "seller", "universe"]
        );
        assert_eq!(ORDERS.key_attributes(), ["kind", "part", "traded"]);
        assert_eq!(IDENTITY.key_attributes(), ["key"]);
        assert_eq!(VENUES.key_attributes(), ["due", "due_at", "kind", "owner", "part", "placed"]);
    }
}
