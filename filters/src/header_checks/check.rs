//! The table of the checks: names, default actions, and hints for the sender. A row of the table is all that settings,
//! metrics, reason codes and the document of the checks need to know of a check.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The actions for a finding, from the mildest to the most severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(expecting = "enum Action", rename_all = "snake_case")]
pub enum CheckAction {
    /// The check is off.
    Off,
    /// The finding is logged and counted.
    Log,
    /// The finding is named in a header field as well.
    Tag,
    /// The fault is repaired.
    Fix,
    /// The message is refused with 4xx, and the client keeps it.
    Tempfail,
    /// The message is refused with 5xx.
    Reject,
}

impl CheckAction {
    /// The word for configuration and metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// True if the message is refused for it.
    pub const fn refuses(self) -> bool {
        matches!(self, Self::Tempfail | Self::Reject)
    }

    /// The words of metrics for actions that were taken, and for actions that shadow mode would have taken.
    pub const LABELS: [&'static str; 9] =
        ["log", "tag", "fix", "tempfail", "reject", "shadow_tag", "shadow_fix", "shadow_tempfail", "shadow_reject"];

    /// The word of metrics for an action that was not taken because of shadow mode.
    pub(super) const fn in_shadow(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Log => "log",
            Self::Tag => "shadow_tag",
            Self::Fix => "shadow_fix",
            Self::Tempfail => "shadow_tempfail",
            Self::Reject => "shadow_reject",
        }
    }
}

/// The properties of a check that do not depend on settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct CheckProfile {
    pub(super) action: CheckAction,
    /// The default action where a repair is wanted but not possible. `None` if the check has no repair.
    pub(super) otherwise: Option<CheckAction>,
    /// The default of `max`, if the check has a bound.
    pub(super) max: Option<u64>,
    /// The check needs the body.
    pub(super) body: bool,
    /// The way for the sender to mend the fault.
    pub(super) hint: &'static str,
    /// The receivers that refuse such mail, or the danger, if the check refuses by default. For the document.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test writes the document"))]
    pub(super) refused_because: Option<&'static str>,
}

impl CheckProfile {
    const fn otherwise(self, action: CheckAction) -> Self {
        Self { otherwise: Some(action), ..self }
    }

    const fn because(self, why: &'static str) -> Self {
        Self { refused_because: Some(why), ..self }
    }

    const fn max(self, max: u64) -> Self {
        Self { max: Some(max), ..self }
    }
}

/// A check of the header section without a repair.
const fn header(action: CheckAction, hint: &'static str) -> CheckProfile {
    CheckProfile { action, otherwise: None, max: None, body: false, hint, refused_because: None }
}

/// A check of the body without a repair.
const fn body(action: CheckAction, hint: &'static str) -> CheckProfile {
    CheckProfile { body: true, ..header(action, hint) }
}

/// The table of checks. The macro hands the table to the macro that is named. A row is
///
/// ```text
/// /// The fault that the check finds, for the document.
/// Variant name = header|body(default action, "hint for the sender")[.otherwise(action)][.max(bound)][.because("..")];
/// ```
///
/// `header` is a check of the header section, `body` one that needs the body. A check with a repair has `otherwise`: the
/// default action where the repair is not possible. A check that refuses by default says who refuses such mail, or what is
/// dangerous about it.
macro_rules! each_check {
    ($with:ident) => {
        $with! {
            /// Octets over 127 in a field of a message that is not SMTPUTF8 (RFC 5322 section 2.2, RFC 6532), or in a field of one
            /// of its parts, where they are not repaired and not refused by default.
            Raw8bitHeader raw_8bit_header = header(Fix, "encode the text as RFC 2047 says, such as =?utf-8?Q?Gr=C3=BC=C3=9Fe?=").otherwise(Reject).because("hosts without SMTPUTF8 may refuse it (RFC 6531 section 3.2), amavisd-new calls it a bad header");
            /// An encoded-word (RFC 2047) that can't be decoded, is too long, or stands where none may stand.
            EncodedWord encoded_word = header(Fix, "encode the text with a library that knows RFC 2047, and name its charset").otherwise(Log);
            /// An encoded-word that hides a line end or another control character: an attack. A line end at the very end is
            /// taken out.
            EncodedWordControl encoded_word_control = header(Fix, "take line ends and control characters out of the text before it is encoded").otherwise(Reject).because("dangerous: readers take the text behind a line end for further fields");
            /// A control character in a field. Raw ISO-2022-JP is encoded.
            ControlCharacter control_character = header(Fix, "take control characters out of what goes into header fields").otherwise(Reject).because("dangerous: servers and readers do not agree on the end of the field");
            /// A line of the header section that is no header field (RFC 5322 section 2.2).
            FieldSyntax field_syntax = body(Reject, "write each header field as NAME, colon, space, text").because("Gmail (550 5.7.1, not compliant with RFC 5322)");
            /// A continuation line of white space only (RFC 5322 section 3.2.2).
            BlankFold blank_fold = header(Fix, "fold between words only").otherwise(Log);
            /// A line of the header section over 998 octets (RFC 5322 section 2.1.1): MTAs break it, and the signature.
            LongHeaderLine long_header_line = header(Fix, "fold the field before column 78").otherwise(Log);
            /// A header section over `max` octets.
            OversizedHeader oversized_header = header(Log, "send to fewer addressees at a time, or shorten the fields").max(32 << 10);
            /// No From, Date or Message-ID field. The last two can be added (RFC 6409 section 8).
            MissingField missing_field = header(Fix, "add the field").otherwise(Reject).because("Gmail (550 5.7.1, no From field)");
            /// No To, Cc or Bcc field.
            MissingRecipient missing_recipient = header(Log, "add a To field");
            /// A field twice that is allowed once (RFC 5322 section 3.6, RFC 2045). Of fields that are alike, one stays.
            DuplicateField duplicate_field = header(Fix, "send the field once").otherwise(Reject).because("Gmail (550 5.7.1, several From, To or Subject fields)");
            /// From without exactly one field, an address with a domain, and a Sender where there are several.
            FromAddress from_address = header(Reject, "write one address with a domain, such as From: Shop <shop@example.com>").because("Gmail (550 5.7.1), GMX and WEB.DE (554)");
            /// To, Cc, Reply-To or another field of addresses that is empty; only Bcc may be (RFC 5322 section 3.6.3). Also empty
            /// In-Reply-To and References.
            EmptyField empty_field = header(Fix, "leave the field out, or put something into it").otherwise(Log);
            /// To, Cc, Bcc, Reply-To, Sender or a Resent field of addresses that can't be read.
            AddressSyntax address_syntax = header(Log, "write addresses such as Shop <shop@example.com>, with commas between them, and quote names that have a comma or a bracket");
            /// A Date that is empty, or not in the form of RFC 5322 section 3.3. A date of ISO 8601 with a zone is written in that form.
            DateSyntax date_syntax = header(Fix, "write the date in English, such as Mon, 23 Nov 2026 10:00:00 +0100").otherwise(Log);
            /// A Message-ID that is empty, or not one identifier in angle brackets (RFC 5322 section 3.6.4).
            MessageIdSyntax message_id_syntax = header(Fix, "write one identifier, such as <1234@host.example.com>").otherwise(Log);
            /// HTML tags or entities in Subject, where they are shown as they are.
            HtmlInSubject html_in_subject = header(Log, "write plain text in Subject");
            /// Content-Type without MIME-Version (RFC 2045 section 4).
            MimeVersionMissing mime_version_missing = header(Fix, "add MIME-Version: 1.0").otherwise(Log);
            /// 8-bit text without a charset.
            CharsetMissing charset_missing = body(Fix, "name the charset, such as Content-Type: text/plain; charset=utf-8").otherwise(Log);
            /// Text that is not in the charset that is named, or seems to be UTF-8 instead, or a charset that nobody knows.
            CharsetMismatch charset_mismatch = body(Fix, "name the charset that the text is really in").otherwise(Log);
            /// A Content-Transfer-Encoding that the body is not in (RFC 2045 section 6), base64 or quoted-printable for a whole
            /// multipart, or 8bit for ASCII: an MTA re-encodes the body
            /// for servers without 8BITMIME, and breaks the signature.
            TransferEncodingMismatch transfer_encoding_mismatch = body(Fix, "name the encoding that the text is really in").otherwise(Log);
            /// A body that begins as HTML, with any tag, without Content-Type.
            HtmlWithoutMime html_without_mime = body(Log, "add MIME-Version: 1.0 and Content-Type: text/html; charset=utf-8");
            /// HTML without an alternative in plain text.
            HtmlOnly html_only = body(Log, "send multipart/alternative with a text/plain part");
            /// A line of the body over 998 octets (RFC 5322 section 2.1.1): MTAs break it, and the signature.
            LongBodyLine long_body_line = body(Fix, "encode the body as quoted-printable or base64").otherwise(Log);
            /// 8-bit text in the body: an MTA re-encodes it for servers without 8BITMIME, and breaks the signature.
            EightBitBody eight_bit_body = body(Log, "encode the body as quoted-printable or base64").otherwise(Log);
            /// NUL, or CR and LF that are not together (RFC 5322 section 2.3).
            NulOrBareCrLf nul_or_bare_cr_lf = body(Reject, "end lines with CRLF, and encode binary data as base64").because("Exchange Online (550 5.6.11, bare line feeds); dangerous: SMTP smuggling");
            /// Parts that two readers could take for different ones (RFC 2046 section 5.1), or too many of them.
            MimeStructure mime_structure = body(Reject, "build the message with a MIME library").because("dangerous: a scanner sees other parts than the reader");
            /// A multipart without its last delimiter: Sendmail adds it after every filter, and breaks the signature.
            UnclosedMultipart unclosed_multipart = body(Log, "end the message with the boundary between two pairs of hyphens");
            /// Header fields at the start of the body, or in a folded field: what attacks on web forms leave behind.
            HeaderInjection header_injection = body(Reject, "refuse line ends in what users enter into header fields").because("dangerous: somebody else has written the fields");
            /// More fields that a repair would change than `limits.header_edits`; none of them is repaired then.
            ManyRepairs many_repairs = header(Reject, "build the message with a mail library").because("dangerous: the MTA needs a time that grows with the square of the number");
            /// More than `max` recipients in the envelope, or addressees in To and Cc.
            ManyRecipients many_recipients = header(Log, "use a mailing list").max(100);
        }
    };
}

macro_rules! check {
    ($($(#[doc = $doc:literal])* $check:ident $key:ident = $profile:expr;)*) => {
        /// A check. Its name is the key in the configuration, the reason code and the metric label.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Check {
            $($(#[doc = $doc])* $check,)*
        }

        impl Check {
            /// All checks, in the order in which their findings are reported.
            pub const ALL: &'static [Self] = &[$(Self::$check),*];
            const NAMES: &'static [&'static str] = &[$(stringify!($key)),*];

            /// The name of the check.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$check => stringify!($key),)*
                }
            }

            /// The faults that the check finds, in a sentence or two.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Self::$check => concat!($($doc),*),)*
                }
            }

            pub(super) const fn profile(self) -> CheckProfile {
                use CheckAction::{Fix, Log, Reject};
                match self {
                    $(Self::$check => $profile,)*
                }
            }
        }
    };
}

each_check!(check);
pub(super) use each_check;

impl Check {
    /// True if the check has a repair for at least some of its findings.
    pub const fn can_fix(self) -> bool {
        self.profile().otherwise.is_some()
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Check {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = Self::ALL.iter().find(|check| check.as_str() == name);
        found.copied().ok_or_else(|| de::Error::unknown_variant(&name, Self::NAMES))
    }
}
