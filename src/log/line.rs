//! One line of the log, in either form, from the same fields in the same order.
//!
//! JSON: `{"timestamp":"..","level":"info","event":"message","listener":"submission",..}`.
//! Text: `2026-03-01T08:30:00.000250Z info message listener=submission ..`, where a value that could be
//! misread is quoted as in JSON, and an unknown one is `-`.

use std::io::Write as _;

use postseal_filters::visible;
use postseal_filters::visible::is_hidden;
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

    /// A field with as many elements of a list as fit into `room` octets. The others are added to `more`, whose number
    /// follows if it is not 0: `edits_more` for `edits`.
    pub(super) fn list<T: Serialize>(
        &mut self, name: &str, elements: impl Iterator<Item = T>, room: usize, mut more: usize,
    ) {
        match self.format {
            LogFormat::Json => self.out.extend_from_slice(b",\""),
            LogFormat::Text => self.out.push(b' '),
        }
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(if self.format == LogFormat::Json { b"\":[" } else { b"=[" });
        let start = self.out.len();
        let mut elements = elements.fuse();
        for element in elements.by_ref() {
            let end = self.out.len();
            if end > start {
                self.out.push(b',');
            }
            self.json(&element);
            if self.out.len() - start > room {
                self.out.truncate(end);
                more += 1;
                break;
            }
        }
        more += elements.count();
        self.out.push(b']');
        if more > 0 {
            self.field(&format!("{name}_more"), &more);
        }
    }

    /// A message in words: a field in JSON, the words themselves in text.
    pub(super) fn words(&mut self, words: &str) {
        match self.format {
            LogFormat::Json => self.field("message", words),
            LogFormat::Text => {
                self.out.extend_from_slice(b": ");
                self.out.extend_from_slice(visible(&words.replace('\n', " ")).as_bytes());
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
        self.escape_hidden(start);
    }

    /// Escapes the hidden characters that JSON allows in strings, so that a terminal does not obey them.
    fn escape_hidden(&mut self, start: usize) {
        let (_, json) = self.out.split_at(start);
        if json.iter().all(|octet| (b' '..=b'~').contains(octet)) {
            return;
        }
        let json = self.out.split_off(start);
        for c in String::from_utf8_lossy(&json).chars() {
            if is_hidden(c) {
                let _ = write!(self.out, "\\u{:04x}", u32::from(c));
            } else {
                self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
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
