//! The `traceparent` header of W3C Trace Context, level 1: how a request is followed from one
//! program to the next. Who made it, and what is done for it, is not known here.

use std::{fmt, str::FromStr};

/// Version, trace, span and flags with the hyphens between.
const CHARS: usize = 55;
const SAMPLED: u8 = 1;

/// A trace, and the span in it for which something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: u128,
    span: u64,
    sampled: bool,
}

/// A text is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent")]
pub struct InvalidTraceParent;

impl TraceParent {
    /// The first span of a trace that begins here. Nobody is asked to record it.
    #[must_use]
    pub fn root(bits: u128) -> Self {
        Self { trace: bits.max(1), span: span(bits), sampled: false }
    }

    /// A span of the same trace, for what is done by whoever was sent this.
    #[must_use]
    pub fn child(self, bits: u128) -> Self {
        let own = span(bits);
        // A span is never its own parent.
        Self { span: if own == self.span { !own | 1 } else { own }, ..self }
    }

    /// The trace of a tracing header of AWS's, as in
    /// `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`. Without a
    /// parent, its span is made of the bits.
    #[must_use]
    pub fn from_xray(header: &str, bits: u128) -> Option<Self> {
        let part = |name: &str| {
            let mut parts = header.split(';').filter_map(|part| part.trim().split_once('='));
            parts.find(|(known, _)| *known == name).map(|(_, text)| text)
        };
        let (seconds, rest) = part("Root")?.strip_prefix("1-")?.split_once('-')?;
        let (seconds, rest) = (hex(seconds, 8)?, hex(rest, 24)?);
        let parent = part("Parent").and_then(|text| hex(text, 16));
        let parent = parent.and_then(|parent| u64::try_from(parent).ok()).filter(|id| *id != 0);
        Some(Self {
            trace: Some((seconds << 96) | rest).filter(|trace| *trace != 0)?,
            span: parent.unwrap_or_else(|| span(bits)),
            sampled: part("Sampled") == Some("1"),
        })
    }

    /// The span, as in a `traceparent`.
    #[must_use]
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.span)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(out, "00-{:032x}-{:016x}-{flags:02x}", self.trace, self.span)
    }
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    fn from_str(text: &str) -> Result<Self, InvalidTraceParent> {
        parse(text).ok_or(InvalidTraceParent)
    }
}

/// A later version has the same fields first and others behind.
fn parse(text: &str) -> Option<TraceParent> {
    let head = text.get(..CHARS)?;
    let mut fields = head.split('-');
    let version = hex(fields.next()?, 2)?;
    let (trace, span) = (hex(fields.next()?, 32)?, hex(fields.next()?, 16)?);
    let flags = u8::try_from(hex(fields.next()?, 2)?).ok()?;
    let rest = text.get(CHARS..)?;
    let ends =
        if version == 0 { rest.is_empty() } else { rest.is_empty() || rest.starts_with('-') };
    let is_known = version != 0xff && ends && fields.next().is_none();
    let span = u64::try_from(span).ok()?;
    let sampled = flags & SAMPLED != 0;
    (is_known && trace != 0 && span != 0).then_some(TraceParent { trace, span, sampled })
}

/// Lower-case digits, exactly so many.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let fits = text.len() == digits && text.bytes().all(is_digit);
    u128::from_str_radix(text, 16).ok().filter(|_| fits)
}

/// 64 of 128 bits; zero is no span's.
fn span(bits: u128) -> u64 {
    let [high, low] = [bits >> 64, bits & u128::from(u64::MAX)];
    u64::try_from(high ^ low).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the recommendation.
    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_prints_as_it_was_read() {
        let parent: TraceParent = EXAMPLE.parse().expect("a traceparent");
        assert_eq!(parent.to_string(), EXAMPLE);
        assert_eq!(parent.span_id(), "00f067aa0ba902b7");
    }

    #[test]
    fn a_header_that_is_not_well_formed_is_none() {
        let zero_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let zero_span = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
        let unknown = EXAMPLE.replacen("00", "ff", 1);
        let longer = format!("{EXAMPLE}-00");
        let upper = EXAMPLE.to_uppercase();
        let umlaut = EXAMPLE.replace("b7-01", "ü7-01");
        let bad = ["", "00", &EXAMPLE[1..], zero_trace, zero_span, &unknown, &longer, &upper];
        for text in bad.into_iter().chain([&*umlaut, &EXAMPLE.replace('4', "+")]) {
            assert_eq!(text.parse::<TraceParent>(), Err(InvalidTraceParent), "{text}");
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = format!("{}-what-comes", EXAMPLE.replacen("00", "cc", 1));
        let parent: TraceParent = later.parse().expect("a traceparent");
        assert_eq!(parent.to_string(), EXAMPLE);
        let glued = format!("{}x", EXAMPLE.replacen("00", "cc", 1));
        assert_eq!(glued.parse::<TraceParent>(), Err(InvalidTraceParent));
    }

    #[test]
    fn a_child_has_its_parents_trace_and_a_span_of_its_own() {
        let parent: TraceParent = EXAMPLE.parse().expect("a traceparent");
        for bits in [0, 1, 7, u128::MAX, 0x00f0_67aa_0ba9_02b7] {
            let child = parent.child(bits);
            assert_eq!((child.trace, child.sampled), (parent.trace, parent.sampled));
            assert!(child.span != parent.span && child.span != 0, "{bits}");
            assert_eq!(child.to_string().parse(), Ok(child));
            let root = TraceParent::root(bits);
            assert_eq!(root.to_string().parse(), Ok(root));
        }
    }

    #[test]
    fn the_trace_of_x_ray_is_continued() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let parent = TraceParent::from_xray(header, 0).expect("a trace");
        let expected = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        assert_eq!(parent.to_string(), expected);
        let rootless = TraceParent::from_xray("Parent=53995c3f42cd8ad8;Sampled=1", 5);
        assert_eq!(rootless, None);
        let alone = TraceParent::from_xray("Root=1-5759e988-bd862e3fe1be46a994272793", 5);
        let alone = alone.expect("a trace").to_string();
        assert_eq!(alone, "00-5759e988bd862e3fe1be46a994272793-0000000000000005-00");
        for bad in ["", "Root=", "Root=1-5759e988", "Root=2-5759e988-bd862e3fe1be46a994272793"] {
            assert_eq!(TraceParent::from_xray(bad, 5), None, "{bad}");
        }
    }
}
