//! [`tracing`] events as lines of the log.

use std::fmt;
use std::panic::PanicHookInfo;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span;
use tracing::{Event, Metadata, Subscriber};

use super::Log;
use super::address::clip_text;
use super::line::LogLine;
use crate::config::Level;

/// Receives the events of this process.
pub(super) struct Events {
    log: Log,
}

impl Events {
    pub(super) fn new(log: Log) -> Self {
        Self { log }
    }

    fn level(&self) -> Level {
        self.log.inner.settings.load().level
    }
}

impl Subscriber for Events {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if !metadata.is_event() {
            return false;
        }
        // Events of libraries below a warning are for the authors of those libraries.
        let ours = metadata.target().starts_with("postseal");
        let most = if ours { self.level() } else { self.level().min(Level::Warn) };
        *metadata.level() <= filter(most)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(filter(self.level()))
    }

    fn event(&self, event: &Event<'_>) {
        let settings = self.log.inner.settings.load();
        let mut found = EventFields::default();
        event.record(&mut found);
        let kind = found.event.as_deref().unwrap_or("service");
        let mut line = LogLine::new(settings.format, level(event.metadata().level()), kind);
        if !found.words.is_empty() {
            line.words(&clip_text(&found.words, settings.line_size.bytes() / 2));
        }
        let room = settings.line_size.bytes() / 4;
        for (name, value) in &found.fields {
            match value.as_str() {
                Some(text) => line.field(name, &*clip_text(text, room)),
                None => line.field(name, value),
            }
        }
        self.log.write(line);
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

/// Logs a panic. The caller of the code that panicked logs the consequences.
pub(super) fn panicked(info: &PanicHookInfo<'_>) {
    let words = info.payload_as_str().unwrap_or("panic");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    tracing::error!(event = "panic", place, thread = thread.name(), "{words}");
}

/// The fields of one event.
#[derive(Default)]
struct EventFields {
    event: Option<String>,
    words: String,
    fields: Vec<(&'static str, serde_json::Value)>,
}

impl EventFields {
    fn add(&mut self, field: &Field, value: impl Into<serde_json::Value>) {
        self.fields.push((field.name(), value.into()));
    }
}

impl Visit for EventFields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "event" => self.event = Some(value.to_owned()),
            "message" => value.clone_into(&mut self.words),
            _ => self.add(field, value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        self.record_str(field, &text);
    }
}

fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}

fn level(level: &tracing::Level) -> Level {
    match *level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}
