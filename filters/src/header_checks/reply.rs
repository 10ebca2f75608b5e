//! The text of a refusal, for the programmer of the sending program: the fault, its place, and the way to mend it.

use std::fmt::Write as _;

use super::finding::{CheckFinding, FindingPlace};
use crate::refusal::printable;

/// The findings that are spelled out.
const MAX_FINDINGS_IN_REPLY: usize = 8;

/// A line for each finding, up to [`MAX_FINDINGS_IN_REPLY`], and one for the number of the others.
pub(super) fn lines<'a>(findings: impl Iterator<Item = &'a CheckFinding>, url: Option<&str>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut more = 0;
    for finding in findings {
        if lines.len() == MAX_FINDINGS_IN_REPLY {
            more += 1;
            continue;
        }
        let mut line = format!("{}: {}; {}", finding.check, words(finding), finding.advice());
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

pub(super) fn words(finding: &CheckFinding) -> String {
    let (place, spot) = match &finding.place {
        FindingPlace::Message => (String::new(), None),
        FindingPlace::Field { name, at } => (format!("{}: ", printable(&String::from_utf8_lossy(name))), *at),
        FindingPlace::Body(at) => ("body: ".to_owned(), *at),
        FindingPlace::Part(offset) => {
            return format!("body: {} (in the part at offset {offset})", finding.what);
        }
    };
    match spot {
        Some(spot) => format!("{place}{} (octet {:02X} at offset {})", finding.what, spot.octet, spot.offset),
        None => format!("{place}{}", finding.what),
    }
}
