//! The log: one line per message, and one for each event that an operator should know.
//!
//! Both kinds have the same form, JSON or text, and go the same way: made here, put into a bounded queue, written by a
//! thread of its own. So a stdout that is full, slow or closed never holds up mail; lines that do not fit are dropped
//! and counted. A message's line is made of its [`Record`]; all other lines come as [`tracing`] events, once
//! [`Log::install`] has been called. Events name the listener and the message (`listener`, `queue_id`) in fields of
//! their own: spans are not kept, because they would cost every connection memory for the few lines that are written.
//!
//! Mail addresses are shortened unless the level is `debug` or `log.addresses` says otherwise.

mod address;
mod event;
mod line;
mod message;
mod queue;
mod throttle;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use postseal_filters::pipeline::Record;
use prometheus::IntCounter;

use crate::config::{self, Level};

pub use address::{shorten, shorten_within};
pub use throttle::Throttle;

use line::LogLine;
use message::ShownParts;
use queue::LogQueue;

/// The pause between warnings about filters that fail. The reasons are in each message's line, so the details may be
/// rarer.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);
/// A line has four lists at most; its other fields share the room of two.
const LISTS_OF_A_LINE: usize = 6;

/// The log. Clones write to the same place.
#[derive(Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Arc<ArcSwap<config::LogConfig>>,
    queue: Arc<LogQueue>,
    failures: Throttle,
}

impl Log {
    /// Starts the thread that writes to `sink`. Lines that can't be written are counted in `dropped`.
    ///
    /// # Errors
    /// If the thread can't be started.
    pub fn start(
        settings: config::LogConfig, sink: impl Write + Send + 'static, dropped: IntCounter,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(LogQueue::new(dropped));
        let settings = Arc::new(ArcSwap::from_pointee(settings));
        let (writer, form) = (Arc::clone(&queue), Arc::clone(&settings));
        let warning = move |lines| dropped_lines(&form.load(), lines);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(sink, warning))?;
        Ok(Self { inner: Arc::new(Inner { settings, queue, failures: Throttle::new(FAILURE_PAUSE) }) })
    }

    /// Sends [`tracing`] events and panics of this process to this log, unless another log has done so before.
    pub fn install(&self) {
        if tracing::subscriber::set_global_default(event::Events::new(self.clone())).is_ok() {
            std::panic::set_hook(Box::new(event::panicked));
        }
    }

    /// Changes form, level and addresses.
    pub fn set(&self, settings: config::LogConfig) {
        self.inner.settings.store(Arc::new(settings));
        tracing::callsite::rebuild_interest_cache();
    }

    /// Writes the line of a finished message, and a warning if filters failed on it.
    pub fn message(&self, record: &Record) {
        let settings = self.inner.settings.load();
        if settings.level >= Level::Info {
            let mut line = LogLine::new(settings.format, Level::Info, "message");
            let details = settings.level >= Level::Debug;
            let list_octets = settings.line_size.bytes() / LISTS_OF_A_LINE;
            let shown = ShownParts { full: settings.addresses || details, details, list_octets };
            message::write(record, shown, &mut line);
            self.write(line);
        }
        if !record.report.failures.is_empty()
            && settings.level >= Level::Warn
            && let Some(suppressed) = self.inner.failures.pass()
        {
            for failure in &record.report.failures {
                let mut line = LogLine::new(settings.format, Level::Warn, "filter_failed");
                message::write_failure(record, failure, suppressed, &mut line);
                self.write(line);
            }
        }
    }

    /// Waits until everything so far is written, but not longer than `patience`.
    pub fn flush(&self, patience: Duration) {
        self.inner.queue.flush(patience);
    }

    fn write(&self, line: LogLine) {
        self.inner.queue.push(&line.finish());
    }
}

/// The warning that lines were dropped, because nobody read them in time or they could not be written.
fn dropped_lines(settings: &config::LogConfig, lines: u64) -> Vec<u8> {
    if settings.level < Level::Warn {
        return Vec::new();
    }
    let mut line = LogLine::new(settings.format, Level::Warn, "log_dropped");
    line.words("lines of the log were dropped");
    line.field("lines", &lines);
    line.finish()
}

/// The line of a message as JSON with full addresses, for a user who looks at this message alone.
pub fn as_json(record: &Record) -> String {
    let mut line = LogLine::new(config::LogFormat::Json, Level::Info, "message");
    message::write(record, ShownParts { full: true, details: true, list_octets: usize::MAX }, &mut line);
    String::from_utf8_lossy(line.finish().trim_ascii_end()).into_owned()
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[cfg(test)]
mod tests;
