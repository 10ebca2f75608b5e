//! Signing with DKIM (RFC 6376, RFC 8301, RFC 8463).
//!
//! [`DkimFilter`] hashes the body of outgoing mail while it streams by. At end of message it signs the header section
//! as the filters before it have left it. The From address decides which keys sign. The key table can be replaced
//! from outside at any time, and each message uses the one that is in force at its end.
//!
//! A message that is not signed has exactly one reason for it, an [`Unsigned`] code. Where the settings say so, the
//! message is refused with a text that tells its sender how to mend it. If postseal itself fails to sign, the result
//! is a [`FilterError`].
//!
//! [`DkimSettings`] is the section of the configuration, and [`DkimSettings::plan`] checks it. The daemon reads the
//! key files and hands the keys in as [`PrivateKey`]s in a [`KeyTable`]. Signatures that a message has already stay
//! in it; nothing is verified.

mod body;
mod fields;
mod foreseen;
mod header;
mod keys;
mod octets;
mod pattern;
mod reason;
mod settings;
mod sign;
mod table;
mod transit;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use postseal_protocol::{ActionFlags, HeaderField, Stage, Verdict};

pub use crate::mail::address::{DomainName, NameError, SelectorName};
pub use fields::{FieldName, FieldNameError};
pub use keys::{KeyError, PrivateKey, SigningAlgorithm};
pub use mail_auth::dkim::Canonicalization;
pub use pattern::{Identity, Pattern, SigningDomain, SigningPatternError};
pub use reason::Unsigned;
pub use settings::{
    CanonicalizationError, Canonicalizations, DkimPlan, DkimSettings, DomainSettings, FieldList, KeySettings,
    PlannedRule, Signing, UnsignedPolicy,
};
pub use table::{KeyTable, NamedKey, SigningRule};

use crate::connection::{Directions, MtaKind};
use crate::filter::{BodyNeed, Context, Filter, FilterError, FilterSession, Flow, Needs, Steps};
use crate::mail::address::{Mailbox, mailboxes};
use crate::message::Message;
use body::BodyHash;
use fields::FieldChanges;
use foreseen::ForeseenFields;
use octets::UnsafeOctets;
use reason::Refusal;
use sign::{NewSignature, Signers, SigningInput};
use transit::BodyTransit;

/// The filter that signs.
pub struct DkimFilter {
    shared: Arc<SharedSigner>,
}

struct SharedSigner {
    signing: Signing,
    keys: Arc<ArcSwap<KeyTable>>,
}

impl DkimFilter {
    /// The name in reason codes and metrics.
    pub const NAME: &str = "dkim";
    /// The reason codes of messages that are signed, but not as configured, or with a signature that will not hold.
    pub const REASONS_OF_SIGNED: [&str; 7] = transit::REASONS;

    /// A filter with a key table that may be replaced while messages are signed.
    pub fn new(signing: Signing, keys: Arc<ArcSwap<KeyTable>>) -> Self {
        Self { shared: Arc::new(SharedSigner { signing, keys }) }
    }
}

impl Filter for DkimFilter {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    /// The filter answers only at end of message, and the origin of the mail is known from MAIL on. So it asks for
    /// nothing but header fields and the body. It asks for the body of every message, because another filter may change From at end of
    /// message to an address that has a key.
    fn needs(&self) -> Needs {
        Needs {
            directions: Directions::OUTGOING,
            left_out: Some(Unsigned::NotOrigin.as_str()),
            sees: Steps::HEADER | Steps::BODY,
            edits: ActionFlags::ADD_HEADERS | ActionFlags::CHANGE_HEADERS,
            macros: vec![(Stage::Connect, "j".to_owned())],
            body: BodyNeed::Stream,
            ..Needs::default()
        }
    }

    fn reasons(&self) -> Vec<Cow<'static, str>> {
        let unsigned = Unsigned::ALL.map(Unsigned::as_str);
        unsigned.into_iter().chain(Self::REASONS_OF_SIGNED).map(Cow::Borrowed).collect()
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(DkimSession { shared: Arc::clone(&self.shared), content_type: None, body: None })
    }
}

struct DkimSession {
    shared: Arc<SharedSigner>,
    /// The first Content-Type, if the MTA takes multiparts apart.
    content_type: Option<HeaderField>,
    /// `None` until the first piece of the body has come.
    body: Option<StreamedBody>,
}

/// What is known of a body that streams by.
struct StreamedBody {
    hash: BodyHash,
    transit: BodyTransit,
    octets: UnsafeOctets,
}

impl StreamedBody {
    fn update(&mut self, chunk: &[u8]) {
        self.hash.update(chunk);
        self.transit.update(chunk);
        self.octets.update(chunk);
    }
}

enum SigningFailure {
    /// The message can't be signed, or must not be.
    Refusal(Refusal),
    /// The message could be signed, but signing failed.
    Error(Unsigned, String),
}

#[async_trait]
impl FilterSession for DkimSession {
    fn header(&mut self, cx: &mut Context<'_>, field: &HeaderField) -> Result<Verdict, FilterError> {
        let wanted = cx.connection.mta == MtaKind::Sendmail && self.content_type.is_none();
        if wanted && header::name(field).eq_ignore_ascii_case(b"Content-Type") {
            self.content_type = Some(field.clone());
        }
        Ok(Verdict::Continue)
    }

    fn body_chunk(&mut self, cx: &mut Context<'_>, chunk: &Bytes) -> Result<Flow, FilterError> {
        self.body.get_or_insert_with(|| self.shared.new_body(cx, self.content_type.as_ref())).update(chunk);
        Ok(Flow::More)
    }

    async fn end_of_message(&mut self, cx: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        let body = self.body.take().unwrap_or_else(|| self.shared.new_body(cx, self.content_type.as_ref()));
        let shadow = self.shared.signing.shadow;
        match self.shared.sign(cx, message, body) {
            Ok(_) if shadow => cx.note(Unsigned::Shadow.as_str()),
            Ok(signatures) => {
                // The field that is inserted last ends up topmost. That should be the signature of the first key.
                for signed in signatures.iter().rev() {
                    message.fields.insert_top(signed.field.clone());
                }
                cx.report.signatures.extend(signatures.into_iter().map(|signed| signed.note));
            }
            Err(SigningFailure::Error(reason, detail)) if !shadow => {
                return Err(FilterError { code: reason.as_str(), detail });
            }
            Err(SigningFailure::Error(reason, _)) => cx.note(reason.as_str()),
            Err(SigningFailure::Refusal(refusal)) => {
                cx.note(refusal.reason.as_str());
                if !shadow && self.shared.signing.refuse_on.includes(cx.connection) {
                    return Ok(refusal.verdict());
                }
            }
        }
        Ok(Verdict::Continue)
    }

    fn reset(&mut self) {
        (self.content_type, self.body) = (None, None);
    }
}

impl SharedSigner {
    /// A body of which nothing has come yet.
    fn new_body(&self, cx: &Context<'_>, content_type: Option<&HeaderField>) -> StreamedBody {
        let hash = BodyHash::new(self.signing.canonicalization.body);
        StreamedBody {
            hash,
            transit: BodyTransit::new(cx.connection.mta, content_type),
            octets: UnsafeOctets::default(),
        }
    }

    /// Makes the signatures of the message, whose fields are written as the MTA will send them before.
    fn sign(
        &self, cx: &mut Context<'_>, message: &mut Message, body: StreamedBody,
    ) -> Result<Vec<NewSignature>, SigningFailure> {
        let (canonicalization, exact) = self.canonicalization(cx);
        let (mta, host) = (cx.connection.mta, cx.macros.get("j").and_then(|host| std::str::from_utf8(host).ok()));
        let mut from = self.from(message)?;
        let is_here = from.domain.as_ref().is_none_or(|domain| domain.as_str() == "localhost");
        if mta == MtaKind::Sendmail && is_here {
            from.domain = host.and_then(|host| host.parse().ok());
        }
        let keys = self.keys.load();
        let rule = self.rule(&keys, &from, message)?;
        self.check_octets(message, &body.octets)?;
        let mut foreseen = ForeseenFields::of(message, &self.signing.fields, canonicalization.header, mta, host);
        if !self.signing.shadow {
            foreseen.apply(message);
        }
        let changes = FieldChanges { mta, eight_bit_body: body.transit.eight_bit, left_out: foreseen.left_out() };
        let fields = self.signing.fields.select(&message.fields, changes).map_err(|many| {
            let text = format!("The message has too many {} fields", many.name);
            refuse(Unsigned::TooManyFields, self.signing.on_too_many_fields, text)
        })?;
        let failed = |error: &dyn fmt::Display| {
            SigningFailure::Error(Unsigned::SignError, format!("can't sign for {}: {error}", rule.pattern))
        };
        let time = cx.clock.unix_seconds();
        let mut faults: Vec<_> = body.transit.faults(&fields).collect();
        if !exact {
            faults.push((transit::RELAXED, transit::RELAXED_DETAIL.into()));
        }
        faults.extend(foreseen.faults());
        let input = SigningInput {
            fields,
            body_hash: body.hash.finish().map_err(|error| failed(&error))?,
            canonicalization,
            time,
            expires: self.signing.expiry.map(|expiry| time.saturating_add(expiry)),
        };
        let signatures = sign::sign(&rule, input, cx.clock).map_err(|error| failed(&error))?;
        faults.into_iter().for_each(|(code, detail)| cx.note_with(code, detail));
        Ok(signatures)
    }

    /// The canonicalization, and true if it is the configured one. Without its leading white space, which not every MTA sends,
    /// a field has no simple form that is certain.
    fn canonicalization(&self, cx: &Context<'_>) -> (Canonicalizations, bool) {
        let wanted = self.signing.canonicalization;
        let exact = wanted.header == Canonicalization::Relaxed || cx.connection.exact_values;
        let header = if exact { wanted.header } else { Canonicalization::Relaxed };
        (Canonicalizations { header, ..wanted }, exact)
    }

    /// Refuses to sign what an MTA will not leave as it is.
    fn check_octets(&self, message: &Message, body: &UnsafeOctets) -> Result<(), SigningFailure> {
        let found = || body.found() || message.fields.iter().any(|(_, field)| octets::in_field(field));
        if self.signing.sign_unsafe_octets || !found() {
            return Ok(());
        }
        Err(refuse(Unsigned::UnsafeOctets, UnsignedPolicy::Pass, String::new()))
    }

    /// The rules that sign for the From address, each with at least one key.
    fn rule<'k>(&self, keys: &'k KeyTable, from: &Mailbox, message: &Message) -> Result<Signers<'k>, SigningFailure> {
        let Some(domain) = &from.domain else {
            let text = "The address in the From field has no domain".to_owned();
            return Err(refuse(Unsigned::FromInvalid, self.signing.on_from_missing, text));
        };
        let found = keys.find(from);
        let named = found.iter().map(|rule| Some((rule, rule.signing_domain_for(domain)?))).collect::<Option<Vec<_>>>();
        let (Some(first), Some(rules)) = (found.first(), named) else {
            let text = format!("No DKIM key for {domain}: send from a domain of this server, or have a key added");
            return Err(refuse(Unsigned::NoKeyForDomain, self.signing.on_missing_key, text));
        };
        if !message.may_be_signed_for(from) {
            return Err(refuse(Unsigned::SenderNotPermitted, UnsignedPolicy::Pass, String::new()));
        }
        if let Some(rule) = found.iter().find(|rule| rule.keys().is_empty()) {
            let of = if found.len() == 1 { rule.pattern.to_string() } else { rule.signing_domain.to_string() };
            return Err(SigningFailure::Error(Unsigned::KeyUnusable, format!("none of the keys of {of} can be used")));
        }
        Ok(Signers { pattern: &first.pattern, rules })
    }

    fn from(&self, message: &Message) -> Result<Mailbox, SigningFailure> {
        let is_from = |field: &&HeaderField| header::name(field).eq_ignore_ascii_case(b"From");
        let mut fields = message.fields.iter().map(|(_, field)| field).filter(is_from);
        let missing = |reason, text| refuse(reason, self.signing.on_from_missing, text);
        let Some(field) = fields.next() else {
            return Err(missing(Unsigned::FromMissing, "The message has no From field".to_owned()));
        };
        let others = fields.count();
        if others > 0 {
            let text = format!("The message has {} From fields; one is allowed (RFC 5322)", others + 1);
            return Err(refuse(Unsigned::FromMultiple, self.signing.on_from_multiple_fields, text));
        }
        let found = mailboxes(&field.value)
            .map_err(|error| missing(Unsigned::FromInvalid, format!("The From field can't be understood: {error}")))?;
        match <[Mailbox; 1]>::try_from(found) {
            Ok([mailbox]) => Ok(mailbox),
            Err(none) if none.is_empty() => {
                Err(missing(Unsigned::FromInvalid, "The From field has no address".to_owned()))
            }
            Err(several) => {
                let text = format!("The From field has {} addresses; many servers refuse such mail", several.len());
                Err(refuse(Unsigned::FromAddresses, self.signing.on_from_multiple_addresses, text))
            }
        }
    }
}

fn refuse(reason: Unsigned, policy: UnsignedPolicy, text: String) -> SigningFailure {
    SigningFailure::Refusal(Refusal { reason, policy, text })
}

#[cfg(test)]
mod tests;
