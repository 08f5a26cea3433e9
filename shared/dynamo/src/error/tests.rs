//! Which of the three every error of the service is, and which reason of several counts.

use aws_sdk_dynamodb::{
    error::ErrorMetadata,
    operation::get_item::GetItemError,
    types::error::{TransactionCanceledException, TransactionInProgressException},
};
use domain::{
    id::{EntryId, UserId},
    ledger::{Fingerprint, Outcome},
    time::Timestamp,
};

use super::*;
use crate::rows::text;

const THROTTLED: &str = "ThrottlingError";

fn entry() -> Entry {
    Entry {
        id: EntryId::from_bits(9),
        actor: UserId::from_bits(1),
        fingerprint: Fingerprint([7; 16]),
        at: Timestamp::from_millis(5),
        outcome: Outcome::Voided,
    }
}

fn account() -> Account {
    Account::opened(UserId::from_bits(1), "USD".parse().expect("a code"), Timestamp::from_millis(0))
}

/// A guard and two writes behind it.
fn guarded() -> Commit {
    let code = "MRC".parse().expect("a code");
    let name = "alice".parse().expect("a name");
    Commit::of(vec![
        Write::PutEntry(entry()),
        Write::OpenWallet { user: account().user, code, at: Timestamp::from_millis(1) },
        Write::ReserveUsername(name, account().user),
    ])
}

fn reason(code: &str, row: Option<Row>) -> CancellationReason {
    CancellationReason::builder().code(code).set_item(row).message("why").build()
}

fn none() -> CancellationReason {
    reason("None", None)
}

fn refused(reasons: [CancellationReason; 3]) -> CommitError {
    let cancelled = TransactionCanceledException::builder()
        .set_cancellation_reasons(Some(reasons.to_vec()))
        .build();
    let error = TransactWriteItemsError::TransactionCanceledException(cancelled);
    commit_error(&guarded(), &SdkError::service_error(error, ()))
}

fn used() -> CancellationReason {
    reason(CONDITION, Some(entry().to_row().expect("a row")))
}

fn failure(write: usize, found: Found) -> Failure {
    Failure { write, found }
}

#[test]
fn every_failed_condition_says_what_was_found() {
    let there = reason(CONDITION, Some(account().to_row().expect("a row")));
    let taken = reason(CONDITION, Some(Row::from([("key".to_owned(), text("name#alice"))])));
    let expected = vec![
        failure(0, Found::Entry(Box::new(entry()))),
        failure(1, Found::Account(Box::new(account()))),
        failure(2, Found::Other),
    ];
    assert_eq!(refused([used(), there, taken]), CommitError::Refused(expected));
}

#[test]
fn a_failed_condition_that_brings_nothing_back_found_nothing() {
    let expected = CommitError::Refused(vec![failure(1, Found::Nothing)]);
    assert_eq!(refused([none(), reason(CONDITION, None), none()]), expected);
    let empty = reason(CONDITION, Some(Row::new()));
    assert_eq!(refused([none(), empty, none()]), expected);
}

#[test]
fn a_conflict_outweighs_failed_conditions_but_not_a_used_guard() {
    let (conflict, failed) = (reason(CONFLICT, None), reason(CONDITION, None));
    assert_eq!(refused([none(), conflict.clone(), failed]), CommitError::Conflict);
    assert_eq!(refused([conflict.clone(), none(), none()]), CommitError::Conflict);
    let expected = vec![failure(0, Found::Entry(Box::new(entry())))];
    assert_eq!(refused([used(), conflict, none()]), CommitError::Refused(expected));
}

#[test]
fn a_throttle_is_never_taken_for_a_failed_condition() {
    let throttled = refused([none(), reason(THROTTLED, None), none()]);
    assert!(matches!(throttled, CommitError::Store(StoreError::Unavailable(_))), "{throttled:?}");
}

#[test]
fn an_invalid_action_is_a_bug_and_says_why() {
    let invalid = refused([none(), reason(INVALID, None), none()]);
    assert_eq!(invalid, StoreError::Corrupt("why".to_owned()).into());
}

#[test]
fn a_corrupt_row_that_was_found_is_told() {
    let bad = reason(CONDITION, Some(Row::from([("id".to_owned(), text("txn_?"))])));
    let told = refused([bad, none(), none()]);
    assert!(matches!(told, CommitError::Store(StoreError::Corrupt(_))), "{told:?}");
}

#[test]
fn a_transaction_still_under_way_may_have_happened() {
    let metadata = ErrorMetadata::builder().code("TransactionInProgressException").build();
    let error = TransactionInProgressException::builder().meta(metadata).build();
    let error = TransactWriteItemsError::TransactionInProgressException(error);
    let told = commit_error(&guarded(), &SdkError::service_error(error, ()));
    assert!(matches!(told, CommitError::Store(StoreError::Unavailable(_))), "{told:?}");
}

fn told(code: &str) -> StoreError {
    let metadata = ErrorMetadata::builder().code(code).message("why").build();
    store_error(&SdkError::service_error(GetItemError::generic(metadata), ()))
}

#[test]
fn load_and_faults_of_the_service_are_retried() {
    for code in [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "InternalServerError",
        "ServiceUnavailable",
    ] {
        assert_eq!(told(code), StoreError::Unavailable(format!("{code}: why")));
    }
    let lost: SdkError<GetItemError, ()> = SdkError::timeout_error("late");
    assert!(matches!(store_error(&lost), StoreError::Unavailable(_)));
}

#[test]
fn mistakes_of_ours_are_not_retried() {
    for code in ["ValidationException", "IdempotentParameterMismatchException"] {
        assert_eq!(told(code), StoreError::Corrupt(format!("{code}: why")));
    }
    let unbuilt: SdkError<GetItemError, ()> = SdkError::construction_failure("no key");
    assert!(matches!(store_error(&unbuilt), StoreError::Corrupt(_)));
}

#[test]
fn an_error_about_a_signature_does_not_repeat_what_was_signed() {
    for code in SIGNING {
        let meta = ErrorMetadata::builder().code(*code).message("token: canary").build();
        let error = SdkError::service_error(GetItemError::generic(meta), ());
        let said = store_error(&error).to_string();
        assert!(said.contains(code) && !said.contains("canary"), "{said}");
    }
}
