//! The words of a refusal, for the programmer who will read them in a log: what is wrong, where, and what to do.

use std::fmt::Write as _;

use super::finding::{Finding, Place};
use crate::refusal::printable;

/// A line for each finding, as many as fit.
pub(super) fn lines<'a>(findings: impl Iterator<Item = &'a Finding>, url: Option<&str>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut more = 0;
    for finding in findings {
        if lines.len() == MOST {
            more += 1;
            continue;
        }
        let mut line = format!("{}: {}; {}", finding.check, words(finding), finding.check.profile().hint);
        if let Some(url) = url {
            let _ = write!(line, " <{url}#{}>", finding.check);
        }
        lines.push(printable(&line));
    }
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// What is wrong, and where.
pub(super) fn words(finding: &Finding) -> String {
    let (place, spot) = match &finding.place {
        Place::Message => (String::new(), None),
        Place::Field { name, at } => (format!("{}: ", printable(&String::from_utf8_lossy(name))), *at),
        Place::Body(at) => ("body: ".to_owned(), *at),
        Place::Part(offset) => return format!("body: {} (in the part at offset {offset})", finding.what),
    };
    match spot {
        Some(spot) => format!("{place}{} (octet {:02X} at offset {})", finding.what, spot.octet, spot.offset),
        None => format!("{place}{}", finding.what),
    }
}

/// Findings that are spelled out.
const MOST: usize = 8;
