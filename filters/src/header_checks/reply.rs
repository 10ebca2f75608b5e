//! The words of a refusal, for the programmer who will read them in a log: what is wrong, where, and what to do.

use std::fmt::Write as _;

use postseal_protocol::Reply;

use super::finding::{CheckFinding, FindingPlace};

/// A line for each finding, as many as fit.
pub(super) fn lines<'a>(findings: impl Iterator<Item = &'a CheckFinding>, url: Option<&str>) -> Vec<String> {
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

/// Text that may hold parts of the message, fit for a reply.
fn printable(text: &str) -> String {
    let visible = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().take(Reply::MAX_LINE_OCTETS).map(visible).collect()
}

/// Findings that are spelled out.
const MOST: usize = 8;
