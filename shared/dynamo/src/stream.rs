//! What a change of a row means, as a table's stream tells of it. Which functions are told, and
//! what they make of it, is not known here.

use app::ports::StoreError;
use domain::{
    account::Account, id::EntryId, ledger::Entry, market_event::MarketEvent, rate::RateVersion,
};
use serde_dynamo::Item;

use crate::{
    rows::{Row, Stored, keys},
    schema::{ACCOUNTS, CATALOG, JOURNAL, ORDERS},
};

/// What changed in a row of a table that has a stream.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "it is read once and taken apart at once")]
pub enum StreamRow {
    /// An account.
    Account {
        /// As it was; `None`: it is new.
        before: Option<Account>,
        /// As it is. If nothing differs, nothing happened: an engine may tell of such a write.
        after: Account,
    },
    /// A journal entry, which never changes once written.
    Entry(Entry),
    /// An event of a pair, which never changes either.
    MarketEvent(MarketEvent),
    /// A version of a rate that was put into the catalog.
    Rate(RateVersion),
    /// Anything else in these tables: claims, commands, resting and closed orders, deadlines,
    /// items, universes, pairs; and every deletion.
    Other,
}

/// What became of a row of the table with this stem. Both images are empty where the stream has
/// none: `before` of a new row or if the stream shows only new images, `after` of a deleted one.
///
/// # Errors
/// [`StoreError::Corrupt`]: the row is not what we write.
pub fn stream_row(table_stem: &str, before: Item, after: Item) -> Result<StreamRow, StoreError> {
    let after = Row::from(after);
    let is = |partition: &str, prefix| keys::begins(&after, partition, prefix);
    Ok(if after.is_empty() {
        StreamRow::Other
    } else if table_stem == ACCOUNTS.stem {
        let before = Some(Row::from(before)).filter(|row| !row.is_empty());
        let before = before.map(Account::from_row).transpose()?;
        StreamRow::Account { before, after: Account::from_row(after)? }
    } else if table_stem == JOURNAL.stem && is(JOURNAL.partition, EntryId::PREFIX) {
        StreamRow::Entry(Entry::from_row(after)?)
    } else if table_stem == ORDERS.stem && is(ORDERS.partition, MarketEvent::PARTITION) {
        StreamRow::MarketEvent(MarketEvent::from_row(after)?)
    } else if table_stem == CATALOG.stem && is(CATALOG.partition, keys::RATES) {
        StreamRow::Rate(RateVersion::from_row(after)?)
    } else {
        StreamRow::Other
    })
}

#[cfg(test)]
mod tests {
    use domain::commit::Claim;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        rows::generators::{books::*, *},
        schema::TABLES,
    };

    fn image(value: &impl Stored) -> Item {
        value.to_row().expect("a row").into()
    }

    fn none() -> Item {
        Row::new().into()
    }

    proptest! {
        #[test]
        fn an_account_is_told_as_it_was_and_as_it_is(was in accounts(), is in accounts()) {
            let told = stream_row("accounts", image(&was), image(&is));
            let changed = StreamRow::Account { before: Some(was), after: is.clone() };
            prop_assert_eq!(told, Ok(changed));
            let told = stream_row("accounts", none(), image(&is));
            prop_assert_eq!(told, Ok(StreamRow::Account { before: None, after: is }));
        }

        #[test]
        fn an_entry_is_told_whole(entry in entries()) {
            let told = stream_row("journal", none(), image(&entry));
            prop_assert_eq!(told, Ok(StreamRow::Entry(entry)));
        }

        #[test]
        fn a_version_of_a_rate_is_told_whole(version in rate_versions()) {
            let told = stream_row("catalog", none(), image(&version));
            prop_assert_eq!(told, Ok(StreamRow::Rate(version)));
        }

        #[test]
        fn an_event_of_a_pair_is_told_whole(event in events()) {
            let told = stream_row("orders", none(), image(&event));
            prop_assert_eq!(told, Ok(StreamRow::MarketEvent(event)));
        }

        #[test]
        fn items_and_universes_are_nothing_to_tell_of(item in items(), universe in universes()) {
            for image in [image(&item), image(&universe)] {
                prop_assert_eq!(stream_row("catalog", none(), image), Ok(StreamRow::Other));
            }
        }

        #[test]
        fn claims_are_nothing_to_tell_of(purchase in entry_ids()) {
            let claim = keys::claim(&Claim::Refund(purchase));
            prop_assert_eq!(stream_row("journal", none(), claim.into()), Ok(StreamRow::Other));
        }
    }

    #[test]
    fn a_deleted_row_is_nothing_to_tell_of_whatever_it_was() {
        for table in TABLES {
            let was = Row::from([(table.partition.to_owned(), crate::rows::text("txn_1"))]);
            let told = stream_row(table.stem, was.into(), none());
            assert_eq!(told, Ok(StreamRow::Other));
        }
    }

    #[test]
    fn a_row_that_is_not_what_its_key_says_is_corrupt() {
        for (stem, key, value) in [
            ("accounts", "user", "usr_1"),
            ("journal", "id", "txn_1"),
            ("orders", "part", "events#MRC-USD"),
            ("catalog", "part", "rates#1"),
        ] {
            let row = Row::from([(key.to_owned(), crate::rows::text(value))]);
            let told = stream_row(stem, none(), row.into());
            assert!(matches!(told, Err(StoreError::Corrupt(_))), "{stem}: {told:?}");
        }
    }
}
