//! The reasons for which a message is not signed, and the replies to its sender.

use postseal_protocol::{Reply, Verdict};

use super::settings::UnsignedPolicy;
use crate::refusal::printable;

/// Why a message is not signed. Each unsigned message has exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsigned {
    /// The mail is not outgoing.
    NotOrigin,
    /// There is no key for the domain of the From address.
    NoKeyForDomain,
    /// The submitter may not use the From address.
    SenderNotPermitted,
    /// The domain has keys in the configuration, but none of them could be read.
    KeyUnusable,
    /// No From field.
    FromMissing,
    /// From has no address with a domain that can be read.
    FromInvalid,
    /// Several From fields.
    FromMultiple,
    /// Several addresses in From.
    FromAddresses,
    /// The message has too many fields of one signed name.
    TooManyFields,
    /// NUL, or CR or LF alone: MTAs change such octets.
    UnsafeOctets,
    /// The cryptography failed.
    SignError,
    /// Shadow mode: it would have been signed.
    Shadow,
}

impl Unsigned {
    /// All reasons, so that metrics can count each of them from zero.
    pub const ALL: [Self; 12] = [
        Self::NotOrigin,
        Self::NoKeyForDomain,
        Self::SenderNotPermitted,
        Self::KeyUnusable,
        Self::FromMissing,
        Self::FromInvalid,
        Self::FromMultiple,
        Self::FromAddresses,
        Self::TooManyFields,
        Self::UnsafeOctets,
        Self::SignError,
        Self::Shadow,
    ];

    /// The reason code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotOrigin => "not_origin",
            Self::NoKeyForDomain => "no_key_for_domain",
            Self::SenderNotPermitted => "sender_not_permitted",
            Self::KeyUnusable => "key_unusable",
            Self::FromMissing => "from_missing",
            Self::FromInvalid => "from_invalid",
            Self::FromMultiple => "from_multiple",
            Self::FromAddresses => "from_addresses",
            Self::TooManyFields => "too_many_fields",
            Self::UnsafeOctets => "unsafe_octets",
            Self::SignError => "sign_error",
            Self::Shadow => "shadow",
        }
    }

    /// The codes of a temporary and of a permanent refusal.
    const fn codes(self) -> [(u16, (u8, u16, u16)); 2] {
        match self {
            // RFC 3463 section 3.8: not authorized.
            Self::NoKeyForDomain => [(451, (4, 7, 1)), (550, (5, 7, 1))],
            // Section 3.7: the message itself.
            _ => [(451, (4, 6, 0)), (550, (5, 6, 0))],
        }
    }
}

/// A message that is not signed: the reason, the policy that applies, and the text of a reply.
pub(super) struct Refusal {
    pub(super) reason: Unsigned,
    pub(super) policy: UnsignedPolicy,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn verdict(&self) -> Verdict {
        let [temporary, permanent] = self.reason.codes();
        let ((code, enhanced), otherwise) = match self.policy {
            UnsignedPolicy::Pass => return Verdict::Continue,
            UnsignedPolicy::Tempfail => (temporary, Verdict::TempFail),
            UnsignedPolicy::Reject => (permanent, Verdict::Reject),
        };
        Reply::new(code, enhanced, printable(&self.text)).map_or(otherwise, Verdict::Reply)
    }
}
