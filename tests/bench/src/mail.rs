//! What is sent: an ordinary submission with 13 header fields, and a body of a given size.

use bytes::Bytes;
use clap::ValueEnum;
use postseal_protocol::HeaderField;

/// Messages that differ in number, queue id, Subject and Message-ID only.
#[derive(Clone, Debug)]
pub(crate) struct Mails {
    body: Bytes,
    fields: Vec<HeaderField>,
}

/// One message.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) queue_id: Bytes,
    pub(crate) fields: Vec<HeaderField>,
    pub(crate) body: Bytes,
}

/// What a body is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Lines of words.
    Text,
    /// 4 KiB of text, and the rest as an attachment in base64.
    Attachment,
}

impl Mails {
    /// Messages whose bodies have `size` octets.
    pub(crate) fn new(size: usize, kind: Kind) -> Self {
        let (content_type, body) = match kind {
            Kind::Text => (" text/plain; charset=UTF-8; format=flowed", text(size)),
            Kind::Attachment => (" multipart/mixed;\n boundary=\"------------part\"", attachment(size)),
        };
        let mut fields: Vec<_> = FIELDS.iter().map(|(name, value)| HeaderField::new(*name, *value)).collect();
        fields.push(HeaderField::new("Content-Type", content_type));
        Self { body, fields }
    }

    /// The message with this number.
    pub(crate) fn number(&self, number: usize) -> Mail {
        let mut fields = self.fields.clone();
        fields.push(HeaderField::new("Subject", format!(" Minutes of the meeting, draft {number} with the figures")));
        fields.push(HeaderField::new("Message-ID", format!(" <{number:08x}.20261122@bench.example>")));
        Mail { queue_id: Bytes::from(format!("4F{number:08X}")), fields, body: self.body.clone() }
    }
}

/// Exactly `size` octets of text that end in CRLF.
fn text(size: usize) -> Bytes {
    let mut text = Vec::with_capacity(size + 80);
    for line in LINES.iter().cycle() {
        if text.len() >= size {
            break;
        }
        text.extend_from_slice(line.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    end_at(size, text)
}

/// Exactly `size` octets: a multipart of text and an attachment, whose end is cut off.
fn attachment(size: usize) -> Bytes {
    let mut body = Vec::with_capacity(size + 80);
    body.extend_from_slice(TEXT_PART.as_bytes());
    body.extend_from_slice(&text(4 << 10));
    body.extend_from_slice(ATTACHED_PART.as_bytes());
    let mut state: u32 = 1;
    while body.len() < size {
        for _ in 0..76 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            body.push(b'A' + (state >> 24) as u8 % 26);
        }
        body.extend_from_slice(b"\r\n");
    }
    end_at(size, body)
}

/// Cuts the text; it ends in CRLF then, and has no bare CR.
fn end_at(size: usize, mut text: Vec<u8>) -> Bytes {
    text.truncate(size.saturating_sub(2));
    if text.last() == Some(&b'\r') {
        text.pop();
        text.push(b'.');
    }
    text.extend_from_slice(b"\r\n");
    text.into()
}

/// The fields that are the same in all messages. Values have their leading space, and LF at folds.
const FIELDS: [(&str, &str); 10] = [
    ("Date", " Sun, 22 Nov 2026 16:04:11 +0100"),
    ("MIME-Version", " 1.0"),
    ("User-Agent", " Mozilla Thunderbird"),
    ("From", " Alice Example <alice@bench.example>"),
    ("To", " Bob Recipient <bob@dest.example>"),
    ("Cc", " Carol <carol@dest.example>,\n Dave <dave@dest.example>"),
    ("References", " <3f1c7d52-9a41@dest.example>\n <b1946ac9-2f3e@bench.example>\n <8d777f38-5d3d@dest.example>"),
    ("In-Reply-To", " <8d777f38-5d3d@dest.example>"),
    ("Content-Language", " en-GB"),
    ("Content-Transfer-Encoding", " 8bit"),
];

const LINES: [&str; 9] = [
    "Dear Bob,",
    "",
    "please find below the minutes of yesterday's meeting. I have put the open ",
    "questions first, because  two of them have to be answered before Friday; the",
    "rest can wait until all of us are back.",
    "\t- who orders the new machines, and from which budget?",
    "\t- when does the old data centre close,  and who tells the customers?",
    "> On Friday you wrote that the figures were not final yet. Are they now?",
    "",
];

const TEXT_PART: &str = "\
This is a multi-part message in MIME format.\r
--------------part\r
Content-Type: text/plain; charset=UTF-8; format=flowed\r
Content-Transfer-Encoding: 8bit\r
\r
";

const ATTACHED_PART: &str = "\
--------------part\r
Content-Type: application/octet-stream; name=\"figures.bin\"\r
Content-Disposition: attachment; filename=\"figures.bin\"\r
Content-Transfer-Encoding: base64\r
\r
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_size_asked_for() {
        for make in [text, attachment] {
            for size in (4000..4200).chain([5000, 70_000]) {
                let body = make(size);
                assert_eq!(body.len(), size);
                assert!(body.ends_with(b"\r\n"));
                let bare = body.windows(2).filter(|pair| (pair[0] == b'\r') != (pair[1] == b'\n')).count();
                assert_eq!(bare, 0, "{size}");
            }
        }
    }

    #[test]
    fn a_message_has_thirteen_fields() {
        assert_eq!(Mails::new(4096, Kind::Text).number(7).fields.len(), 13);
    }
}
