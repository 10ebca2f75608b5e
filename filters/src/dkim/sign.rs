//! The signatures of one message.
//!
//! All signatures of a message cover the same fields, have the same body hash and name the same time. So the canonical
//! header section is made once, and each key adds only its own DKIM-Signature field behind it (RFC 6376 section 3.7).

use mail_auth::crypto::{Algorithm as Mechanism, HashOutput};
use mail_auth::dkim::Signature;
use postseal_protocol::HeaderField;

use super::fields::Selection;
use super::keys::{SignError, SigningAlgorithm};
use super::pattern::Pattern;
use super::settings::Canonicalizations;
use super::table::{NamedKey, SigningRule};
use crate::clock::Clock;
use crate::mail::address::DomainName;
use crate::report::SignatureNote;

/// The facts that all signatures of a message have in common.
pub(super) struct SigningInput<'a> {
    pub(super) fields: Selection<'a>,
    pub(super) body_hash: HashOutput,
    pub(super) canonicalization: Canonicalizations,
    /// `t=`, in seconds since 1970.
    pub(super) time: u64,
    /// `x=`, likewise.
    pub(super) expires: Option<u64>,
}

/// A DKIM-Signature field, and the note about it in the report.
pub(super) struct NewSignature {
    pub(super) field: HeaderField,
    pub(super) note: SignatureNote,
}

/// The rules that sign a message, each with its signing domain.
pub(super) struct Signers<'a> {
    /// The From addresses that all the rules are for.
    pub(super) pattern: &'a Pattern,
    pub(super) rules: Vec<(&'a SigningRule, DomainName)>,
}

/// Signs with every key of every rule, in the order of the rules and of their keys.
pub(super) fn sign(
    signers: &Signers<'_>, input: SigningInput<'_>, clock: &dyn Clock,
) -> Result<Vec<NewSignature>, SignError> {
    let mut text = Vec::with_capacity(4096);
    input.fields.write(input.canonicalization.header, &mut text);
    let fields = text.len();
    let mut signature = Signature {
        v: 1,
        h: input.fields.names,
        t: input.time,
        x: input.expires.unwrap_or_default(),
        bh: input.body_hash.as_ref().to_vec(),
        ch: input.canonicalization.header,
        cb: input.canonicalization.body,
        ..Signature::default()
    };
    let mut signatures = Vec::new();
    for (rule, domain) in &signers.rules {
        domain.as_str().clone_into(&mut signature.d);
        signature.i = rule.identity.as_ref().map_or_else(String::new, |identity| identity.as_str().to_owned());
        for key in rule.keys() {
            text.truncate(fields);
            signatures.push(sign_with(key, domain, &mut signature, &mut text, clock)?);
        }
    }
    Ok(signatures)
}

fn sign_with(
    key: &NamedKey, domain: &DomainName, signature: &mut Signature, text: &mut Vec<u8>, clock: &dyn Clock,
) -> Result<NewSignature, SignError> {
    let start = clock.instant();
    signature.a = match key.private.algorithm() {
        SigningAlgorithm::Rsa => Mechanism::RsaSha256,
        SigningAlgorithm::Ed25519 => Mechanism::Ed25519Sha256,
    };
    signature.s.clear();
    signature.s.push_str(key.selector.as_str());
    signature.b.clear();
    signature.write(text, false);
    signature.b = key.private.sign(text)?;
    let note = SignatureNote {
        domain: domain.shared(),
        selector: key.selector.shared(),
        algorithm: key.private.algorithm().as_str(),
        duration: clock.instant().saturating_duration_since(start),
    };
    Ok(NewSignature { field: field(signature)?, note })
}

/// The field in the form that MTAs take: with its leading space, and a bare LF at each fold.
fn field(signature: &Signature) -> Result<HeaderField, SignError> {
    let mut written = Vec::with_capacity(1024);
    signature.write(&mut written, true);
    written.retain(|byte| *byte != b'\r');
    let value = written.trim_ascii_end().strip_prefix(b"DKIM-Signature:").ok_or(SignError::Field)?;
    Ok(HeaderField::new(&b"DKIM-Signature"[..], value.to_vec()))
}
