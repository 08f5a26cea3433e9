//! A snapshot as JSON, and back through the domain's own parsers: what a cache holds is never
//! trusted. Where the text is kept is not known here.

use std::collections::BTreeSet;

use app::rate_cache::Snapshot;
use domain::{
    currency::{Currency, Scale},
    rate::{RateId, RateSource, RateVersion, SpreadBps},
    time::Timestamp,
    universe::{Universe, UniverseId, Universes},
};
use serde::{Deserialize, Serialize};

/// The two numbers that order snapshots come first: the server's script reads them there.
#[derive(Serialize, Deserialize)]
struct SnapshotText {
    edition: u64,
    read_at: i64,
    universes: Vec<UniverseText>,
}

#[derive(Serialize, Deserialize)]
struct UniverseText {
    id: u32,
    name: String,
    currency: String,
    scale: u8,
    created_at: i64,
    version: u32,
    units_per_base: String,
    spread_bps: u16,
    source: SourceText,
    observed_at: i64,
    valid_until: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SourceText {
    Operator,
    Feed,
}

/// Orders the states of all rates, whatever the clocks say: each commit to universes adds one
/// to the sum of versions, and nothing ever takes from it. 500 versions of 32 bits: below
/// 2^42, so exact in the script's doubles too.
pub(super) fn edition(universes: &Universes) -> u64 {
    universes.all().iter().map(|universe| u64::from(universe.rate.id.version)).sum()
}

/// A snapshot as JSON text.
pub(super) fn encode(snapshot: &Snapshot) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&SnapshotText {
        edition: edition(&snapshot.universes),
        read_at: snapshot.read_at.millis(),
        universes: snapshot.universes.all().iter().map(UniverseText::from).collect(),
    })
}

/// The snapshot that [`encode`] made this text of, if it is one.
pub(super) fn decode(text: &[u8]) -> Option<Snapshot> {
    let text: SnapshotText = serde_json::from_slice(text).ok()?;
    let read_at = time(text.read_at)?;
    let universes: Option<Vec<_>> = text.universes.into_iter().map(UniverseText::parse).collect();
    let universes = universes?;
    let ids: BTreeSet<_> = universes.iter().map(|universe| universe.id).collect();
    let codes: BTreeSet<_> = universes.iter().map(|universe| universe.currency.code).collect();
    let distinct = ids.len() == universes.len() && codes.len() == universes.len();
    let universes = Universes::new(universes);
    let sound = distinct && text.edition == edition(&universes);
    sound.then_some(Snapshot { universes, read_at })
}

impl From<&Universe> for UniverseText {
    fn from(universe: &Universe) -> Self {
        let rate = &universe.rate;
        Self {
            id: universe.id.number(),
            name: universe.name.as_str().to_owned(),
            currency: universe.currency.code.to_string(),
            scale: universe.currency.scale.decimals(),
            created_at: universe.created_at.millis(),
            version: rate.id.version,
            units_per_base: rate.units_per_base.to_string(),
            spread_bps: rate.spread.bps(),
            source: match rate.source {
                RateSource::Operator => SourceText::Operator,
                RateSource::Feed => SourceText::Feed,
            },
            observed_at: rate.observed_at.millis(),
            valid_until: rate.valid_until.map(Timestamp::millis),
        }
    }
}

impl UniverseText {
    fn parse(self) -> Option<Universe> {
        let id = UniverseId::new(self.id)?;
        let valid_until = match self.valid_until {
            Some(millis) => Some(time(millis)?),
            None => None,
        };
        let rate = RateVersion {
            id: RateId { universe: id, version: Some(self.version).filter(|count| *count > 0)? },
            units_per_base: self.units_per_base.parse().ok()?,
            spread: SpreadBps::new(self.spread_bps)?,
            source: match self.source {
                SourceText::Operator => RateSource::Operator,
                SourceText::Feed => RateSource::Feed,
            },
            observed_at: time(self.observed_at)?,
            valid_until,
        };
        let scale = Scale::new(self.scale)?;
        Some(Universe {
            id,
            name: self.name.parse().ok()?,
            currency: Currency { code: self.currency.parse().ok()?, scale },
            rate,
            created_at: time(self.created_at)?,
        })
    }
}

/// A time from 1970 to 9999; another would be moved to the edge and no longer be what it was.
fn time(millis: i64) -> Option<Timestamp> {
    Some(Timestamp::from_millis(millis)).filter(|time| time.millis() == millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = concat!(
        r#"{"edition":5,"read_at":1000,"universes":[{"id":1,"name":"Earth","currency":"USD","#,
        r#""scale":2,"created_at":0,"version":1,"units_per_base":"1","spread_bps":0,"#,
        r#""source":"operator","observed_at":0,"valid_until":null},{"id":2,"name":"Mars","#,
        r#""currency":"MRC","scale":0,"created_at":7,"version":4,"units_per_base":"2.5","#,
        r#""spread_bps":25,"source":"feed","observed_at":8,"valid_until":9}]}"#
    );

    #[test]
    fn a_snapshot_survives_the_way_there_and_back() {
        let snapshot = decode(TEXT.as_bytes()).expect("a snapshot");
        assert_eq!(snapshot.read_at.millis(), 1000);
        let [earth, mars] = snapshot.universes.all() else { panic!("two universes") };
        assert_eq!(earth.rate.valid_until, None);
        assert_eq!(mars.rate.id.to_string(), "rat_2_4");
        assert_eq!(mars.rate.units_per_base.to_string(), "2.5");
        assert_eq!(mars.rate.valid_until, Some(Timestamp::from_millis(9)));
        let text = encode(&snapshot).expect("JSON");
        assert_eq!(String::from_utf8(text).expect("UTF-8"), TEXT);
    }

    #[test]
    fn a_text_that_breaks_any_rule_of_the_domain_is_no_snapshot() {
        for (part, broken) in [
            ("\"id\":2", "\"id\":501"),
            ("\"id\":2", "\"id\":1"),
            ("\"MRC\"", "\"USD\""),
            ("\"MRC\"", "\"mrc\""),
            ("\"Mars\"", "\"\""),
            ("\"scale\":0", "\"scale\":9"),
            ("\"2.5\"", "\"0\""),
            ("\"2.5\"", "\"-2.5\""),
            ("\"2.5\"", "2.5"),
            ("\"spread_bps\":25", "\"spread_bps\":1001"),
            ("\"feed\"", "\"rumour\""),
            ("\"valid_until\":9", "\"valid_until\":-1"),
            ("\"read_at\":1000", "\"read_at\":253402300800000"),
            ("\"edition\":5", "\"edition\":6"),
        ] {
            assert!(TEXT.contains(part), "{part}");
            let broken = TEXT.replacen(part, broken, 1);
            assert_eq!(decode(broken.as_bytes()), None, "{broken}");
        }
        let unrated = TEXT.replacen("\"edition\":5", "\"edition\":4", 1);
        let unrated = unrated.replacen("\"version\":1", "\"version\":0", 1);
        assert_eq!(decode(unrated.as_bytes()), None);
        for other in ["", "null", "[]", "{}", "rates", &TEXT[..TEXT.len() - 1]] {
            assert_eq!(decode(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_later_edition_is_one_with_more_versions() {
        let snapshot = decode(TEXT.as_bytes()).expect("a snapshot");
        assert_eq!(edition(&snapshot.universes), 5);
        assert_eq!(edition(&Universes::default()), 0);
    }
}
