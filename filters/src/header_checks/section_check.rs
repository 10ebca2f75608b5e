//! The checks of the header section as a whole: fields that are missing or repeated (RFC 5322 section 3.6).

use postseal_protocol::HeaderField;

use super::check::Check;
use super::finding::{CheckFinding, CheckFindings, Repair};
use super::from;
use super::section::{HeaderSection, ONCE, SEVERAL};
use crate::mail::content_type::ContentType;
use crate::mail::encoded_word;
use crate::mail::field_kind::FieldKind;
use crate::mail::quoted::{QuoteScanner, QuotedRole, QuotingRules};

const TAGS: [&str; 25] = [
    "a", "b", "i", "u", "p", "br", "hr", "em", "strong", "span", "div", "font", "center", "img", "table", "tr", "td",
    "html", "body", "h1", "h2", "h3", "ul", "li", "blockquote",
];
/// Tags that are never text, even without attributes.
const SURE_TAGS: [&str; 12] =
    ["br", "hr", "strong", "span", "div", "font", "center", "img", "html", "h1", "h2", "blockquote"];
const ENTITIES: [&str; 34] = [
    "amp", "lt", "gt", "quot", "apos", "nbsp", "auml", "ouml", "uuml", "szlig", "aacute", "agrave", "acirc", "aring",
    "aelig", "ccedil", "eacute", "egrave", "ecirc", "iacute", "ntilde", "oacute", "ograve", "ocirc", "oslash",
    "uacute", "euro", "copy", "reg", "trade", "ndash", "mdash", "hellip", "rsquo",
];

pub(super) fn check(section: &HeaderSection<'_>, max_octets: u64, findings: &mut CheckFindings) {
    if section.octets > max_octets {
        findings.add(CheckFinding::message(Check::OversizedHeader, "the header section is too large"));
    }
    missing(section, findings);
    for (name, what) in ONCE.iter().zip(SEVERAL) {
        if section.count(name) > 1
            && let Some(field) = section.first(name)
        {
            let finding = |what| CheckFinding::field(Check::DuplicateField, field, None, what);
            match section.repeated(name) {
                Some(ids) => ids.iter().for_each(|id| findings.add(finding(what).repair(Repair::Remove(*id)))),
                None => findings.add(finding(what)),
            }
        }
    }
    from::check(section, findings);
    if let Some(subject) = section.first("Subject")
        && let Some(spot) = html(subject)
    {
        findings.add(CheckFinding::field(Check::HtmlInSubject, subject, None, spot));
    }
    if let Some(field) = section.first("Content-Type")
        && section.count("MIME-Version") == 0
    {
        let what = "Content-Type without MIME-Version";
        let finding = CheckFinding::field(Check::MimeVersionMissing, field, None, what);
        let understood = ContentType::parse(&field.value).is_some();
        findings.add(if understood { finding.repair(Repair::MimeVersion) } else { finding });
    }
}

fn missing(section: &HeaderSection<'_>, findings: &mut CheckFindings) {
    let mut add = |name, finding: CheckFinding| {
        if section.count(name) == 0 {
            findings.add(finding);
        }
    };
    let missing = |what| CheckFinding::message(Check::MissingField, what);
    add("From", missing("no From field"));
    add("Date", missing("no Date field").repair(Repair::Date(None)));
    add("Message-ID", missing("no Message-ID field").repair(Repair::MessageId(None)));
    if ["To", "Cc", "Bcc"].iter().all(|name| section.count(name) == 0) {
        findings.add(CheckFinding::message(Check::MissingRecipient, "no To, Cc or Bcc field"));
    }
}

/// The kind of HTML in the text of Subject.
fn html(subject: &HeaderField) -> Option<&'static str> {
    let raw = &*subject.value;
    if !raw.contains(&b'<') && !raw.contains(&b'&') && !raw.windows(2).any(|pair| pair == b"=?") {
        return None;
    }
    let text = encoded_word::decoded(raw).to_ascii_lowercase();
    if text.split('<').skip(1).any(is_tag) {
        Some("an HTML tag")
    } else {
        text.split('&').skip(1).any(is_entity).then_some("an HTML entity")
    }
}

/// True if the text behind a `<`, in lower case, is a tag of HTML. Names of types and addresses stand in `<>` as well, so
/// three kinds of tags count: closing ones, those with attributes, and those that are never text.
fn is_tag(text: &str) -> bool {
    let closing = text.starts_with('/');
    let text = text.strip_prefix('/').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (name, behind) = text.split_at(end);
    let behind = behind.trim_start();
    let ends = behind.starts_with('>') || behind.starts_with("/>");
    let attribute =
        behind.starts_with(|c: char| c.is_ascii_alphabetic()) && behind.contains("=") && behind.contains('>');
    TAGS.contains(&name) && (ends || attribute) && (closing || attribute || SURE_TAGS.contains(&name))
}

/// True if the text behind an `&`, in lower case, is an entity of HTML.
fn is_entity(text: &str) -> bool {
    let Some((name, _)) = text.split_once(';') else { return false };
    match name.strip_prefix('#') {
        Some(number) => {
            let digits = number.strip_prefix('x').unwrap_or(number);
            (2..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        }
        None => ENTITIES.contains(&name),
    }
}

/// The number of addressees in To and Cc, or fewer: entries with an `@` between commas outside of quotes and comments.
pub(super) fn addressees<'a>(fields: impl Iterator<Item = &'a HeaderField>) -> u64 {
    let in_list =
        |field: &&HeaderField| FieldKind::of(field) == FieldKind::Address && (field.is("To") || field.is("Cc"));
    fields.filter(in_list).map(|field| addresses(&field.value)).sum()
}

fn addresses(value: &[u8]) -> u64 {
    let mut scanner = QuoteScanner::new(QuotingRules::ListEntries);
    let mut in_list = value.iter().filter(|octet| scanner.step(**octet) == QuotedRole::Open);
    let mut count = 0;
    // An entry with an address counts when its `@` comes; the rest of the entry is passed over.
    while in_list.any(|octet| *octet == b'@') {
        count += 1;
        in_list.find(|octet| matches!(octet, b',' | b';'));
    }
    count
}

#[cfg(test)]
mod tests;
