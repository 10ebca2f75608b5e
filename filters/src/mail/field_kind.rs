//! The kinds of text in header fields, told by the name of the field.

use postseal_protocol::HeaderField;

const ADDRESS: [&str; 17] = [
    "From", "To", "Cc", "Bcc", "Reply-To", "Sender", "Resent-From", "Resent-To", "Resent-Cc", "Resent-Bcc",
    "Resent-Sender", "Resent-Reply-To", "Disposition-Notification-To", "Return-Receipt-To", "Errors-To",
    "Mail-Followup-To", "Mail-Reply-To",
];
const TRACE: [&str; 9] = [
    "Received", "Return-Path", "DKIM-Signature", "Authentication-Results", "ARC-Seal", "ARC-Message-Signature",
    "ARC-Authentication-Results", "X-Received", "Received-SPF",
];
const STRUCTURED: [&str; 34] = [
    "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    "Content-Disposition", "Content-ID", "Content-Language", "Resent-Date", "Resent-Message-ID", "List-Id",
    "List-Unsubscribe", "List-Unsubscribe-Post", "List-Post", "List-Help", "List-Subscribe", "List-Owner",
    "List-Archive", "Auto-Submitted", "Precedence", "Importance", "Autocrypt", "Archived-At", "Content-Base",
    "Content-MD5", "Supersedes", "Expires", "Expiry-Date", "Reply-By", "Deferred-Delivery", "Original-Message-ID",
    "Disposition-Notification-Options",
];

/// The kind of text in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// Text for people (RFC 5322 section 2.2.1). Fields with unknown names count as such.
    Unstructured,
    /// Addresses with display names.
    Address,
    /// Text for programs.
    Structured,
    /// Text that servers on the way have written, and that must not be changed for the sender.
    Trace,
}

impl FieldKind {
    /// The kind of a field, by its name.
    pub(crate) fn of(field: &HeaderField) -> Self {
        let among = |names: &[&str]| names.iter().any(|name| field.is(name));
        if among(&ADDRESS) {
            Self::Address
        } else if among(&TRACE) {
            Self::Trace
        } else if among(&STRUCTURED) {
            Self::Structured
        } else {
            Self::Unstructured
        }
    }
}

/// True for a field that repeats what the mail before it said, whoever wrote that.
pub(crate) fn is_repeated(field: &HeaderField) -> bool {
    field.is("References") || field.is("In-Reply-To")
}

/// True for an octet that no field may have in its value.
pub(crate) fn is_control(octet: u8) -> bool {
    (octet < b' ') & (octet != b'\t') & (octet != b'\n') | (octet == 127)
}
