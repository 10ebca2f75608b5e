//! Mail that the MTA itself has made: bounces, delay notices, and notices to the postmaster.
//!
//! This is the only definition of such mail. Every local program can write a null reverse-path and any From, so no single
//! sign is enough. All of these must be there in the message as the MTA showed it:
//!
//! | part | demand |
//! | --- | --- |
//! | way in | a listener of role `local` or `reinject`, and no login |
//! | reverse-path | null, or `double-bounce` or `mailer-daemon` at a name of the MTA |
//! | From | one field with one address: `mailer-daemon` or `postmaster` at a name of the MTA, and no other address beside it |
//! | Reply-To, Sender | none |
//! | shape | a delivery report (RFC 3464), or Auto-Submitted (RFC 3834); a notice from `double-bounce` may be plain text |
//!
//! The names of the MTA are the macro `j` and those of the configuration. So the most that a local program can gain is a
//! message in the name of this MTA, never in that of another domain. Postfix writes reports in `bounce_notify_util.c` and
//! plain notices in `smtpd_chat.c` and `smtp_chat.c`; Sendmail writes both kinds in `savemail.c`.

use postseal_protocol::{Address, HeaderField, MacroTable, Stage};

use crate::connection::Role;
use crate::filter::Context;
use crate::mail::address::{AddrSpec, DomainName, Mailbox, mailboxes};
use crate::mail::content_type::{ContentType, Parameter};
use crate::mail::encoded_word::{decoded, words};
use crate::message::Message;
use crate::submitter::Submitter;

const MAX_FROM_OCTETS: usize = 998;
const DAEMONS: [&str; 2] = ["mailer-daemon", "postmaster"];
const NOTICE_SENDERS: [&str; 2] = ["double-bounce", "mailer-daemon"];
/// The macro with the name of the MTA.
const NAME_MACRO: &str = "j";

/// The names by which the MTA writes mail of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnNames(Vec<DomainName>);

impl OwnNames {
    /// The names of the configuration; the macro `j` is always one too.
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a DomainName>) -> Self {
        Self(names.into_iter().cloned().collect())
    }

    /// The macro that a filter must ask for, for its [`Needs`](crate::Needs).
    pub(crate) fn wanted_macro() -> (Stage, String) {
        (Stage::Connect, NAME_MACRO.to_owned())
    }

    /// True if mail with this reverse-path may turn out to be the MTA's own.
    pub(crate) fn may_be_own(&self, cx: &Context<'_>, sender: &Address) -> bool {
        is_made_here(cx) && (sender.is_null() || self.is_notice_sender(sender, cx.macros))
    }

    /// The address in From, if the MTA itself has made the message.
    pub(crate) fn author(&self, cx: &Context<'_>, message: &Message) -> Option<Mailbox> {
        let sender = message.envelope.received_sender();
        if !is_made_here(cx) || !sender.is_none_or(|sender| self.may_be_own(cx, sender)) {
            return None;
        }
        let fields = OwnFields::of(message)?;
        let from = <[Mailbox; 1]>::try_from(mailboxes(&fields.from.value).ok()?).ok();
        let [from] = from.filter(|[from]| is_alone(&fields.from.value, from))?;
        let is_ours = self.is_own(&from, &DAEMONS, cx.macros);
        let is_notice = sender.is_some_and(|sender| !sender.is_null());
        (is_ours && fields.have_shape(is_notice)).then_some(from)
    }

    fn is_notice_sender(&self, sender: &Address, macros: &MacroTable) -> bool {
        AddrSpec::alone(sender.mailbox()).is_some_and(|mailbox| self.is_own(&mailbox, &NOTICE_SENDERS, macros))
    }

    /// True if the mailbox has one of these local parts, and a name of the MTA behind them. The MTA completes a mailbox
    /// without a domain by a name of its own.
    fn is_own(&self, mailbox: &Mailbox, locals: &[&str], macros: &MacroTable) -> bool {
        let host = macros.get(NAME_MACRO).map(|host| host.strip_suffix(b".").unwrap_or(host));
        let is_name = |domain: &String| {
            host.is_some_and(|host| host.eq_ignore_ascii_case(domain.as_bytes()))
                || self.0.iter().any(|name| name.as_str() == domain)
        };
        locals.iter().any(|local| mailbox.local.eq_ignore_ascii_case(local))
            && mailbox.domain.as_ref().is_none_or(is_name)
    }
}

fn is_made_here(cx: &Context<'_>) -> bool {
    matches!(cx.connection.role, Role::Local | Role::Reinject) && Submitter::of(cx).user.is_none()
}

/// The fields that show the shape of a message.
struct OwnFields<'a> {
    from: &'a HeaderField,
    content_type: Option<&'a HeaderField>,
    auto_submitted: Option<&'a HeaderField>,
}

impl<'a> OwnFields<'a> {
    /// `None` if there are not exactly one From and no field by which answers go elsewhere.
    fn of(message: &'a Message) -> Option<Self> {
        let (mut from, mut content_type, mut auto_submitted) = (None, None, None);
        for field in message.fields.received() {
            let is = |name: &str| field.name.trim_ascii_end().eq_ignore_ascii_case(name.as_bytes());
            let place = if is("From") {
                &mut from
            } else if is("Content-Type") {
                &mut content_type
            } else if is("Auto-Submitted") {
                &mut auto_submitted
            } else if is("Reply-To") || is("Sender") {
                return None;
            } else {
                continue;
            };
            if place.replace(field).is_some() {
                return None;
            }
        }
        Some(Self { from: from?, content_type, auto_submitted })
    }

    fn have_shape(&self, is_notice: bool) -> bool {
        let plain = is_notice && self.content_type.is_none();
        plain || self.content_type.is_some_and(is_report) || self.auto_submitted.is_some_and(is_automatic)
    }
}

/// True if a reader finds no other address in the value, and no text that pretends to be one.
fn is_alone(value: &[u8], mailbox: &Mailbox) -> bool {
    if value.len() > MAX_FROM_OCTETS {
        return false;
    }
    let (Some(before), Some(behind)) = (value.get(..mailbox.range.start), value.get(mailbox.range.end..)) else {
        return false;
    };
    [before, behind].iter().all(|text| is_readable(text) && !decoded(text).contains(['@', '\u{fe6b}', '\u{ff20}']))
}

/// True if each encoded-word can be read by itself. Otherwise a reader may see what nobody has looked at: in a charset
/// that is not known here, or in a character that two words share.
fn is_readable(text: &[u8]) -> bool {
    let read = words(text).filter(|word| word.decode().is_ok_and(|text| !text.is_empty())).count();
    read == memchr::memmem::find_iter(text, b"=?").count()
}

/// `Content-Type: multipart/report; report-type=delivery-status` (RFC 6522 section 3, RFC 3464 section 2).
fn is_report(field: &HeaderField) -> bool {
    let report = ContentType::parse(&field.value);
    report.is_some_and(|report| report.is_multipart() && report.subtype == b"report")
        && Parameter::all(&field.value).is_some_and(|parameters| {
            let is_kind = |one: &Parameter| one.content.eq_ignore_ascii_case(b"delivery-status");
            parameters.iter().any(|one| one.name == b"report-type" && is_kind(one))
        })
}

/// `Auto-Submitted: auto-replied` or `auto-generated` (RFC 3834 section 5), with or without parameters.
fn is_automatic(field: &HeaderField) -> bool {
    let value = field.value.trim_ascii_start();
    let end = value.iter().position(|octet| !octet.is_ascii_alphabetic() && *octet != b'-');
    let word = value.get(..end.unwrap_or(value.len()));
    word.is_some_and(|word| word.eq_ignore_ascii_case(b"auto-replied") || word.eq_ignore_ascii_case(b"auto-generated"))
}

#[cfg(test)]
mod tests;
