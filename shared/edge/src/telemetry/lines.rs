//! What a line of the log looks like: Lambda's structured log, or text. Every line has a time, a
//! level and a message, and the ids of the invocation and of the request that it was written in.
//! Which lines are written, and where to, is not known here.

use std::{
    fmt,
    io::{self, Write},
    sync::Arc,
};

use app::ports::Clock;
use jiff::Timestamp as Instant;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::Context};

use crate::acting::with_current;

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An object of JSON, as Lambda's structured logs have them.
    Json,
    /// For people.
    Text,
}

/// A layer that writes a line an event. Spans are nothing to it.
pub struct Lines<W> {
    writer: W,
    shape: Shape,
    clock: Arc<dyn Clock>,
}

impl<W> Lines<W> {
    /// Lines of this shape, for this writer.
    pub fn new(writer: W, shape: Shape, clock: Arc<dyn Clock>) -> Self {
        Self { writer, shape, clock }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        fields.add_ids();
        let head = Head {
            at: timestamp(self.clock.as_ref()),
            level: event.metadata().level().as_str(),
            message: fields.message.as_deref().unwrap_or_else(|| event.metadata().target()),
            target: event.metadata().target(),
        };
        let line = match self.shape {
            Shape::Json => head.json(&fields.others),
            Shape::Text => head.text(&fields.others),
        };
        // Whoever cannot be told anything cannot be told this either.
        if let Ok(line) = line {
            let _written = self.writer.make_writer().write_all(&line);
        }
    }
}

/// Now, by RFC 3339 in UTC with milliseconds.
pub(crate) fn timestamp(clock: &dyn Clock) -> String {
    let now = Instant::from_millisecond(clock.now().millis()).unwrap_or(Instant::UNIX_EPOCH);
    format!("{now:.3}")
}

struct Head<'a> {
    at: String,
    level: &'static str,
    message: &'a str,
    target: &'a str,
}

impl Head<'_> {
    fn json(&self, fields: &[(&'static str, Value)]) -> io::Result<Vec<u8>> {
        let Self { at, level, message, target } = self;
        let mut line = Vec::with_capacity(512);
        let mut json = serde_json::Serializer::new(&mut line);
        let mut object = json.serialize_map(None)?;
        object.serialize_entry("timestamp", at)?;
        object.serialize_entry("level", level)?;
        object.serialize_entry("message", message)?;
        for (name, value) in fields {
            object.serialize_entry(name, value)?;
        }
        object.serialize_entry("target", target)?;
        object.end()?;
        line.push(b'\n');
        Ok(line)
    }

    fn text(&self, fields: &[(&'static str, Value)]) -> io::Result<Vec<u8>> {
        let Self { at, level, message, target } = self;
        let mut line = Vec::with_capacity(512);
        write!(line, "{at} {level} {target}: {}", message.escape_debug())?;
        for (name, value) in fields {
            write!(line, " {name}={value}")?;
        }
        line.push(b'\n');
        Ok(line)
    }
}

/// The fields of an event.
#[derive(Default)]
struct Fields {
    message: Option<String>,
    others: Vec<(&'static str, Value)>,
}

impl Fields {
    fn add(&mut self, name: &'static str, value: impl Into<Value>) {
        if !self.others.iter().any(|(known, _)| *known == name) {
            self.others.push((name, value.into()));
        }
    }

    /// What an event says itself is not said again.
    fn add_ids(&mut self) {
        with_current(|invocation, acting| {
            if let Some(invocation) = invocation {
                self.add("requestId", invocation.request_id.as_str());
                if let Some(header) = &invocation.xray_trace_id {
                    self.add("xray_trace_id", header.as_str());
                }
            }
            let Some(acting) = acting else { return };
            self.add("function", acting.stem);
            let Some(origin) = &acting.origin else { return };
            if let Some(id) = &origin.request_id {
                self.add("request_id", id.as_str());
            }
            self.add("trace", origin.trace.to_string());
        });
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            // The text comes first; a field of the same name is another thing.
            "message" if self.message.is_none() => self.message = Some(value.to_owned()),
            "message" => self.add("text", value),
            name => self.add(name, value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;

    use testkit::entropy::SeededEntropy;
    use tracing::subscriber::with_default;
    use tracing_subscriber::filter::LevelFilter;

    use super::*;
    use crate::{
        acting::{Invocation, acting_for, invoked},
        telemetry::{LogSettings, Origin},
    };

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written of the work with these settings.
    pub(crate) fn logged(settings: LogSettings, work: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        with_default(settings.subscriber(move || writer.clone()), work);
        let lines = kept.0.lock().expect("no panic").clone();
        String::from_utf8(lines).expect("UTF-8")
    }

    fn written(level: LevelFilter, shape: Shape, work: impl FnOnce()) -> String {
        logged(LogSettings { level, shape }, work)
    }

    fn json(work: impl FnOnce()) -> Vec<Value> {
        let lines = written(LevelFilter::TRACE, Shape::Json, work);
        lines.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
    }

    fn done<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(work)
    }

    #[test]
    fn a_line_has_its_time_level_and_message_and_its_fields_beside_them() {
        let error = std::fmt::Error;
        let lines =
            json(|| tracing::warn!(count = 3, text = "a\n\"b\"", %error, "it {}", "failed"));
        let line = &lines[0];
        assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"it failed".into()));
        assert_eq!((&line["count"], &line["text"]), (&3.into(), &"a\n\"b\"".into()));
        assert_eq!(line["error"], error.to_string());
        let at = line["timestamp"].as_str().expect("a time");
        assert_eq!((at.len(), &at[19..20], &at[23..]), (24, ".", "Z"), "{at}");
    }

    #[test]
    fn a_line_names_its_invocation_and_its_request_as_long_as_they_last() {
        let invocation = |id: &str| Invocation {
            request_id: id.to_owned(),
            xray_trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793".to_owned()),
        };
        let origin = Origin::of_message(Some("theirs"), None, &SeededEntropy::new(1));
        let trace = origin.trace.to_string();
        let origin = Arc::new(origin);
        let lines = json(|| {
            done(async {
                tracing::info!("before");
                invoked(invocation("one"), async {
                    acting_for("buy", &[], origin, async { tracing::info!("within") }).await;
                    tracing::info!("at its end");
                })
                .await;
                tracing::info!("after");
                invoked(invocation("two"), async { tracing::info!("the next") }).await;
            });
        });
        let ids: Vec<_> = lines.iter().map(|line| line["requestId"].as_str()).collect();
        assert_eq!(ids, [None, Some("one"), Some("one"), None, Some("two")]);
        let ours: Vec<_> = lines.iter().map(|line| line["request_id"].as_str()).collect();
        assert_eq!(ours, [None, Some("theirs"), None, None, None]);
        let within = &lines[1];
        assert_eq!((&within["trace"], &within["function"]), (&trace.into(), &"buy".into()));
        assert_eq!(within["xray_trace_id"], "Root=1-5759e988-bd862e3fe1be46a994272793");
    }

    #[test]
    fn what_an_event_says_itself_is_not_said_twice() {
        let lines = written(LevelFilter::TRACE, Shape::Json, || {
            let origin = Arc::new(Origin::own(&SeededEntropy::new(1)));
            done(acting_for("buy", &[], origin, async {
                tracing::info!(function = "other", "said");
            }));
        });
        assert_eq!(lines.matches("\"function\"").count(), 1, "{lines}");
        assert!(lines.contains("\"function\":\"other\""), "{lines}");
    }

    #[test]
    fn dependencies_never_say_what_they_send_and_are_sent() {
        let say = || {
            tracing::trace!(target: "edge::dispatch", "ours");
            tracing::debug!(target: "aws_smithy_runtime::client", "headers");
            tracing::trace!(target: "lambda_runtime::requests", "a body");
            tracing::info!(target: "hyper", "news");
        };
        let said = |level| written(level, Shape::Text, say).lines().count();
        assert_eq!([said(LevelFilter::TRACE), said(LevelFilter::INFO)], [2, 1]);
        assert_eq!(said(LevelFilter::WARN), 0);
    }

    #[test]
    fn a_text_is_one_line_whatever_it_says() {
        let text = written(LevelFilter::INFO, Shape::Text, || {
            tracing::info!(name = "a\nb", "said\nso");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(
            text.ends_with("edge::telemetry::lines::tests: said\\nso name=\"a\\nb\"\n"),
            "{text}"
        );
    }
}
