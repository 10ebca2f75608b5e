//! The places where the line of a field may be folded, from the best to the last resort.
//!
//! White space that is there already is the best place, since folding there changes nothing. Where a long line has no
//! white space, some fields may get some without changing their meaning: address lists, lists of identifiers, of URLs and
//! of parameters (RFC 5322 sections 3.4 and 3.6.4, RFC 2369 section 2, RFC 2045 section 5.1), and base64 in signatures.

use postseal_protocol::HeaderField;

use crate::mail::encoded_word;
use crate::mail::field_kind::FieldKind;
use crate::mail::quoted::{QuoteScanner, QuotedRole, QuotingRules};

const IDENTIFIERS: [&str; 2] = ["References", "In-Reply-To"];
const URLS: [&str; 7] =
    ["List-Id", "List-Unsubscribe", "List-Post", "List-Help", "List-Subscribe", "List-Owner", "List-Archive"];
const PHRASES: [&str; 4] = ["Keywords", "Content-Language", "Accept-Language", "X-Spam-Status"];
const PARAMETERS: [&str; 6] = [
    "Authentication-Results", "ARC-Authentication-Results", "Received-SPF", "Content-Type", "Content-Disposition",
    "Auto-Submitted",
];
/// Fields with base64 in one of their tags, and the name of that tag. Readers pass over white space in the base64: verifiers
/// take out the whole value of `b=` (RFC 6376 section 3.7).
const BASE64_TAGS: [(&str, &[u8]); 6] = [
    ("DKIM-Signature", b"b"),
    ("X-Google-DKIM-Signature", b"b"),
    ("ARC-Message-Signature", b"b"),
    ("ARC-Seal", b"b"),
    ("DomainKey-Signature", b"b"),
    ("Autocrypt", b"keydata"),
];

/// How good a place is, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FoldRank {
    /// White space.
    Space,
    /// The end of an entry in a list without white space, or a place within base64.
    Separator,
    /// The `<` behind a display name without white space.
    Bracket,
    /// White space in a quoted string or a comment.
    Quoted,
    /// White space in brackets or in an encoded-word, which some readers then no longer understand.
    Broken,
}

impl FoldRank {
    pub(super) const ALL: [Self; 5] = [Self::Space, Self::Separator, Self::Bracket, Self::Quoted, Self::Broken];

    /// True if a fold of this rank needs white space that was not there.
    pub(super) fn inserts_space(self) -> bool {
        matches!(self, Self::Separator | Self::Bracket)
    }
}

/// A place where a field may be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FoldPoint {
    /// The offset of the first octet of the next line.
    pub(super) at: usize,
    pub(super) rank: FoldRank,
}

/// The kinds of lists that fields have, as far as folding is concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FieldForm {
    Text,
    Addresses,
    Identifiers,
    Urls,
    Phrases,
    Parameters,
    /// Tags of which one, with this name, has base64.
    Base64(&'static [u8]),
}

impl FieldForm {
    fn of(field: &HeaderField) -> Self {
        let among = |names: &[&str]| names.iter().any(|name| field.is(name));
        if let Some((_, tag)) = BASE64_TAGS.iter().find(|(name, _)| field.is(name)) {
            return Self::Base64(tag);
        }
        if FieldKind::of(field) == FieldKind::Address {
            return Self::Addresses;
        }
        // A quoted local part might hold the octets between two identifiers.
        match () {
            () if among(&IDENTIFIERS) && !field.value.contains(&b'"') => Self::Identifiers,
            () if among(&URLS) => Self::Urls,
            () if among(&PHRASES) => Self::Phrases,
            () if among(&PARAMETERS) => Self::Parameters,
            () => Self::Text,
        }
    }

    fn quoting(self) -> QuotingRules {
        match self {
            Self::Addresses | Self::Identifiers | Self::Urls => QuotingRules::GroupNames,
            Self::Text | Self::Phrases | Self::Parameters | Self::Base64(_) => QuotingRules::ListEntries,
        }
    }

    /// The rank of a fold between two octets, neither of which is white space, outside of quotes and brackets.
    fn between(self, before: u8, after: u8) -> Option<FoldRank> {
        match (self, before, after) {
            (Self::Addresses | Self::Phrases, b',', _)
            | (Self::Identifiers, b'>' | b',', b'<')
            | (Self::Parameters, b';', _) => Some(FoldRank::Separator),
            (Self::Addresses, before, b'<') if before != b'<' => Some(FoldRank::Bracket),
            _ => None,
        }
    }
}

/// All places where a field may be folded, from the left.
pub(super) fn fold_points(field: &HeaderField) -> Vec<FoldPoint> {
    let form = FieldForm::of(field);
    let encoded: Vec<_> =
        encoded_word::words(&field.value).map(|word| word.start + 1..word.start + word.length).collect();
    let mut encoded = encoded.iter().peekable();
    let mut scanner = QuoteScanner::new(form.quoting());
    let mut tags = TagReader::default();
    let mut points = Vec::new();
    // The two octets before, at the start of a line as if there had been white space.
    let (mut before_last, mut last) = (b'\n', b'\n');
    for (at, octet) in field.value.iter().copied().enumerate() {
        while encoded.next_if(|word| word.end <= at).is_some() {}
        let in_word = encoded.peek().is_some_and(|word| word.contains(&at));
        let rank = match () {
            () if is_space(last) => None,
            () if is_space(octet) && in_word => Some(FoldRank::Broken),
            () if is_space(octet) => Some(rank_of_space(&scanner, form)),
            () if in_word || scanner.in_quotes() || scanner.in_brackets() => None,
            () if form == FieldForm::Urls && last == b',' && before_last == b'>' => Some(FoldRank::Separator),
            () => form.between(last, octet),
        };
        let rank = match form {
            FieldForm::Base64(tag) if !is_space(octet) => tags.is_within(tag).then_some(FoldRank::Separator),
            _ => rank,
        };
        points.extend(rank.map(|rank| FoldPoint { at, rank }));
        if scanner.step(octet) == QuotedRole::Escaped {
            // An escaped octet is neither a separator nor a bracket.
            (before_last, last) = (b'\\', b'x');
        } else {
            (before_last, last) = (last, octet);
        }
        tags.step(octet);
    }
    points
}

fn rank_of_space(scanner: &QuoteScanner, form: FieldForm) -> FoldRank {
    match form {
        FieldForm::Base64(_) => FoldRank::Space,
        _ if scanner.in_quotes() => FoldRank::Quoted,
        FieldForm::Text | FieldForm::Phrases | FieldForm::Parameters if scanner.in_brackets() => FoldRank::Quoted,
        _ if scanner.in_brackets() => FoldRank::Broken,
        _ => FoldRank::Space,
    }
}

fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\n')
}

/// Reads `NAME=VALUE; NAME=VALUE`.
#[derive(Default)]
struct TagReader {
    name: Vec<u8>,
    in_value: bool,
    /// The last octet belongs to the value.
    has_value: bool,
}

impl TagReader {
    fn step(&mut self, octet: u8) {
        match octet {
            b';' => *self = Self::default(),
            b'=' if !self.in_value => self.in_value = true,
            _ if self.in_value => self.has_value = !is_space(octet),
            _ if !is_space(octet) => self.name.push(octet),
            _ => {}
        }
    }

    /// True between two octets of the value of this tag.
    fn is_within(&self, name: &[u8]) -> bool {
        self.has_value && self.name == name
    }
}
