//! The guarantees of [`app::ports::Store`] as cases that every store must pass.
//! How a store is made, and how a case is run and reported, is not known here.
#![expect(clippy::expect_used, reason = "a case fails by panicking")]

use std::{future::Future, pin::Pin, sync::Arc};

use app::ports::Store;

mod accounts;
mod activity;
mod books;
mod candles;
mod commits;
mod deliveries;
mod entries;
mod events;
mod fixtures;
mod identity;
mod items;
mod lists;
mod orders;
mod placements;
mod rates;
mod samples;
mod sockets;
mod statements;
mod totals;
mod venue_traffic;
mod venues;
mod webhooks;

/// A case under way.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A guarantee, as a test of it. It is met if `run` returns without a panic.
pub struct Case {
    /// The guarantee, as a sentence in snake case.
    pub name: &'static str,
    /// Tests a fresh empty store, within a tokio runtime.
    pub run: fn(Arc<dyn Store>) -> Running,
}

macro_rules! cases {
    ($($module:ident: $($name:ident),+;)+) => {
        &[$($(Case {
            name: stringify!($name),
            run: |store| Box::pin($module::$name(store)),
        }),+),+]
    };
}

/// All guarantees.
pub const CASES: &[Case] = cases![
    commits:
        a_commit_is_all_or_nothing,
        every_unmet_expectation_is_reported,
        the_same_commit_twice_has_one_effect,
        a_refused_commit_is_decided_anew_when_it_comes_again,
        a_commit_that_touches_a_row_twice_writes_nothing,
        a_commit_has_up_to_a_hundred_writes,
        a_claim_can_be_had_once;
    entries:
        a_used_id_brings_the_stored_entry_back,
        an_unknown_entry_is_none;
    accounts:
        an_account_is_read_as_it_was_written,
        an_account_is_opened_once,
        a_wallet_is_opened_once_and_only_in_an_account,
        a_debit_beyond_what_is_available_is_refused,
        a_debit_of_a_missing_wallet_is_refused,
        a_credit_past_the_limit_is_refused,
        a_credit_opens_a_missing_wallet,
        money_moves_only_in_an_account,
        each_movement_counts_one_version_and_names_its_entry,
        both_legs_of_an_exchange_move_in_one_write,
        an_exchange_without_funds_credits_nothing,
        what_is_held_is_not_available,
        a_hold_moves_money_from_available_to_held,
        a_hold_beyond_what_is_available_is_refused,
        a_release_gives_it_back,
        a_release_beyond_what_is_held_is_refused,
        held_money_is_spent_and_available_credited_in_one_leg,
        a_credit_of_held_past_the_limit_is_refused,
        held_money_opens_a_missing_wallet,
        a_leg_past_the_limit_opens_no_wallet,
        a_leg_of_nothing_opens_no_wallet,
        concurrent_debits_spend_no_more_than_there_is;
    items:
        an_item_is_read_as_it_was_written,
        an_item_is_put_once,
        a_revision_of_a_stale_version_is_refused,
        a_revision_after_a_sale_is_stale,
        a_sale_at_another_price_is_refused,
        a_sale_of_an_item_that_is_not_active_is_refused,
        a_sale_beyond_the_stock_is_refused,
        sales_and_returns_keep_the_count_of_pieces,
        no_more_pieces_return_than_were_sold,
        no_more_pieces_return_than_there_is_room_for,
        a_missing_item_is_neither_revised_nor_sold_nor_returned,
        concurrent_sales_sell_no_more_than_there_is;
    rates:
        universes_are_read_as_they_were_written,
        a_universe_is_put_once,
        a_currency_is_reserved_once,
        a_rate_is_replaced_once_a_version,
        a_rate_version_is_put_once,
        rate_versions_are_listed_newest_first,
        rate_versions_are_listed_as_of_a_time,
        rate_versions_are_listed_below_a_version;
    identity:
        a_user_is_found_by_id_name_and_address,
        a_user_is_put_once,
        a_name_is_reserved_once,
        an_address_is_reserved_once,
        a_session_is_read_as_it_was_written,
        a_session_is_put_once,
        a_session_is_replaced_once_a_generation,
        a_revoked_session_is_not_replaced;
    lists:
        entries_are_listed_newest_first_for_both_parties,
        entries_of_one_instant_are_paged_without_gaps_or_repeats,
        only_entries_that_moved_money_are_listed,
        items_are_on_their_shelves_newest_first,
        items_of_one_instant_are_paged_without_gaps_or_repeats,
        items_are_priced_from_both_ends_with_both_bounds_included,
        a_repriced_item_moves_on_its_shelf,
        a_listed_item_is_as_it_is_now;
    books:
        pairs_are_read_as_they_were_written,
        a_pair_is_put_once,
        a_pair_is_replaced_once_a_version,
        commands_are_read_as_they_were_written,
        commands_are_read_in_the_order_of_their_places,
        many_commands_are_read_at_once,
        a_place_in_the_log_is_taken_once,
        a_command_is_advanced_and_removed_only_while_it_is_in_the_log,
        deadlines_are_put_replaced_and_removed_whatever_was_before,
        a_match_is_all_or_nothing;
    events:
        events_are_read_as_they_were_written,
        the_number_of_an_event_is_taken_once,
        of_concurrent_events_with_one_number_one_is_written,
        events_are_listed_upwards_after_a_number,
        events_are_listed_downwards_before_a_number,
        events_with_trades_are_listed_downwards_before_a_number;
    orders:
        a_resting_order_is_read_as_it_was_written,
        all_orders_that_rest_are_read_however_many,
        an_order_begins_to_rest_once,
        a_resting_order_is_replaced_and_removed_only_while_it_rests,
        a_closed_order_is_read_as_it_was_written,
        an_order_is_closed_once,
        order_states_are_in_the_order_asked_for,
        a_hundred_order_states_are_read_at_once;
    placements:
        placements_are_listed_newest_first,
        placements_of_one_instant_are_paged_without_gaps_or_repeats,
        only_placements_are_listed_as_placements;
    webhooks:
        webhooks_are_read_as_they_were_written,
        a_slot_of_a_users_webhooks_is_taken_once,
        a_webhook_is_replaced_once_a_version,
        a_webhook_is_removed_as_it_is_or_not_at_all;
    deliveries:
        a_delivery_is_read_as_it_was_written,
        an_event_goes_to_a_webhook_in_one_delivery,
        a_delivery_is_replaced_once_a_version,
        deliveries_are_listed_from_the_newest_event_down,
        what_is_due_is_found_and_nothing_else;
    venues:
        venues_are_read_as_they_were_written,
        a_venue_is_put_once_a_version,
        the_position_in_a_feed_never_goes_back,
        an_order_at_a_venue_is_read_as_it_was_written,
        an_order_at_a_venue_is_put_once,
        an_order_at_a_venue_is_replaced_once_a_version,
        an_order_at_a_venue_and_its_hold_are_written_together_or_not_at_all,
        orders_at_a_venue_are_listed_newest_first,
        orders_of_one_instant_at_a_venue_are_paged_without_gaps_or_repeats,
        what_is_due_at_venues_is_found_and_nothing_else;
    venue_traffic:
        a_breaker_is_new_until_it_changes,
        a_breaker_is_replaced_once_a_version,
        of_concurrent_probes_of_a_venue_one_is_let_through,
        a_slot_is_one_takers_until_its_time_is_over,
        a_slot_is_given_back_only_by_whoever_has_it,
        of_concurrent_takers_of_a_slot_one_gets_it,
        a_venue_uses_a_number_once;
    activity:
        an_activity_is_read_as_it_was_logged,
        an_activity_is_logged_once,
        many_activities_are_logged_at_once,
        activity_is_listed_upwards_after_a_version,
        activity_with_a_gap_is_told_up_to_it;
    statements:
        a_statement_is_read_as_it_was_appended,
        an_append_at_another_head_writes_nothing,
        an_append_moves_totals_once,
        appends_of_many_accounts_are_each_all_or_nothing,
        of_concurrent_appends_to_one_head_one_is_written,
        an_append_has_up_to_a_hundred_rows,
        lines_are_listed_from_both_ends,
        lines_as_of_a_time_begin_with_the_last_before_it,
        each_head_is_in_one_part;
    totals:
        totals_of_nothing_are_zero,
        an_entry_is_folded_once_whatever_comes_again,
        totals_of_minutes_are_read_with_all,
        concurrent_folds_add_up,
        thirty_entries_without_anything_in_common_are_folded_at_once,
        totals_are_exact_far_beyond_an_amount;
    candles:
        candles_are_read_as_they_were_put,
        candles_are_replaced_only_by_later_ones,
        the_head_of_candles_never_goes_back,
        candles_are_listed_from_the_newest_down,
        as_many_candles_as_a_transaction_has_are_put_at_once;
    sockets:
        a_ticket_is_spent_once,
        of_concurrent_spenders_one_wins,
        a_connection_is_read_as_it_was_put,
        connections_are_all_listed,
        a_subscriber_is_named_from_then_on,
        who_unsubscribes_is_named_no_more,
        a_removed_connection_listens_to_nothing,
        a_connection_that_was_never_put_is_removed_as_well,
        hundreds_of_subscribers_are_all_named;
];
