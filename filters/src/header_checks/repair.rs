//! Repairs. They are worked out one by one, each on the result of those before, and written into the message at the end or
//! not at all.
//!
//! A repair changes only the field that has the fault. A repair that is not certain is not made, and says why.

pub(super) mod comments;
pub(super) mod rfc2047;
pub(super) mod rfc2231;

use std::collections::HashMap;

use postseal_protocol::HeaderField;

use super::finding::Repair;
use super::section::HeaderSection;
use crate::mail::charset::raw::RawCharset;
use crate::mail::content_type::ContentType;
use crate::mail::date;
use crate::mail::fold;
use crate::mail::transfer::quoted_printable;
use crate::message::{Body, FieldId, Message};

const TRANSFER_ENCODING: &str = "Content-Transfer-Encoding";
/// No repair is certain, whatever the charset is.
pub(super) const NOT_CERTAIN: &str = "no repair is certain";
/// Nothing else is in the way of a repair.
pub(super) const UNKNOWN_CHARSET: &str = "nothing tells the charset; see fallback_charset";
const ENCODED: &str = "the body is encoded already";
const SEVERAL_PARTS: &str = "only a message of one text part is repaired";
/// A repair that fails for this reason is also reported as `body_over_limit`.
pub(super) const TOO_LARGE: &str = "the body is over body_limit";

/// The facts and values that repairs need.
pub(super) struct RepairMaterial<'a> {
    pub(super) section: &'a HeaderSection<'a>,
    pub(super) body: Body,
    /// The message is one part of text.
    pub(super) one_text: bool,
    /// The octets of the body stand for themselves.
    pub(super) is_identity: bool,
    /// What is known of the charset of raw text.
    pub(super) raw: RawCharset,
    /// Seconds since 1970.
    pub(super) time: u64,
    /// The name of the field as the MTA will write it.
    pub(super) message_id_name: &'static str,
    /// Makes a Message-ID that no other message has.
    pub(super) message_id: &'a dyn Fn() -> String,
    /// The fields that repairs may change.
    pub(super) max_edits: usize,
}

/// The edits that repairs have worked out. A field with an empty new value is taken out.
#[derive(Clone, Debug, Default)]
pub(super) struct Repairs {
    /// New values; an empty one takes the field out.
    pub(super) values: HashMap<FieldId, Vec<u8>>,
    pub(super) added: Vec<HeaderField>,
    pub(super) encoding: Option<(Option<FieldId>, &'static str)>,
    pub(super) body: Option<Vec<u8>>,
}

impl Repairs {
    /// The number of received fields that change.
    pub(super) fn changes(&self) -> usize {
        self.values.len() + usize::from(matches!(self.encoding, Some((Some(_), _))))
    }

    /// Works out a repair.
    ///
    /// # Errors
    /// The reason why the repair is not possible, in a few words.
    pub(super) fn make(&mut self, repair: &Repair, material: &RepairMaterial<'_>) -> Result<(), &'static str> {
        match repair {
            Repair::Value(id, field, how) => self.value(*id, field, |field| how(field).ok_or(NOT_CERTAIN))?,
            Repair::Text(id, field, how) => self.value(*id, field, |field| how(field, &material.raw))?,
            Repair::Remove(id) => self.put(*id, Vec::new()),
            Repair::Date(None) => self.add("Date", &date::rfc5322(material.time)),
            Repair::Date(Some(id)) => self.put(*id, format!(" {}", date::rfc5322(material.time))),
            Repair::MessageId(None) => self.add(material.message_id_name, &(material.message_id)()),
            Repair::MessageId(Some(id)) => self.put(*id, format!(" {}", (material.message_id)())),
            Repair::MimeVersion => self.add("MIME-Version", "1.0"),
            Repair::Charset(name) => self.charset(name, material)?,
            Repair::PerhapsUtf8 if material.raw.misnamed => self.charset("utf-8", material)?,
            Repair::PerhapsUtf8 => return Err(NOT_CERTAIN),
            Repair::EightBit => self.encode(material, "8bit")?,
            Repair::SevenBit => self.name_encoding(material, "7bit")?,
            Repair::QuotedPrintable => self.quoted_printable(material)?,
        }
        Ok(())
    }

    /// The edits so far that a repair builds on, to try it out.
    pub(super) fn touched_by(&self, repair: &Repair) -> Self {
        let (Repair::Value(id, ..) | Repair::Remove(id)) = repair else { return self.clone() };
        let values = self.values.get(id).map(|value| (*id, value.clone()));
        Self { values: values.into_iter().collect(), ..Self::default() }
    }

    /// Takes over what was tried out.
    pub(super) fn take_in(&mut self, tried: Self, repair: &Repair) {
        match repair {
            Repair::Value(..) | Repair::Remove(_) => self.values.extend(tried.values),
            _ => *self = tried,
        }
    }

    /// Writes the repairs into the message.
    pub(super) fn commit(self, message: &mut Message) {
        for (id, value) in self.values {
            message.fields.replace(id, value);
        }
        let mut added = self.added;
        match self.encoding {
            Some((Some(id), name)) => message.fields.replace(id, format!(" {name}")),
            Some((None, name)) => added.push(field(TRANSFER_ENCODING, name)),
            None => {}
        }
        for field in added {
            message.fields.append(field);
        }
        if let Some(body) = self.body {
            message.replace_body(body);
        }
    }

    fn value(
        &mut self, id: FieldId, field: &HeaderField, how: impl Fn(&HeaderField) -> Result<Vec<u8>, &'static str>,
    ) -> Result<(), &'static str> {
        let value = match self.values.get(&id) {
            // The field is taken out.
            Some(value) if value.is_empty() => return Ok(()),
            Some(value) => how(&HeaderField::new(field.name.clone(), value.clone()))?,
            None => how(field)?,
        };
        // No MTA takes CR or NUL back unchanged, and an empty value would remove the field.
        if value.is_empty() || value.contains(&b'\r') || value.contains(&0) {
            return Err(NOT_CERTAIN);
        }
        self.values.insert(id, value);
        Ok(())
    }

    fn put(&mut self, id: FieldId, value: impl Into<Vec<u8>>) {
        self.values.insert(id, value.into());
    }

    fn add(&mut self, name: &'static str, value: &str) {
        if !self.added.iter().any(|other| other.is(name)) {
            self.added.push(field(name, value));
        }
    }

    /// Names the charset of the text, and adds the MIME fields that the message lacks.
    fn charset(&mut self, name: &str, material: &RepairMaterial<'_>) -> Result<(), &'static str> {
        let section = material.section;
        if !material.one_text {
            return Err(SEVERAL_PARTS);
        }
        match (section.first_with_id("Content-Type"), section.count("Content-Type")) {
            (Some((id, field)), 1) => self.value(id, field, |field| with_charset(field, name).ok_or(NOT_CERTAIN))?,
            (None, _) => self.add("Content-Type", &format!("text/plain; charset={name}")),
            _ => return Err(NOT_CERTAIN),
        }
        if section.count("MIME-Version") == 0 {
            self.add("MIME-Version", "1.0");
        }
        if section.count(TRANSFER_ENCODING) == 0 && material.is_identity {
            self.encode(material, "8bit")?;
        }
        Ok(())
    }

    fn quoted_printable(&mut self, material: &RepairMaterial<'_>) -> Result<(), &'static str> {
        match &material.body {
            _ if self.body.is_some() => Ok(()),
            _ if !material.one_text => Err(SEVERAL_PARTS),
            _ if !material.is_identity => Err(ENCODED),
            Body::Whole(body) => {
                self.encode(material, "quoted-printable")?;
                self.body = Some(quoted_printable::encoded(body));
                Ok(())
            }
            Body::TooLarge | Body::NotBuffered => Err(TOO_LARGE),
        }
    }

    fn encode(&mut self, material: &RepairMaterial<'_>, name: &'static str) -> Result<(), &'static str> {
        match material {
            _ if !material.one_text => Err(SEVERAL_PARTS),
            _ if !material.is_identity => Err(ENCODED),
            _ => self.name_encoding(material, name),
        }
    }

    /// Writes the encoding of the body into the header section.
    fn name_encoding(&mut self, material: &RepairMaterial<'_>, name: &'static str) -> Result<(), &'static str> {
        let section = material.section;
        if section.count(TRANSFER_ENCODING) > 1 {
            return Err(NOT_CERTAIN);
        }
        // If an earlier repair has encoded the body, its encoding stays.
        if self.body.is_none() {
            self.encoding = Some((section.first_with_id(TRANSFER_ENCODING).map(|(id, _)| id), name));
        }
        if section.count("MIME-Version") == 0 {
            self.add("MIME-Version", "1.0");
        }
        Ok(())
    }
}

fn with_charset(field: &HeaderField, name: &str) -> Option<Vec<u8>> {
    let parsed = ContentType::parse(&field.value)?;
    let (at, text) = match &parsed.charset {
        _ if parsed.broken => return None,
        Some(_) if parsed.charset_at.is_empty() => return None,
        Some(_) => (parsed.charset_at, name.to_owned()),
        None => (parsed.end..parsed.end, format!("; charset={name}")),
    };
    let before = field.value.get(..at.start)?;
    let value = [before, text.as_bytes(), field.value.get(at.end..)?].concat();
    let field = HeaderField::new(field.name.clone(), value.clone());
    fold::long_line(&field, fold::MAX_SENT_LINE_OCTETS).is_none().then_some(value)
}

fn field(name: &'static str, value: &str) -> HeaderField {
    HeaderField::new(name, format!(" {value}"))
}
