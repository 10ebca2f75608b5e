//! What the header section lacks, and what it has too often (RFC 5322 section 3.6).

use postseal_protocol::HeaderField;

use super::check::Check;
use super::encoded_word;
use super::field::Kind;
use super::finding::{CheckFinding, CheckFindings, Repair};
use super::from;
use super::mime::ContentType;
use crate::message::{FieldId, Fields};

/// The fields that later checks look at again.
#[derive(Default)]
pub(super) struct Section<'a> {
    /// In the order of [`ONCE`], the first of its name and how many there are.
    once: [SingleField<'a>; ONCE.len()],
    octets: u64,
}

type SingleField<'a> = (Option<(FieldId, &'a HeaderField)>, u32);

impl<'a> Section<'a> {
    /// Collects them in one pass.
    pub(super) fn of(fields: &'a Fields) -> Self {
        let mut section = Self::default();
        for (id, field) in fields.iter() {
            section.octets += (field.name.len() + field.value.len() + 3) as u64;
            let at = ONCE.iter().position(|name| field.is(name));
            if let Some((first, count)) = at.and_then(|at| section.once.get_mut(at)) {
                first.get_or_insert((id, field));
                *count += 1;
            }
        }
        section
    }

    /// The first field of this name, which must be one of [`ONCE`].
    pub(super) fn first(&self, name: &str) -> Option<&'a HeaderField> {
        self.first_with_id(name).map(|(_, field)| field)
    }

    /// The same with what names it in edits.
    pub(super) fn first_with_id(&self, name: &str) -> Option<(FieldId, &'a HeaderField)> {
        self.slot(name).and_then(|(first, _)| *first)
    }

    /// How many fields of this name there are.
    pub(super) fn count(&self, name: &str) -> u32 {
        self.slot(name).map_or(0, |(_, count)| *count)
    }

    fn slot(&self, name: &str) -> Option<&SingleField<'a>> {
        ONCE.iter().position(|other| *other == name).and_then(|at| self.once.get(at))
    }

    /// The checks of the section as a whole.
    pub(super) fn check(&self, max_octets: u64, findings: &mut CheckFindings) {
        if self.octets > max_octets {
            findings.add(CheckFinding::message(Check::OversizedHeader, "the header section is too large"));
        }
        self.missing(findings);
        for (name, what) in ONCE.iter().zip(TWICE) {
            if let Some((Some((_, field)), 2..)) = self.slot(name) {
                findings.add(CheckFinding::field(Check::DuplicateField, field, None, what));
            }
        }
        from::check(self, findings);
        if let Some(subject) = self.first("Subject")
            && let Some(spot) = html(subject)
        {
            findings.add(CheckFinding::field(Check::HtmlInSubject, subject, None, spot));
        }
        if let Some(field) = self.first("Content-Type")
            && self.count("MIME-Version") == 0
        {
            let what = "Content-Type without MIME-Version";
            let finding = CheckFinding::field(Check::MimeVersionMissing, field, None, what);
            let understood = ContentType::parse(&field.value).is_some();
            findings.add(if understood { finding.repair(Repair::MimeVersion) } else { finding });
        }
    }

    fn missing(&self, findings: &mut CheckFindings) {
        let mut add = |name, finding: CheckFinding| {
            if self.count(name) == 0 {
                findings.add(finding);
            }
        };
        let missing = |what| CheckFinding::message(Check::MissingField, what);
        add("From", missing("no From field"));
        add("Date", missing("no Date field").repair(Repair::Date));
        add("Message-ID", missing("no Message-ID field").repair(Repair::MessageId));
        if ["To", "Cc", "Bcc"].iter().all(|name| self.count(name) == 0) {
            findings.add(CheckFinding::message(Check::MissingRecipient, "no To, Cc or Bcc field"));
        }
    }
}

/// A tag or an entity in the text of Subject.
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

/// What comes behind `<`, in lower case. Names of types and addresses stand in `<>` too, so only tags that nothing else
/// is called by count, and of those the closing ones, the ones with attributes, and the ones that are never text.
fn is_tag(text: &str) -> bool {
    let closing = text.starts_with('/');
    let text = text.strip_prefix('/').unwrap_or(text);
    let name = text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let behind = text.get(name.len()..).unwrap_or_default().trim_start();
    let ends = behind.starts_with('>') || behind.starts_with("/>");
    let attribute =
        behind.starts_with(|c: char| c.is_ascii_alphabetic()) && behind.contains("=") && behind.contains('>');
    TAGS.contains(&name) && (ends || attribute) && (closing || attribute || SURE.contains(&name))
}

/// What comes behind `&`, in lower case.
fn is_entity(text: &str) -> bool {
    let Some((name, _)) = text.split_once(';') else { return false };
    match name.strip_prefix('#') {
        Some(number) => {
            let digits = number.strip_prefix('x').map_or(number, |hex| hex);
            (2..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        }
        None => ENTITIES.contains(&name),
    }
}

/// Number of addressees in To and Cc, at least: commas outside of quotes, comments and angle brackets.
pub(super) fn addressees<'a>(fields: impl Iterator<Item = &'a HeaderField>) -> u64 {
    let in_list =
        |field: &&HeaderField| Kind::of(field) == Kind::Address && (field.is("To") || field.is("Cc"));
    fields.filter(in_list).map(|field| addresses(&field.value)).sum()
}

fn addresses(value: &[u8]) -> u64 {
    let (mut quoted, mut depth, mut escaped) = (false, 0u32, false);
    let (mut count, mut any) = (0, false);
    for octet in value {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' if depth == 0 => quoted = !quoted,
            _ if quoted => {}
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' | b';' if depth == 0 => {
                count += u64::from(any);
                any = false;
            }
            b'@' if depth == 0 => any = true,
            _ => {}
        }
    }
    count + u64::from(any)
}

/// Fields that are allowed once (RFC 5322 section 3.6; RFC 2045 for the last four).
const ONCE: [&str; 15] = [
    "Date",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Subject",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
];
const TWICE: [&str; ONCE.len()] = [
    "several Date fields",
    "several From fields",
    "several Sender fields",
    "several Reply-To fields",
    "several To fields",
    "several Cc fields",
    "several Bcc fields",
    "several Message-ID fields",
    "several In-Reply-To fields",
    "several References fields",
    "several Subject fields",
    "several MIME-Version fields",
    "several Content-Type fields",
    "several Content-Transfer-Encoding fields",
    "several Content-Disposition fields",
];

const TAGS: [&str; 25] = [
    "a",
    "b",
    "i",
    "u",
    "p",
    "br",
    "hr",
    "em",
    "strong",
    "span",
    "div",
    "font",
    "center",
    "img",
    "table",
    "tr",
    "td",
    "html",
    "body",
    "h1",
    "h2",
    "h3",
    "ul",
    "li",
    "blockquote",
];
const SURE: [&str; 12] =
    ["br", "hr", "strong", "span", "div", "font", "center", "img", "html", "h1", "h2", "blockquote"];
const ENTITIES: [&str; 34] = [
    "amp", "lt", "gt", "quot", "apos", "nbsp", "auml", "ouml", "uuml", "szlig", "aacute", "agrave", "acirc",
    "aring", "aelig", "ccedil", "eacute", "egrave", "ecirc", "iacute", "ntilde", "oacute", "ograve", "ocirc",
    "oslash", "uacute", "euro", "copy", "reg", "trade", "ndash", "mdash", "hellip", "rsquo",
];

#[cfg(test)]
mod tests;
