//! The same of what is told of what happened, and to whom.

use std::collections::BTreeMap;

use app::ports::{Connection, HEAD_PARTS, LinePlace, Topic};
use domain::{
    activity::{Activity, News, Occasion, OrderNews, WalletChange},
    id::OrderId,
    order::{Closed, OrderStatus},
    pair::{Lots, PairId},
    statement::{StatementHead, StatementLine},
    totals::{Minute, Totals},
};

use super::*;
use crate::rows::generators::projections::*;

proptest! {
    #[test]
    fn a_change_of_an_account_survives_its_row(activity in activities()) {
        survives(&activity)?;
    }

    #[test]
    fn a_line_survives_its_row(line in lines()) {
        survives(&line)?;
    }

    #[test]
    fn a_head_survives_its_row(head in statement_heads()) {
        survives(&head)?;
    }

    #[test]
    fn a_candle_survives_its_row(candle in candles()) {
        survives(&candle)?;
    }

    #[test]
    fn a_connection_survives_its_row(connection in connections()) {
        survives(&connection)?;
    }

    #[test]
    fn totals_survive_their_row(written in any_totals()) {
        let row: Row = sums_of(&written).map(|(name, sum)| (name.to_owned(), number(sum))).into();
        prop_assert_eq!(totals(&row), Ok(written));
        for (name, _) in sums_of(&written).into_iter().filter(|(name, _)| *name != "venues") {
            let mut torn = row.clone();
            torn.remove(name);
            prop_assert!(matches!(totals(&torn), Err(StoreError::Corrupt(_))), "{}", name);
        }
    }

    #[test]
    fn places_of_lines_sort_as_their_keys(one in lines(), other in lines()) {
        let (one, other) = (LinePlace::of(&one), LinePlace::of(&other));
        let order = one.cmp(&other);
        prop_assert_eq!(keys::line_key(one).cmp(&keys::line_key(other)), order);
        for line in [one, other] {
            prop_assert!(keys::line_key(LinePlace::start()) <= keys::line_key(line));
            prop_assert!(keys::line_key(line) <= keys::line_key(LinePlace::end()));
        }
    }

    #[test]
    fn a_line_without_one_of_its_fields_is_corrupt(line in lines(), which in any::<usize>()) {
        let fields = ["wallet", "line", "version", "at", "occasion", "after", "previous", "hash"];
        let mut row = line.to_row().expect("a row");
        row.remove(fields[which % fields.len()]);
        prop_assert!(matches!(StatementLine::from_row(row), Err(StoreError::Corrupt(_))));
    }

    #[test]
    fn a_heads_part_is_one_of_64(user in users()) {
        let row = keys::statement_head(user);
        let part = row["part"].as_s().expect("a text");
        let digits = part.strip_prefix("heads#").expect("a part");
        prop_assert_eq!(digits.len(), 2);
        let number = u8::from_str_radix(digits, 16).expect("two digits");
        prop_assert!(number < HEAD_PARTS);
        prop_assert_eq!(keys::heads_in(number), part.as_str());
    }
}

#[test]
fn the_largest_of_each_is_one_write_unit() {
    let rows = [
        ("a line", largest_line().to_row()),
        ("a candle", largest_candle().to_row()),
        ("a connection", largest_connection().to_row()),
    ];
    for (name, row) in rows {
        let bytes = size(&row.expect("a row"));
        assert!(bytes <= UNIT, "{name}: {bytes} bytes");
    }
}

/// One that a matcher makes: it tells of one order and moves two wallets.
fn matched(wallets: Vec<WalletChange>) -> Activity {
    let StatementLine { wallet, version, at, entry, .. } = largest_line();
    let order = OrderNews {
        order: OrderId::from_bits(u128::MAX),
        status: OrderStatus::PartiallyFilled,
        reason: Some(Closed::Deadline),
        executed: Lots::MAX,
        open: Lots::MAX,
        notional: Amount::MAX,
        fees: Amount::MAX,
    };
    let pair: PairId = "VENUS-TERRA".parse().expect("a pair");
    let news = News::matched(pair, u64::MAX, vec![order]);
    Activity { user: wallet.owner, version, at, entry, news, wallets }
}

#[test]
fn a_change_of_two_wallets_and_an_order_is_one_write_unit() {
    let activity = matched(vec![largest_change(), largest_change()]);
    let bytes = size(&activity.to_row().expect("a row"));
    assert!(bytes <= UNIT, "{bytes} bytes");
}

#[test]
fn a_head_of_five_wallets_is_one_write_unit() {
    let codes = ["AAAAA", "BBBBB", "CCCCC", "DDDDD", "EEEEE"];
    let codes = codes.map(|code| code.parse().expect("a code"));
    let wallets: BTreeMap<_, _> = codes.map(|code| (code, largest_tip())).into();
    let head = StatementHead { user: largest_line().wallet.owner, version: u64::MAX, wallets };
    let bytes = size(&head.to_row().expect("a row"));
    assert!(bytes <= UNIT, "{bytes} bytes");
}

#[test]
fn what_is_spelled_in_another_way_is_corrupt() {
    let cases = [
        ("wallets", text("USD 1 0 1")),
        ("wallets", text("USD 1 0 1 0,")),
        ("wallets", text("USD +1 0 1 0")),
        ("wallets", text("USD 1 0 -1 0")),
        ("wallets", text("usd 1 0 1 0")),
        ("news", text("gift")),
        ("entry", text("txn_1")),
        ("at", number(-1)),
    ];
    for (name, bad) in cases {
        let mut row = matched(vec![largest_change()]).to_row().expect("a row");
        row.insert(name.to_owned(), bad.clone());
        assert!(matches!(Activity::from_row(row), Err(StoreError::Corrupt(_))), "{bad:?}");
    }
    let tip = |hash: &str| text(format!("USD 1 5 1 0 {hash}"));
    let good = "0f".repeat(32);
    for (bad, fits) in [(good.clone(), true), (good.to_uppercase(), false), ("0f".into(), false)] {
        let head = StatementHead::of_new(largest_line().wallet.owner);
        let mut row = head.to_row().expect("a row");
        row.insert("wallets".to_owned(), tip(&bad));
        assert_eq!(StatementHead::from_row(row).is_ok(), fits, "{bad}");
    }
}

#[test]
fn totals_are_of_all_or_of_a_minute() {
    let code = "USD".parse().expect("a code");
    let minute = Minute::of(Timestamp::from_millis(119_999));
    let key = |minute| {
        let row = keys::totals_of(code, minute);
        ["part", "kind"].map(|name| row[name].as_s().expect("a text").clone())
    };
    assert_eq!(key(None), ["totals#USD", "all"]);
    assert_eq!(key(Some(minute)), ["totals#USD", "minute#000000000060000"]);
    let zero = sums_of(&Totals::default()).map(|(name, sum)| (name.to_owned(), number(sum)));
    assert_eq!(totals(&zero.into()), Ok(Totals::default()));
}

#[test]
fn a_row_of_totals_from_before_there_were_venues_has_nothing_of_theirs() {
    let written = Totals { pool: 5, ..Totals::default() };
    let mut row: Row = sums_of(&written).map(|(name, sum)| (name.to_owned(), number(sum))).into();
    row.remove("venues");
    assert_eq!(totals(&row), Ok(written));
    row.insert("venues".to_owned(), text("5"));
    assert!(matches!(totals(&row), Err(StoreError::Corrupt(_))));
}

#[test]
fn what_is_over_may_be_swept_and_not_before() {
    let connection = largest_connection();
    let connected_at = Timestamp::from_millis(1_001);
    let row = Connection { connected_at, ..connection.clone() }.to_row();
    // 25 hours, and the second that has begun.
    let after = number(25 * 3_600 + 2);
    assert_eq!(row.expect("a row").get("sweep_after"), Some(&after));
    let topic = Topic::Heartbeat.to_string();
    for row in keys::lasting_subscription(&connection.id, &topic, connected_at) {
        assert_eq!(row.get("sweep_after"), Some(&after));
    }
    let ticket = keys::ticket(7, connected_at);
    assert_eq!(ticket.get("sweep_after"), Some(&number(2)));
}

#[test]
fn a_subscription_is_found_from_both_sides() {
    let id = largest_connection().id;
    let topic = Topic::Ticker("MRC-USD".parse().expect("a pair")).to_string();
    let [own, of_topic] = keys::subscription(&id, &topic);
    assert_eq!(own["part"].as_s().map(String::as_str), Ok(keys::topics_of(&id).as_str()));
    assert_eq!(of_topic["part"].as_s().map(String::as_str), Ok("topic#ticker#MRC-USD"));
    assert_eq!(keys::topic_of(&own), Ok(topic.as_str()));
    assert_eq!(keys::listener_of(&of_topic), Ok(id));
    assert!(matches!(keys::listener_of(&Row::new()), Err(StoreError::Corrupt(_))));
    assert!(matches!(keys::topic_of(&Row::new()), Err(StoreError::Corrupt(_))));
}

#[test]
fn news_of_no_order_and_no_wallet_survives_its_row() {
    let opened = News::of(Occasion::Opened);
    let activity = Activity { entry: None, news: opened, wallets: Vec::new(), ..matched(vec![]) };
    assert_eq!(Activity::from_row(activity.to_row().expect("a row")), Ok(activity));
}
