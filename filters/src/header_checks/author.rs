//! The author's own signature: a DKIM signature of the domain in From that the message has when it comes.
//!
//! A list or a forwarder hands such mail in. DMARC of the author rests on the signature, which breaks if a field that it
//! covers is repaired, or the body. So these stay as they are, unless the settings say otherwise. Signatures of other
//! domains are no help to DMARC, and do not keep anything from being repaired.

use std::collections::{HashMap, HashSet};

use postseal_protocol::HeaderField;

use super::check::{Check, CheckAction};
use super::finding::{CheckFinding, FindingPlace, Repair};
use super::repair::{RepairMaterial, Repairs};
use crate::mail::address::{mailboxes, organizational_domain};
use crate::mail::dkim_signature::{SignatureTags, without_signature};
use crate::message::{FieldId, Fields};

/// The reason why a repair is not made.
pub(super) const AUTHOR_SIGNED: &str = "the author's signature covers it";

/// What all signatures of the author cover together.
#[derive(Debug, Default)]
pub(super) struct AuthorSignatures {
    fields: HashMap<FieldId, CoveredField>,
    /// The names in `h=`, in lower case. A new field of such a name breaks a signature.
    names: HashSet<Vec<u8>>,
}

#[derive(Debug)]
struct CoveredField {
    field: HeaderField,
    /// White space may change where white space was.
    relaxed: bool,
    is_signature: bool,
}

impl AuthorSignatures {
    /// Finds the signatures that are aligned with From (RFC 7489 section 3.1.1) and have not expired.
    pub(super) fn of(fields: &Fields, now: u64) -> Self {
        let mut this = Self::default();
        let signatures: Vec<_> = fields.named("DKIM-Signature").collect();
        if signatures.is_empty() {
            return this;
        }
        let authors = from_domains(fields);
        let is_author = |domain: &str| authors.iter().any(|author| author == organizational_domain(domain));
        let mut by_name: HashMap<Vec<u8>, Vec<(FieldId, &HeaderField)>> = HashMap::new();
        // Verifiers count from the bottom (RFC 6376 section 5.4.2).
        for (id, field) in fields.iter().rev() {
            by_name.entry(field.name.trim_ascii_end().to_ascii_lowercase()).or_default().push((id, field));
        }
        for (id, field) in signatures {
            let Some(tags) = SignatureTags::parse(&field.value) else { continue };
            if !is_author(tags.domain.as_str()) || tags.expires.is_some_and(|expires| expires < now) {
                continue;
            }
            this.cover(id, field, tags.relaxed, true);
            for (name, count) in &tags.names {
                let named = by_name.get(name).into_iter().flatten().take(*count);
                named.for_each(|(id, field)| this.cover(*id, field, tags.relaxed, false));
            }
            this.names.extend(tags.names.into_keys());
        }
        this
    }

    fn cover(&mut self, id: FieldId, field: &HeaderField, relaxed: bool, is_signature: bool) {
        let new = || CoveredField { field: field.clone(), relaxed, is_signature };
        self.fields.entry(id).and_modify(|old| old.relaxed &= relaxed).or_insert_with(new);
    }

    /// Works out a repair, unless the repair would break a signature of the author.
    ///
    /// # Errors
    /// The reason why the repair is not possible or not wanted, in a few words.
    pub(super) fn repair(
        &self, repair: &Repair, repairs: &mut Repairs, material: &RepairMaterial<'_>,
    ) -> Result<(), &'static str> {
        if self.names.is_empty() {
            return repairs.make(repair, material);
        }
        let mut tried = repairs.touched_by(repair);
        tried.make(repair, material)?;
        if self.is_broken_by(&tried) {
            return Err(AUTHOR_SIGNED);
        }
        repairs.take_in(tried, repair);
        Ok(())
    }

    fn is_broken_by(&self, repairs: &Repairs) -> bool {
        let Repairs { values, added, encoding, body } = repairs;
        let encoded = encoding.as_ref().is_some_and(|(id, name)| match id {
            // A next hop without 8BITMIME makes the MTA encode a body that is named so.
            _ if *name == "8bit" => true,
            Some(id) => self.is_changed(*id, format!(" {name}").as_bytes()),
            None => self.covers(b"Content-Transfer-Encoding"),
        });
        body.is_some()
            || encoded
            || added.iter().any(|field| self.covers(&field.name))
            || values.iter().any(|(id, value)| self.is_changed(*id, value))
    }

    /// True if a signature covers fields of this name, or covers that there are none.
    pub(super) fn covers(&self, name: &[u8]) -> bool {
        self.names.contains(&name.trim_ascii_end().to_ascii_lowercase())
    }

    fn is_changed(&self, id: FieldId, new: &[u8]) -> bool {
        let Some(covered) = self.fields.get(&id) else { return false };
        let CoveredField { field, relaxed, is_signature } = covered;
        // An empty new value takes the field out, even where the value was white space before.
        if new.is_empty() {
            return true;
        }
        let same = |old: &[u8], new: &[u8]| if *relaxed { words(old).eq(words(new)) } else { old == new };
        if *is_signature {
            return !same(&without_signature(&field.value), &without_signature(new));
        }
        !same(&field.value, new)
    }

    /// The action for a finding that is not repaired, and the reason: a message is not refused for a fault that the author
    /// alone can mend.
    pub(super) fn otherwise(
        &self, finding: &CheckFinding, otherwise: CheckAction, why: Option<&'static str>,
    ) -> (CheckAction, Option<&'static str>) {
        // Whoever attacks could claim a signature too.
        let is_attack =
            matches!(finding.check, Check::EncodedWordControl | Check::ControlCharacter | Check::DuplicateField);
        let covered = why == Some(AUTHOR_SIGNED)
            || match &finding.place {
                _ if is_attack => false,
                FindingPlace::Message => false,
                FindingPlace::Field { name, .. } => self.covers(name),
                FindingPlace::Body(_) | FindingPlace::Part(_) => !self.names.is_empty(),
            };
        if covered && otherwise.refuses() {
            return (CheckAction::Log, Some(AUTHOR_SIGNED));
        }
        (otherwise, why)
    }
}

/// The organizational domains of the addresses in From.
fn from_domains(fields: &Fields) -> Vec<String> {
    let is_from = |field: &&HeaderField| field.name.trim_ascii_end().eq_ignore_ascii_case(b"From");
    let from = fields.iter().map(|(_, field)| field).filter(is_from);
    let mailboxes = from.filter_map(|field| mailboxes(&field.value).ok()).flatten();
    mailboxes.filter_map(|mailbox| Some(organizational_domain(&mailbox.domain?).to_owned())).collect()
}

/// The words of a value in relaxed form (RFC 6376 section 3.4.2).
fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|octet| matches!(octet, b' ' | b'\t' | b'\n')).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
