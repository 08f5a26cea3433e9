//! `repair`: reads all rows, plans what must change so that they agree, and changes it. What must
//! change, `app::repair` decides.

use std::collections::BTreeMap;

use app::{
    ports::Clock,
    projecting::rebuild,
    repair::{Mend, Plan, Row, plan},
};
use dynamo::scan;
use edge::system::SystemClock;
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    market::market,
    report::{Report, table},
    session::Session,
};

/// As many changes are shown one by one.
const SHOWN_MAX: usize = 50;

/// Plans a repair and, with `yes`, carries it out; then folds projections again.
///
/// # Errors
/// The service's own. Cut off anywhere, the next repair does the rest.
pub async fn repair(
    session: &Session,
    keep_projections: bool,
    yes: bool,
) -> Result<Report, Failure> {
    let read = scan::read_all(&session.dynamodb, &session.tables).await?;
    let count = read.rows.len();
    let Plan { mends, unmended } = plan(read.rows, SystemClock.now());
    let unmended: Vec<_> = read.unreadable.into_iter().chain(unmended).collect();
    let (text, json) = said(count, &mends, &unmended)?;
    let report = Report { text, json, fine: unmended.is_empty() };
    if !yes {
        let fine = report.fine && mends.is_empty();
        return Ok(Report { fine, ..report.dry_run() });
    }
    for mend in &mends {
        if !scan::mend(&session.dynamodb, &session.tables, mend).await? {
            let name = scan::name_of(row_of(mend)?)?;
            return Err(Failure::refused(format!(
                "{name} has changed meanwhile: somebody is at work. Stop everything, then again"
            )));
        }
    }
    let mut report = report;
    let changed = mends.len();
    report.text.push_str(&format!("\n{changed} rows were changed."));
    if !keep_projections {
        let folded = fold_again(session).await?;
        report.text.push_str(&format!(
            "\nStatements, totals and candles of {folded} users were folded again."
        ));
        report.json["users_folded"] = json!(folded);
    }
    Ok(report)
}

/// Deletes what is only told of other tables, and folds it again; of how many users.
async fn fold_again(session: &Session) -> Result<usize, Failure> {
    let market = market(session);
    let read = scan::read_all(&session.dynamodb, &session.tables).await?;
    scan::forget_projections(&session.dynamodb, &session.tables).await?;
    let (mut users, mut entries, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    for row in read.rows {
        match row {
            Row::Account(account) => users.push(account.user),
            Row::Entry(entry) => entries.push(entry),
            Row::Pair(pair) => pairs.push(pair.id()),
            _ => {}
        }
    }
    let folded = users.len();
    rebuild(&market, users, entries, pairs).await?;
    Ok(folded)
}

fn row_of(mend: &Mend) -> Result<&Row, Failure> {
    let row = mend.after.as_ref().or(mend.before.as_ref());
    row.ok_or_else(|| Failure::refused("a change of nothing"))
}

fn said(rows: usize, mends: &[Mend], unmended: &[String]) -> Result<(String, Value), Failure> {
    let mut by_reason = BTreeMap::<_, usize>::new();
    let (mut lines, mut list) = (Vec::new(), Vec::new());
    for mend in mends {
        *by_reason.entry(mend.why).or_default() += 1;
        let change = match (&mend.before, &mend.after) {
            (None, _) => "put",
            (_, None) => "delete",
            _ => "change",
        };
        let name = scan::name_of(row_of(mend)?)?;
        if lines.len() < SHOWN_MAX {
            lines.push([change.to_owned(), name.clone(), mend.why.to_owned()]);
        }
        list.push(json!({"change": change, "row": name, "why": mend.why}));
    }
    let mut text = format!("{rows} rows were read.\n");
    if mends.is_empty() {
        text.push_str("All of them agree.\n");
    } else {
        let counts: Vec<_> =
            by_reason.iter().map(|(why, count)| [count.to_string(), (*why).to_owned()]).collect();
        text.push_str(&table(["rows", "why"], &counts));
        text.push('\n');
        text.push_str(&table(["change", "row", "why"], &lines));
        if mends.len() > lines.len() {
            text.push_str("… (--json lists all of them)\n");
        }
    }
    for what in unmended {
        text.push_str(&format!("NOT MENDED: {what}\n"));
    }
    let json = json!({"rows": rows, "changes": list, "unmended": unmended});
    Ok((text, json))
}
