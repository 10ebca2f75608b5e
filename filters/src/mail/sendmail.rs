//! Header fields as Sendmail will write them, after all filters.
//!
//! Sendmail takes the address fields of a message apart and writes them anew for each mailer (`headers.c`, `commaize` and
//! `crackaddr`; the fields with H_FROM or H_RCPT in `conf.c`). All that is said here was seen with Sendmail 8.17.1 and the
//! mailer esmtp:
//!
//! - One blank stands behind each comma, none in front of it, and empty members are dropped.
//! - The list is folded before column 79, with eight blanks, between members only.
//! - A name in front of `<` or `:` with one of `MUST_QUOTE` outside of quoted strings becomes a quoted string as a whole.
//!   (An encoded-word in it is an encoded-word no longer.)
//! - A comment right behind an address gets a blank in front of it.
//! - An address without a domain gets the name of the host (macro `j`), unless the configuration masquerades.
//!
//! - MIME fields are cut (option MaxMimeHeaderLength, 2048/1024), and quotes and comments that do not end get an end.
//!
//! [`as_written`] makes a field of which Sendmail will leave every octet as it is, and which means the same. If that can't
//! be foreseen, it says so.

mod members;

use postseal_protocol::HeaderField;

/// The columns of a list of addresses.
const MAX_LIST_COLUMNS: usize = 78;
/// What each line but the first of a list begins with.
const INDENT: &[u8] = b"\n        ";
/// The address fields that Sendmail writes anew (`conf.c`, the entries of `HdrInfo` with H_FROM or H_RCPT).
const ADDRESS_FIELDS: [&str; 13] = [
    "From", "Sender", "Reply-To", "To", "Cc", "Errors-To", "Disposition-Notification-To", "Apparently-To",
    "Resent-From", "Resent-Sender", "Resent-Reply-To", "Resent-To", "Resent-Cc",
];
/// The MIME fields that Sendmail cuts.
const MIME_FIELDS: [&str; 6] = [
    "Content-Type", "Content-Disposition", "Content-Description", "Content-ID", "Content-Transfer-Encoding",
    "MIME-Version",
];
/// The octets of a MIME field, and of one parameter, that are surely not cut.
const MAX_MIME_FIELD_OCTETS: usize = 2000;
const MAX_MIME_PARAMETER_OCTETS: usize = 1000;
/// The fields that Sendmail drops (`conf.c`, H_ACHECK and H_BCC).
const DROPPED_FIELDS: [&str; 6] = ["Bcc", "Resent-Bcc", "Return-Path", "Full-Name", "Content-Length", "Text"];

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SentField {
    /// It leaves as it is.
    Same,
    /// It leaves with this value.
    Value(Vec<u8>),
    /// It may leave with another value, which can't be foreseen.
    Unknown,
}

/// True if Sendmail drops fields of this name.
pub(crate) fn is_dropped(name: &[u8]) -> bool {
    DROPPED_FIELDS.iter().any(|dropped| dropped.as_bytes().eq_ignore_ascii_case(name))
}

/// What Sendmail will make of a field. `host` is the macro `j`, the name of the server.
pub(crate) fn as_written(field: &HeaderField, host: Option<&str>) -> SentField {
    let name = field.name.trim_ascii_end();
    let among = |names: &[&str]| names.iter().any(|other| other.as_bytes().eq_ignore_ascii_case(name));
    if among(&MIME_FIELDS) {
        return if is_cut(&field.value) { SentField::Unknown } else { SentField::Same };
    }
    if !among(&ADDRESS_FIELDS) {
        return SentField::Same;
    }
    let Some(members) = members::read(&field.value, host) else { return SentField::Unknown };
    let value = write(&field.name, &field.value, &members);
    if value == field.value { SentField::Same } else { SentField::Value(value) }
}

fn is_cut(value: &[u8]) -> bool {
    let parameters = members::split(value, b';');
    value.len() > MAX_MIME_FIELD_OCTETS
        || parameters.is_none_or(|all| all.iter().any(|one| one.len() > MAX_MIME_PARAMETER_OCTETS))
}

/// The list, folded as `commaize` folds it.
fn write(name: &[u8], value: &[u8], members: &[Vec<u8>]) -> Vec<u8> {
    let blank = |octet: &&u8| matches!(octet, b' ' | b'\t' | b'\n' | b'\r');
    // Each octet of white space behind the colon stays; a line end becomes a blank.
    let mut out: Vec<u8> =
        value.iter().take_while(blank).map(|octet| if *octet == b'\t' { b'\t' } else { b' ' }).collect();
    let mut column = name.len() + 1 + out.len();
    for (at, member) in members.iter().enumerate() {
        column += member.len() + if at > 0 { 2 } else { 0 };
        if at > 0 {
            out.push(b',');
            if column > MAX_LIST_COLUMNS {
                out.extend_from_slice(INDENT);
                column = INDENT.len() - 1 + member.len();
            } else {
                out.push(b' ');
            }
        }
        out.extend_from_slice(member);
    }
    out
}

#[cfg(test)]
mod tests;
