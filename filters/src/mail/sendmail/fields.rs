//! Header fields as Sendmail will write them.

use postseal_protocol::HeaderField;

use super::members;
use crate::mail::content_type::Parameter;

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

/// The fields that Sendmail writes itself where they are missing or empty.
const OWN_FIELDS: [&str; 5] = ["Date", "Message-ID", "Resent-Date", "Resent-From", "Resent-Message-ID"];
/// The characters beside letters and digits that Sendmail reads in a boundary without quotes.
const BOUNDARY_CHARACTERS: &[u8] = b"'+_.{$!%*~-";

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
    if (is_mime_field(name) || is_among(&ADDRESS_FIELDS, name)) && !has_only_folds(&field.value) {
        return SentField::Unknown;
    }
    if is_mime_field(name) {
        return mime_field(name, &field.value);
    }
    if is_among(&OWN_FIELDS, name) && field.value.trim_ascii().is_empty() {
        return SentField::Unknown;
    }
    if !is_among(&ADDRESS_FIELDS, name) {
        return SentField::Same;
    }
    let Some(members) = members::read(&field.value, host) else { return SentField::Unknown };
    let value = write(&field.name, &field.value, &members);
    if value == field.value { SentField::Same } else { SentField::Value(value) }
}

/// True if each line end belongs to a fold, as an MTA hands them over. Nothing else can be written back.
fn has_only_folds(value: &[u8]) -> bool {
    let lines = memchr::memchr_iter(b'\n', value);
    let folds = lines.map(|at| at + 1).all(|next| matches!(value.get(next), Some(b' ' | b'\t')));
    folds && memchr::memchr_iter(b'\r', value).map(|at| at + 1).all(|next| value.get(next) == Some(&b'\n'))
}

fn is_among(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|other| other.as_bytes().eq_ignore_ascii_case(name))
}

pub(super) fn is_mime_field(name: &[u8]) -> bool {
    is_among(&MIME_FIELDS, name)
}

fn mime_field(name: &[u8], value: &[u8]) -> SentField {
    let quoted = name.eq_ignore_ascii_case(b"Content-Type").then(|| with_quoted_boundary(value)).flatten();
    let parameters = members::split(quoted.as_deref().unwrap_or(value), b';');
    let is_cut = value.len() > MAX_MIME_FIELD_OCTETS
        || parameters.is_none_or(|all| all.iter().any(|one| one.len() > MAX_MIME_PARAMETER_OCTETS));
    match quoted {
        _ if is_cut => SentField::Unknown,
        Some(value) => SentField::Value(value),
        None => SentField::Same,
    }
}

/// The value with quotes around its boundary, if Sendmail would read another one without quotes.
fn with_quoted_boundary(value: &[u8]) -> Option<Vec<u8>> {
    let boundary = Parameter::all(value)?.into_iter().find(|parameter| parameter.name == b"boundary")?;
    let (before, rest) = value.split_at_checked(boundary.at.start)?;
    let (text, after) = rest.split_at_checked(boundary.at.len())?;
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || BOUNDARY_CHARACTERS.contains(octet);
    if text.iter().all(plain) || text.iter().any(|octet| !octet.is_ascii_graphic() || b"\"\\".contains(octet)) {
        return None;
    }
    Some([before, b"\"", text, b"\"", after].concat())
}

/// The boundary in a Content-Type, if Sendmail reads the same.
pub(super) fn read_boundary(value: &[u8]) -> Option<Vec<u8>> {
    let mut all = Parameter::all(value)?.into_iter().filter(|parameter| parameter.name.starts_with(b"boundary"));
    let boundary = all.next().filter(|parameter| parameter.name == b"boundary")?;
    let text = value.get(boundary.at)?;
    let read = with_quoted_boundary(value).is_none() && all.next().is_none() && !text.contains(&b'\\');
    (read && !boundary.content.is_empty() && !boundary.content.ends_with(b" ")).then_some(boundary.content)
}

/// The list, folded as `commaize` folds it.
fn write(name: &[u8], value: &[u8], members: &[Vec<u8>]) -> Vec<u8> {
    let blank = |octet: &&u8| matches!(octet, b' ' | b'\t' | b'\n' | b'\r');
    // Each octet of white space behind the colon becomes a blank.
    let mut out = vec![b' '; value.iter().take_while(blank).count()];
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
