//! The members of an address list in the form that Sendmail leaves as it is.

use crate::mail::encoded_word;

/// The characters for which Sendmail quotes a name (option MustQuoteChars, `readcf.c`); parentheses make comments.
const MUST_QUOTE: &[u8] = b"@,;:\\[].'";
/// The octets that an encoded-word may have (RFC 2047 section 2).
const MAX_ENCODED_WORD_OCTETS: usize = 75;
/// The octets of a member that surely stay. Sendmail cuts a member of more than 256, or drops its name (`MAXNAME`).
const MAX_MEMBER_OCTETS: usize = 250;

/// Reads the list; `None` if Sendmail's result can't be foreseen.
pub(super) fn read(value: &[u8], host: Option<&str>) -> Option<Vec<Vec<u8>>> {
    let mut members = Vec::new();
    let mut group = OpenGroup::None;
    for piece in split(value, b',')? {
        let piece = piece.trim_ascii();
        if !piece.is_empty() {
            let member = piece_as_written(piece, &mut group, host)?;
            if piece.len().max(member.len()) > MAX_MEMBER_OCTETS {
                return None;
            }
            members.push(member);
        }
    }
    (group != OpenGroup::WithBareMember).then_some(members)
}

/// The group whose semicolon has not come yet. Sendmail leaves a group without semicolon as it is, if each member in it has
/// angle brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OpenGroup {
    None,
    WithAngles,
    WithBareMember,
}

/// ```text
/// piece  = [ group-name ":" ] [ member ] [ ";" ]
/// member = [ phrase ] "<" [ address ] ">" [ text ] / *comment address *comment / *comment
/// ```
fn piece_as_written(piece: &[u8], group: &mut OpenGroup, host: Option<&str>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(piece.len() + 2);
    let angle = split_once(piece, b'<')?.map(|[before, _]| before.len());
    let (mut before, mut rest) = piece.split_at_checked(angle.unwrap_or(piece.len()))?;
    if let Some([name, phrase]) = split_once(before, b':')? {
        if *group != OpenGroup::None {
            return None;
        }
        *group = OpenGroup::WithAngles;
        out.extend(phrase_as_written(name)?);
        out.push(b':');
        before = phrase;
    }
    if angle.is_none() {
        (before, rest) = (b"", before);
    }
    let mut end: &[u8] = b"";
    if let Some([member, behind]) = split_once(rest, b';')? {
        // A semicolon at the very end is left alone, even if no group is open.
        if !behind.trim_ascii().is_empty() {
            return None;
        }
        (rest, end) = (member, b";");
    }
    if angle.is_some() {
        // In a group the semicolon of a name would end the group.
        if *group != OpenGroup::None && split_once(before, b';')?.is_some() {
            return None;
        }
        angle_address(before, rest, host, &mut out)?;
    } else if rest.trim_ascii().is_empty() {
        out.extend_from_slice(rest);
    } else {
        if *group == OpenGroup::WithAngles {
            *group = OpenGroup::WithBareMember;
        }
        commented_address(rest.trim_ascii_end(), host, &mut out)?;
    }
    if !end.is_empty() {
        *group = OpenGroup::None;
    }
    out.extend_from_slice(end);
    Some(out)
}

/// `text` begins with the bracket.
fn angle_address(phrase: &[u8], text: &[u8], host: Option<&str>, out: &mut Vec<u8>) -> Option<()> {
    let (address, tail) = text.split_at_checked(text.iter().position(|octet| *octet == b'>')?)?;
    let address = address.get(1..)?.trim_ascii();
    out.extend(phrase_as_written(phrase)?);
    out.push(b'<');
    if !address.is_empty() {
        out.extend(address_as_written(address, host)?);
    }
    out.extend_from_slice(tail);
    split_once(tail.get(1..)?, b'<')?.is_none().then_some(())
}

/// An address without angle brackets, with comments around it.
fn commented_address(member: &[u8], host: Option<&str>, out: &mut Vec<u8>) -> Option<()> {
    let mut parts: Vec<(Vec<u8>, bool)> = Vec::new();
    for (text, is_marked) in words(member)? {
        let is_comment = is_marked && text.starts_with(b"(");
        match parts.last_mut() {
            Some((part, false)) if !is_comment => part.extend_from_slice(text),
            _ => parts.push((text.to_vec(), is_comment)),
        }
    }
    parts.retain(|(text, _)| !text.trim_ascii().is_empty());
    let mut addresses = parts.iter().enumerate().filter(|(_, (_, is_comment))| !is_comment);
    let Some((at, _)) = addresses.next() else {
        out.extend_from_slice(member);
        return Some(());
    };
    // The second of two comments in front of the address would come out behind the address.
    if addresses.next().is_some() || at > 1 {
        return None;
    }
    out.extend_from_slice(white_space_around(member).0);
    for (index, (text, is_comment)) in parts.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        let text = text.trim_ascii();
        if *is_comment { out.extend_from_slice(text) } else { out.extend(address_as_written(text, host)?) }
    }
    Some(())
}

/// A name. One with characters of [`MUST_QUOTE`] would become a single quoted string, in which encoded-words are no longer
/// read and quotes are doubled; so quotes are put around the plain words that have such characters, and encoded-words
/// write them in another way.
fn phrase_as_written(phrase: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(phrase.len() + 2);
    for (text, is_marked) in words(phrase)? {
        if is_marked || !text.iter().any(|octet| MUST_QUOTE.contains(octet)) {
            out.extend_from_slice(text);
            continue;
        }
        plain_words(text, &mut out)?;
    }
    Some(out)
}

/// Runs of plain words in quotes, with the encoded-words between them.
fn plain_words(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = text;
    for word in encoded_word::words(text) {
        let start = word.start - (text.len() - rest.len());
        let (before, with_word) = rest.split_at_checked(start)?;
        let (encoded, after) = with_word.split_at_checked(word.length)?;
        let alone =
            before.last().is_none_or(u8::is_ascii_whitespace) && after.first().is_none_or(u8::is_ascii_whitespace);
        if !alone {
            continue;
        }
        quote(before, out)?;
        let length = out.len();
        encoded_as_written(encoded, out)?;
        if out.len() - length > MAX_ENCODED_WORD_OCTETS {
            return None;
        }
        rest = after;
    }
    quote(rest, out)
}

/// The white space around stays outside of the quotes.
fn quote(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (before, after) = white_space_around(text);
    let inner = text.trim_ascii();
    let quotes = inner.iter().any(|octet| MUST_QUOTE.contains(octet));
    if quotes && inner.ends_with(b"\\") {
        return None;
    }
    out.extend_from_slice(before);
    if quotes {
        out.push(b'"');
    }
    out.extend_from_slice(inner);
    if quotes {
        out.push(b'"');
    }
    out.extend_from_slice(after);
    Some(())
}

/// In the encoding Q every octet may be written as `=XX` (RFC 2047 section 4.2); base64 has none of these characters.
fn encoded_as_written(word: &[u8], out: &mut Vec<u8>) -> Option<()> {
    for octet in word {
        if MUST_QUOTE.contains(octet) {
            out.extend(format!("={octet:02X}").bytes());
        } else {
            out.push(*octet);
        }
    }
    Some(())
}

/// An address that Sendmail's rewriting rules leave alone.
fn address_as_written(address: &[u8], host: Option<&str>) -> Option<Vec<u8>> {
    let quoted = words(address)?;
    let is_plain = |octet: &u8| !octet.is_ascii_whitespace() && !b"()<>,;\\".contains(octet);
    let mut at = None;
    let mut offset = 0;
    for (text, is_marked) in quoted {
        if is_marked && !text.starts_with(b"\"") || !is_marked && !text.iter().all(is_plain) {
            return None;
        }
        if !is_marked && let Some(found) = text.iter().rposition(|octet| *octet == b'@') {
            at = Some(offset + found);
        }
        offset += text.len();
    }
    let host = host.filter(|host| !host.is_empty()).map(str::as_bytes);
    let (local, domain) = address.split_at_checked(at.unwrap_or(address.len()))?;
    let domain = domain.strip_prefix(b"@").unwrap_or(domain);
    let domain = domain.strip_suffix(b".").unwrap_or(domain);
    if at.is_none() || domain.eq_ignore_ascii_case(b"localhost") {
        // The name of a mailbox here; % and ! are routes (`proto.m4`).
        let is_name = !local.is_empty() && !local.iter().any(|octet| b"%!/|:[]".contains(octet));
        return host.filter(|_| is_name).map(|host| [local, b"@", host].concat());
    }
    // A canonical name has the letters of DNS or /etc/hosts.
    let domain = host.filter(|host| host.eq_ignore_ascii_case(domain)).unwrap_or(domain);
    let lower = domain.to_ascii_lowercase();
    let is_literal = lower.starts_with(b"[") && lower.ends_with(b"]");
    let is_route =
        local.is_empty() || local.contains(&b':') || !is_literal && domain.iter().any(|octet| b":[]\"".contains(octet));
    // A name without a period may be completed (ruleset `canonify`).
    let is_whole = is_literal || domain.contains(&b'.') && !domain.ends_with(b".");
    if is_route || !is_whole || lower.ends_with(b".uucp") {
        return None;
    }
    Some([local, b"@", domain].concat())
}

fn white_space_around(text: &[u8]) -> (&[u8], &[u8]) {
    let inner = text.trim_ascii_start();
    let (before, rest) = text.split_at(text.len() - inner.len());
    let (_, after) = rest.split_at(rest.trim_ascii_end().len());
    (before, after)
}

/// The pieces of a text between separators that are in no quoted string, comment, angle or square brackets.
pub(super) fn split(text: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some([piece, after]) = split_once(rest, separator)? {
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    Some(pieces)
}

/// The text before and behind the first separator that is in no quoted string, comment, angle or square brackets. The outer
/// `None` means that one of those does not end.
#[expect(clippy::option_option, reason = "unbalanced text is not the same as text without a separator")]
fn split_once(text: &[u8], separator: u8) -> Option<Option<[&[u8]; 2]>> {
    let mut scan = MarkScanner::default();
    for (at, octet) in text.iter().enumerate() {
        let open = scan.is_open();
        scan.step(*octet)?;
        if open && *octet == separator {
            let (before, after) = text.split_at_checked(at)?;
            return Some(Some([before, after.get(1..)?]));
        }
    }
    scan.is_open().then_some(None)
}

/// The quoted strings and comments of a text, each marked, and the text between them. `None` for a backslash elsewhere.
fn words(text: &[u8]) -> Option<Vec<(&[u8], bool)>> {
    let mut words = Vec::new();
    let mut scan = MarkScanner { plain_brackets: true, ..MarkScanner::default() };
    let mut start = 0;
    for (at, octet) in text.iter().enumerate() {
        let before = scan.is_open();
        if before && *octet == b'\\' {
            return None;
        }
        scan.step(*octet)?;
        let (end, marked) = match (before, scan.is_open()) {
            (true, false) => (at, false),
            (false, true) => (at + 1, true),
            _ => continue,
        };
        if end > start {
            words.push((text.get(start..end)?, marked));
        }
        start = end;
    }
    if start < text.len() {
        words.push((text.get(start..)?, false));
    }
    scan.is_open().then_some(words)
}

/// Follows quoted strings, comments and brackets. A backslash takes the next character with it everywhere.
#[derive(Default)]
struct MarkScanner {
    quoted: bool,
    comments: usize,
    angle: bool,
    square: bool,
    escaped: bool,
    /// Brackets are ordinary characters.
    plain_brackets: bool,
}

impl MarkScanner {
    fn is_open(&self) -> bool {
        !self.quoted && self.comments == 0 && !self.angle && !self.square && !self.escaped
    }

    /// `None` if a bracket closes that was not opened, or opens a second time.
    fn step(&mut self, octet: u8) -> Option<()> {
        if std::mem::take(&mut self.escaped) {
            return Some(());
        }
        match octet {
            b'\\' => self.escaped = true,
            b'"' if self.comments == 0 => self.quoted = !self.quoted,
            _ if self.quoted => {}
            b'(' => self.comments += 1,
            b')' => self.comments = self.comments.checked_sub(1)?,
            _ if self.comments > 0 || self.plain_brackets => {}
            b'<' if self.angle => return None,
            b'<' => self.angle = true,
            b'>' if !self.angle => return None,
            b'>' => self.angle = false,
            b'[' => self.square = true,
            b']' => self.square = false,
            _ => {}
        }
        Some(())
    }
}
