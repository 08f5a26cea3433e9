//! `rates publish`: sets rates by the use case that administrators reach, with its rule that a
//! jump must be meant.

use std::{fs, path::Path};

use app::{perform::Failed, universes::replace_rate};
use domain::{
    rate::{RateSource, SpreadBps, UnitsPerBase},
    time::Timestamp,
    universe::{NewRate, Universe, Universes},
};
use jiff::Timestamp as Instant;
use serde::Deserialize;
use serde_json::json;

use crate::{
    failure::Failure,
    market::market,
    report::{Report, table},
    session::Session,
};

/// A rate as a file says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The universe's currency.
    pub currency: String,
    /// A decimal, in text: a JSON number would have gone through a float.
    pub units_per_base: String,
    /// Basis points; as it is by default.
    #[serde(default)]
    pub spread_bps: Option<u16>,
    /// RFC 3339; until it is replaced by default.
    #[serde(default)]
    pub valid_until: Option<String>,
}

/// The lines of a file: JSON if it begins with a bracket, else CSV with or without a head.
///
/// # Errors
/// The first line that is none.
pub fn read(text: &str) -> Result<Vec<Line>, Failure> {
    if text.trim_start().starts_with('[') {
        let lines = serde_json::from_str(text);
        return lines.map_err(|error| Failure::refused(format!("no rates: {error}")));
    }
    let rows = text.lines().enumerate().filter(|(_, row)| {
        let row = row.trim();
        !row.is_empty() && !row.starts_with("currency,") && !row.starts_with('#')
    });
    rows.map(|(index, row)| {
        csv(row).ok_or_else(|| {
            let number = index.saturating_add(1);
            Failure::refused(format!(
                "line {number} is not currency,units_per_base[,spread_bps[,valid_until]]"
            ))
        })
    })
    .collect()
}

fn csv(row: &str) -> Option<Line> {
    let mut cells = row.split(',').map(str::trim);
    let (currency, units_per_base) = (cells.next()?.to_owned(), cells.next()?.to_owned());
    let spread_bps = match cells.next() {
        None | Some("") => None,
        Some(bps) => Some(bps.parse().ok()?),
    };
    let valid_until = cells.next().filter(|text| !text.is_empty()).map(str::to_owned);
    cells.next().is_none().then_some(Line { currency, units_per_base, spread_bps, valid_until })
}

/// A rate that is to be set.
struct Wanted {
    universe: Universe,
    rate: NewRate,
}

fn wanted(line: &Line, known: &Universes, confirm: bool) -> Result<Wanted, Failure> {
    let bad = |what: &str| Failure::refused(format!("{}: {what}", line.currency));
    let code = line.currency.parse().map_err(|_| bad("is no currency"))?;
    let universe = known.of_currency(code).map_err(|_| bad("is no universe's currency"))?;
    let units: UnitsPerBase = line.units_per_base.parse().map_err(|_| {
        bad("a rate is a positive decimal of at most 9 digits before and after the point")
    })?;
    let spread = line
        .spread_bps
        .map(|bps| SpreadBps::new(bps).ok_or_else(|| bad("a spread is 0 to 1000 basis points")));
    let until = line.valid_until.as_deref().map(|text| {
        let instant =
            text.parse::<Instant>().map_err(|_| bad("valid_until is no RFC 3339 time"))?;
        Ok::<_, Failure>(Timestamp::from_millis(instant.as_millisecond()))
    });
    let rate = NewRate {
        units_per_base: units,
        spread: spread.transpose()?,
        source: RateSource::Operator,
        valid_until: until.transpose()?,
        confirmed: confirm,
    };
    Ok(Wanted { universe: universe.clone(), rate })
}

/// Sets rates. Each is a commit of its own: if one is refused, those before it are set.
///
/// # Errors
/// A file that is none; a refusal of the use case.
pub async fn publish(
    session: &Session,
    file: Option<&Path>,
    rates: &[(String, String)],
    confirm: bool,
    yes: bool,
) -> Result<Report, Failure> {
    let mut lines = Vec::new();
    if let Some(path) = file {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| Failure::File(name, error))?;
        lines = read(&text)?;
    }
    lines.extend(rates.iter().map(|(currency, units_per_base)| Line {
        currency: currency.clone(),
        units_per_base: units_per_base.clone(),
        spread_bps: None,
        valid_until: None,
    }));
    let market = market(session);
    let known = market.rates.renew().await.map_err(Failed::from)?;
    let wanted: Vec<_> =
        lines.iter().map(|line| wanted(line, &known, confirm)).collect::<Result<_, _>>()?;
    let rows: Vec<_> = wanted
        .iter()
        .map(|it| {
            [
                it.universe.currency.code.to_string(),
                it.universe.rate.units_per_base.to_string(),
                it.rate.units_per_base.to_string(),
            ]
        })
        .collect();
    let list =
        rows.iter().map(|[code, from, to]| json!({"currency": code, "from": from, "to": to}));
    let json = json!({"rates": list.collect::<Vec<_>>()});
    let mut text = table(["currency", "is", "shall be"], &rows);
    if !yes {
        return Ok(Report::fine(text, json).dry_run());
    }
    for Wanted { universe, rate } in &wanted {
        let code = universe.currency.code;
        let set = replace_rate(&market, universe.id, rate).await;
        let set = set.map_err(|failed| {
            Failure::refused(format!("{code}: {failed} (--confirm, if it is meant)"))
        })?;
        text.push_str(&format!("{code}: {} since now\n", set.rate.id));
    }
    Ok(Report::fine(text, json))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(currency: &str, units: &str, spread_bps: Option<u16>) -> Line {
        let (currency, units_per_base) = (currency.to_owned(), units.to_owned());
        Line { currency, units_per_base, spread_bps, valid_until: None }
    }

    #[test]
    fn rates_are_read_from_json_and_from_csv() {
        let expected = vec![line("MRC", "2.5", Some(50)), line("VNC", "0.75", None)];
        let csv = "currency,units_per_base,spread_bps\nMRC, 2.5, 50\n\nVNC,0.75\n";
        assert_eq!(read(csv).expect("rates"), expected);
        let json = r#"[{"currency": "MRC", "units_per_base": "2.5", "spread_bps": 50},
                       {"currency": "VNC", "units_per_base": "0.75"}]"#;
        assert_eq!(read(json).expect("rates"), expected);
    }

    #[test]
    fn a_line_that_is_no_rate_is_named() {
        let error = read("MRC,2.5\nVNC").expect_err("one word");
        assert!(error.to_string().starts_with("line 2"), "{error}");
        assert!(read("MRC,2.5,many").is_err());
        assert!(read(r#"[{"currency": "MRC", "units_per_base": 2.5}]"#).is_err(), "a float");
    }
}
