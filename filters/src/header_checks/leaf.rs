//! The checks of a part that is no multipart: its transfer encoding, and its charset if the part is text.

use encoding_rs::Encoding;

use super::check::Check;
use super::finding::{CheckFinding, CheckFindings, Repair, Spot};
use super::judge::{CharsetJudge, RealCharset};
use crate::mail::content_type::{ContentType, TransferEncoding};
use crate::mail::transfer::base64::{self, Base64};
use crate::mail::transfer::quoted_printable;

pub(super) struct LeafPart {
    encoding: TransferEncoding,
    decoder: LeafDecoder,
    judge: Option<CharsetJudge>,
    eight_bit: Option<Spot>,
    /// The offset in the body at which the part begins.
    start: u64,
    /// The message is MIME, so a part without Content-Transfer-Encoding is 7bit.
    mime: bool,
}

/// What is known outside of the parts of a body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BodyContext {
    /// The message is MIME, so a part without Content-Transfer-Encoding is 7bit.
    pub(super) mime: bool,
    /// The charset of text without a usable name, as the postmaster says.
    pub(super) fallback: Option<&'static Encoding>,
}

enum LeafDecoder {
    Identity,
    QuotedPrintable(quoted_printable::QuotedPrintableDecoder),
    Base64(Base64),
    /// Base64 that is not decoded: only its alphabet is checked.
    Alphabet {
        broken: bool,
    },
}

impl LeafPart {
    /// Begins a part with these fields, at this offset of the body.
    pub(super) fn new(
        content_type: Option<&ContentType>, encoding: TransferEncoding, context: BodyContext, start: u64,
    ) -> Self {
        let BodyContext { mime, fallback } = context;
        let is_text = content_type.is_none_or(ContentType::is_text);
        let charset = content_type.and_then(|content_type| content_type.charset.as_deref());
        let decoder = match encoding {
            TransferEncoding::QuotedPrintable => {
                LeafDecoder::QuotedPrintable(quoted_printable::QuotedPrintableDecoder::default())
            }
            TransferEncoding::Base64 if is_text => LeafDecoder::Base64(Base64::default()),
            TransferEncoding::Base64 => LeafDecoder::Alphabet { broken: false },
            _ => LeafDecoder::Identity,
        };
        Self {
            encoding,
            decoder,
            judge: is_text.then(|| CharsetJudge::new(charset, fallback)),
            eight_bit: None,
            start,
            mime,
        }
    }

    /// Takes the next piece, which begins at this offset of the body.
    pub(super) fn push(&mut self, text: &[u8], ascii: bool, offset: u64) {
        if !ascii && self.eight_bit.is_none() {
            let spot = Spot::first(text, |octet| octet > 127);
            self.eight_bit = spot.map(|spot| Spot { offset: offset + spot.offset, ..spot });
        }
        let mut decoded = Vec::new();
        let decoded = match &mut self.decoder {
            LeafDecoder::Identity => text,
            LeafDecoder::Alphabet { broken } => {
                *broken |= !base64::is_alphabet(text);
                return;
            }
            LeafDecoder::QuotedPrintable(decoder) => {
                decoder.push(text, &mut decoded);
                &decoded
            }
            LeafDecoder::Base64(decoder) => {
                decoder.push(text, &mut decoded);
                &decoded
            }
        };
        if let Some(judge) = &mut self.judge {
            judge.push(decoded);
        }
    }

    /// Takes the end of the part; adds its findings.
    pub(super) fn finish(self, findings: &mut CheckFindings) {
        let (start, eight_bit) = (self.start, self.eight_bit);
        let finding = |check, what| match eight_bit {
            Some(spot) => CheckFinding::body(check, Some(spot), what),
            None => CheckFinding::part(check, start, what),
        };
        let judged = self.judge.map(CharsetJudge::finish);
        if let Some(judged) = judged {
            findings.not_utf8 |= judged.not_utf8;
            findings.misnamed = findings.misnamed.and(judged.misnamed);
        }
        if let Some(fault) = judged.and_then(|judged| judged.fault) {
            let check = if fault.named { Check::CharsetMismatch } else { Check::CharsetMissing };
            let finding = finding(check, fault.what);
            findings.add(match fault.really {
                RealCharset::NotKnown => finding,
                RealCharset::Named(name) => finding.repair(Repair::Charset(name)),
                RealCharset::PerhapsUtf8 => finding.repair(Repair::PerhapsUtf8),
            });
        }
        let mut wrong = |what| {
            let finding = finding(Check::TransferEncodingMismatch, what);
            let certain = self.encoding.is_identity();
            findings.add(if certain { finding.repair(Repair::EightBit) } else { finding });
        };
        let eight_bit = eight_bit.is_some();
        match (self.encoding, &self.decoder) {
            (TransferEncoding::SevenBit, _) if eight_bit => wrong("8-bit text that is named 7bit"),
            (TransferEncoding::Unnamed, _) if eight_bit && self.mime => {
                wrong("8-bit text without Content-Transfer-Encoding");
            }
            (TransferEncoding::Unknown, _) => wrong("a Content-Transfer-Encoding that nobody knows"),
            (_, LeafDecoder::QuotedPrintable(decoder)) if decoder.is_broken() || eight_bit => {
                wrong("not quoted-printable");
            }
            (_, LeafDecoder::Base64(decoder)) if decoder.is_broken() => wrong("not base64"),
            (_, LeafDecoder::Alphabet { broken: true }) => wrong("not base64"),
            _ => {}
        }
    }
}
