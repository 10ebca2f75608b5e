//! One line of the log, in either form, from the same fields in the same order.
//!
//! JSON: `{"timestamp":"..","level":"info","event":"message","listener":"submission",..}`.
//! Text: `2026-03-01T08:30:00.000250Z info message listener=submission ..`, where a value that could be
//! misread is quoted as in JSON, and an unknown one is `-`.

use serde::Serialize;

use crate::clock;
use crate::config::{Level, LogFormat};

/// Octets of a usual line.
const USUAL_OCTETS: usize = 640;

/// A line in the making.
pub(super) struct LogLine {
    format: LogFormat,
    out: Vec<u8>,
}

impl LogLine {
    /// Time, level and kind of event.
    pub(super) fn new(format: LogFormat, level: Level, event: &str) -> Self {
        let timestamp = clock::rfc3339(clock::since_epoch());
        let mut line = Self { format, out: Vec::with_capacity(USUAL_OCTETS) };
        match format {
            LogFormat::Json => {
                line.out.extend_from_slice(b"{\"timestamp\":");
                line.json(&timestamp);
                line.field("level", &level);
                line.field("event", event);
            }
            LogFormat::Text => {
                line.word(&timestamp);
                line.out.push(b' ');
                line.word(&level);
                line.out.push(b' ');
                line.word(event);
            }
        }
        line
    }

    /// One more field. The names are constants of this program and need no escaping.
    pub(super) fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        match self.format {
            LogFormat::Json => {
                self.out.extend_from_slice(b",\"");
                self.out.extend_from_slice(name.as_bytes());
                self.out.extend_from_slice(b"\":");
                self.json(value);
            }
            LogFormat::Text => {
                self.out.push(b' ');
                self.out.extend_from_slice(name.as_bytes());
                self.out.push(b'=');
                self.word(value);
            }
        }
    }

    /// A message in words: a field in JSON, the words themselves in text.
    pub(super) fn words(&mut self, words: &str) {
        match self.format {
            LogFormat::Json => self.field("message", words),
            LogFormat::Text => {
                self.out.extend_from_slice(b": ");
                let visible = words.chars().map(|c| if c.is_control() { ' ' } else { c });
                self.out.extend(visible.collect::<String>().bytes());
            }
        }
    }

    /// The line with its end.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let end: &[u8] = if self.format == LogFormat::Json { b"}\n" } else { b"\n" };
        self.out.extend_from_slice(end);
        self.out
    }

    fn json<T: Serialize + ?Sized>(&mut self, value: &T) {
        let start = self.out.len();
        if serde_json::to_writer(&mut self.out, value).is_err() {
            // Only a map whose keys are not strings could get here.
            self.out.truncate(start);
            self.out.extend_from_slice(b"null");
        }
    }

    /// Writes a value as in JSON, but without quotes that it does not need.
    fn word<T: Serialize + ?Sized>(&mut self, value: &T) {
        let start = self.out.len();
        self.json(value);
        let (_, value) = self.out.split_at(start);
        if value == b"null" {
            self.out.truncate(start);
            self.out.push(b'-');
        } else if let [b'"', inner @ .., b'"'] = value
            && !inner.is_empty()
            && inner.iter().all(|byte| byte.is_ascii_graphic() && !b"\"\\=".contains(byte))
        {
            self.out.remove(start);
            self.out.pop();
        }
    }
}
