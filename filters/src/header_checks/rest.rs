//! The rest of a header section that a line without a colon has cut: the MTA takes that line and all behind it for the body.

use super::section::{HeaderSection, ONCE};
use crate::mail::content_type::{ContentType, TransferEncoding};
use crate::mail::{date, message_id};

/// Fields with other names make it likely that people or programs have written the lines as text, such as `Name: Ann`.
const KNOWN: [&str; 18] = [
    "Received", "Return-Path", "DKIM-Signature", "User-Agent", "Organization", "Precedence", "Importance", "Priority",
    "Sensitivity", "Errors-To", "Auto-Submitted", "Comments", "Keywords", "Content-Language", "Content-ID",
    "Content-Description", "Thread-Topic", "Thread-Index",
];
/// Fields among them that people hardly write.
const OF_PROGRAMS: [&str; 15] = [
    "Received", "Return-Path", "DKIM-Signature", "User-Agent", "Auto-Submitted", "Content-Language", "Thread-Index",
    "List-Id", "List-Unsubscribe", "X-Mailer", "X-Priority", "X-MSMail-Priority", "X-MimeOLE", "X-Originating-IP",
    "X-PHP-Originating-Script",
];
const KNOWN_STARTS: [&str; 3] = ["X-", "List-", "Resent-"];

/// What the fields at the start of a body show together.
#[derive(Debug, Default)]
pub(super) struct RestOfSection {
    /// The header section has one of the fields as well, as when people quote or forward mail.
    repeats: bool,
    /// A field with a value that only programs write.
    for_programs: bool,
    /// A field that people may write, too.
    for_people: bool,
    /// A field of a name that is not known.
    unknown: bool,
}

impl RestOfSection {
    /// Takes the next field.
    pub(super) fn take(&mut self, name: &[u8], text: &[u8], section: &HeaderSection<'_>) {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        let Some(once) = ONCE.iter().find(|other| is(other)) else {
            let starts = |start: &&str| {
                name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start.as_bytes()))
            };
            self.for_people |= OF_PROGRAMS.iter().any(|other| is(other)) && !text.trim_ascii().is_empty();
            self.unknown |= !KNOWN.iter().any(|other| is(other)) && !KNOWN_STARTS.iter().any(starts);
            return;
        };
        self.repeats |= section.count(once) > 0;
        match *once {
            "Message-ID" => self.for_programs |= !text.is_empty() && message_id::fault(text).is_none(),
            "MIME-Version" => self.for_programs |= text.trim_ascii().starts_with(b"1."),
            "Content-Type" => self.for_programs |= ContentType::parse(text).is_some_and(|read| !read.broken),
            "Content-Transfer-Encoding" => self.for_programs |= is_encoding(text),
            "In-Reply-To" | "References" => {
                self.for_programs |= text.trim_ascii().starts_with(b"<") && text.contains(&b'@');
            }
            "Date" => self.for_people |= date::header::fault(text).is_none(),
            "From" | "To" | "Cc" | "Sender" | "Reply-To" => self.for_people |= text.contains(&b'@'),
            "Subject" => self.for_people |= !text.trim_ascii().is_empty(),
            _ => {}
        }
    }

    /// True if only the header section of this message can have these fields. Among other text they must be of both kinds.
    pub(super) fn is_certain(&self, among_text: bool) -> bool {
        let Self { repeats, for_programs, for_people, unknown } = *self;
        let certain = if among_text { for_programs && for_people } else { for_programs || (for_people && !unknown) };
        certain && !repeats
    }
}

fn is_encoding(text: &[u8]) -> bool {
    text.trim_ascii().iter().all(u8::is_ascii_graphic) && TransferEncoding::parse(text) != TransferEncoding::Unknown
}
