//! The token by which the service knows a transaction that it has carried out already, for ten
//! minutes. It covers the transport's own retries; the guard is the journal entry.

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

use crate::{
    rows::Row,
    transact::{Action, Change},
};

/// 32 hexadecimal digits (the service takes 36): equal for equal transactions, and different
/// for different ones but for chance.
pub(crate) fn token(actions: &[Action]) -> String {
    let mut hash = Sha256::new();
    for Action { table, row, change, condition, values } in actions {
        part(&mut hash, table);
        part(&mut hash, kind(change));
        part(&mut hash, change.update().unwrap_or_default());
        part(&mut hash, condition.as_deref().unwrap_or_default());
        map(&mut hash, row);
        map(&mut hash, values);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A put and a deletion of one key are not the same.
fn kind(change: &Change) -> &'static str {
    match change {
        Change::Put => "put",
        Change::Update(_) => "update",
        Change::Delete => "delete",
    }
}

/// With its length, so that two parts cannot be mistaken for one.
fn part(hash: &mut Sha256, text: &str) {
    hash.update(text.len().to_string());
    hash.update(":");
    hash.update(text);
}

fn map(hash: &mut Sha256, row: &Row) {
    let mut attributes: Vec<_> = row.iter().collect();
    attributes.sort_by_key(|(name, _)| *name);
    part(hash, &attributes.len().to_string());
    for (name, value) in attributes {
        part(hash, name);
        match value {
            AttributeValue::M(fields) => map(hash, fields),
            // Our rows have no other type whose text depends on anything but the value.
            scalar => part(hash, &format!("{scalar:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        commit::{Commit, Write},
        currency::CurrencyCode,
        id::UserId,
        time::Timestamp,
    };

    use super::*;
    use crate::{schema::TableNames, transact::actions};

    fn of(commit: &Commit, market: &str) -> String {
        token(&actions(commit, &TableNames::prefixed(market)).expect("actions"))
    }

    fn opening(code: &str) -> Commit {
        let code: CurrencyCode = code.parse().expect("a code");
        Commit::of(vec![Write::OpenWallet {
            user: UserId::from_bits(1),
            code,
            at: Timestamp::from_millis(1),
        }])
    }

    #[test]
    fn equal_commits_have_equal_tokens_of_at_most_36_characters() {
        assert_eq!(of(&opening("USD"), "one"), of(&opening("USD"), "one"));
        assert_eq!(of(&opening("USD"), "one").len(), 32);
    }

    #[test]
    fn another_commit_or_another_market_has_another_token() {
        assert_ne!(of(&opening("USD"), "one"), of(&opening("MRC"), "one"));
        assert_ne!(of(&opening("USD"), "one"), of(&opening("USD"), "other"));
    }

    #[test]
    fn writing_a_row_and_removing_it_have_two_tokens() {
        let (pair, user) = ("MRC-USD".parse().expect("a pair"), UserId::from_bits(1));
        let deadline = Timestamp::from_millis(1);
        let set = Commit::of(vec![Write::PutDeadline { pair, user, deadline }]);
        let removed = Commit::of(vec![Write::RemoveDeadline { pair, user }]);
        assert_ne!(of(&set, "one"), of(&removed, "one"));
        let mut put = actions(&removed, &TableNames::prefixed("one")).expect("actions");
        put[0].change = Change::Put;
        assert_ne!(token(&put), of(&removed, "one"));
    }
}
