//! Messages that need SMTPUTF8 (RFC 6531), or that Postfix believes to need it.

use crate::connection::{ClientConnection, MtaKind, Role};
use crate::filter::Context;
use crate::message::Message;

/// The reason code of local mail that Postfix marks as SMTPUTF8 because of raw UTF-8 in a header field.
pub(super) const AUTODETECT: &str = "smtputf8_autodetect";
const DETAIL: &str = "unless smtputf8_autodetect_classes of Postfix leaves out `sendmail`, the message needs a next hop with \
                      SMTPUTF8, even with its fields encoded";

/// True if the client has asked for SMTPUTF8.
pub(super) fn is_asked_for(message: &Message) -> bool {
    let is_smtputf8 = |argument: &bytes::Bytes| argument.eq_ignore_ascii_case(b"SMTPUTF8");
    message.envelope.received_sender().is_some_and(|sender| sender.arguments.iter().any(is_smtputf8))
}

/// Notes that Postfix may have marked the message. It does so before any milter, takes no mark back when a field is
/// encoded, and shows the mark to no milter of local mail (`cleanup_message.c`, `cleanup_milter.c`).
pub(super) fn note_autodetected(message: &Message, cx: &mut Context<'_>) {
    let ClientConnection { role, mta, .. } = cx.connection;
    let is_raw_utf8 = |value: &[u8]| !value.is_ascii() && std::str::from_utf8(value).is_ok();
    if *role == Role::Local
        && *mta == MtaKind::Postfix
        && message.fields.received().any(|field| is_raw_utf8(&field.value))
    {
        cx.note_with(AUTODETECT, DETAIL);
    }
}
