//! The addresses in the paths of MAIL and RCPT, read as leniently as Postfix and Sendmail read them.
//!
//! A client can write one address in many ways: with comments, quotes, a display name, a route, or a domain in Unicode.
//! All of them must give one counter. Both MTAs also take the local part of a mailbox at a local domain for an address
//! of its own: `user%big.example@host`, `big.example!user@host` and `"user@big.example"@host` go to `big.example`
//! (Postfix `trivial-rewrite/resolve.c` with allow_percent_hack, swap_bangpath and resolve_dequoted_address, all on by
//! default; Sendmail ruleset 3 and the operators in class `{O}`). Which domains are local is not known here, so a
//! recipient counts for every domain that its path names.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::form::plain;
use crate::mail::address::to_ascii;

/// The domain of an address that names none: the MTA will add its own.
const NO_DOMAIN: &str = "localhost";

/// The address in a path, as an MTA understands it: without brackets, display name, comments and quotes.
pub(super) fn address(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let (mut quoted, mut comments) = (false, 0_usize);
    let mut octets = path.iter().copied();
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' => out.extend(octets.next().filter(|_| comments == 0)),
            b'"' if comments == 0 => quoted = !quoted,
            _ if quoted => out.push(octet),
            b'(' => comments += 1,
            b')' if comments > 0 => comments -= 1,
            _ if comments > 0 || octet.is_ascii_whitespace() => {}
            // A display name stands before the bracket.
            b'<' => out.clear(),
            b'>' => break,
            _ => out.push(octet),
        }
    }
    out
}

/// The value of a reverse-path that is not null.
pub(super) fn sender(path: &[u8]) -> String {
    sender_value(&address(path))
}

/// The value of a sender's address without quotes.
pub(super) fn sender_value(address: &[u8]) -> String {
    match split_domain(address) {
        (local, Some(domain)) => format!("{}@{}", plain(local), domain_value(domain)),
        (local, None) => plain(local),
    }
}

/// The domain of a reverse-path that is not null.
pub(super) fn sender_domain(path: &[u8]) -> String {
    split_domain(&address(path)).1.map_or_else(|| NO_DOMAIN.to_owned(), domain_value)
}

/// The domains that a recipient counts for: all that its path names, and those of the address that the MTA has
/// resolved the path to (macro `{rcpt_addr}`). Stops behind `max` domains.
pub(super) fn recipient_domains(path: &[u8], resolved: Option<&[u8]>, max: usize) -> Vec<String> {
    let mut found = Vec::new();
    for path in std::iter::once(path).chain(resolved) {
        add_named_domains(&address(path), max, &mut found);
    }
    if found.is_empty() {
        found.push(NO_DOMAIN.to_owned());
    }
    found
}

/// A domain as it stands in a counter: in A-labels, and without a dot at the end.
pub(super) fn domain_value(domain: &[u8]) -> String {
    let text = String::from_utf8_lossy(domain);
    let text = text.trim_end_matches('.');
    if let Some(literal) = ipv6_literal(text) {
        return plain(format!("[IPv6:{literal}]").as_bytes());
    }
    // An international name may come in Unicode or in its xn-- form. Both must give the same counter.
    plain(to_ascii(text).unwrap_or(Cow::Borrowed(text)).as_bytes())
}

/// The address in a literal such as `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3), which can be written in many ways.
fn ipv6_literal(domain: &str) -> Option<Ipv6Addr> {
    let literal = domain.strip_prefix('[')?.strip_suffix(']')?;
    let (tag, address) = literal.split_at_checked(5)?;
    tag.eq_ignore_ascii_case("IPv6:").then(|| address.parse().ok())?
}

/// The local part, and the domain if there is one. A route is ignored, as both MTAs do.
fn split_domain(address: &[u8]) -> (&[u8], Option<&[u8]>) {
    let route = address.iter().position(|octet| *octet == b':').filter(|_| address.starts_with(b"@"));
    let address = route.and_then(|colon| address.get(colon + 1..)).unwrap_or(address);
    let at = address.iter().rposition(|octet| *octet == b'@').and_then(|at| address.split_at_checked(at));
    match at {
        Some((local, domain)) => (local, domain.strip_prefix(b"@")),
        None => (address, None),
    }
}

/// Adds each domain that is named behind `@` or `%`, or before `!`.
fn add_named_domains(address: &[u8], max: usize, found: &mut Vec<String>) {
    let mut in_route = address.starts_with(b"@");
    let mut before = None;
    let mut rest = address;
    while found.len() <= max {
        let is_operator = |octet: &u8| b"@%!".contains(octet) || in_route && b",:".contains(octet);
        let at = rest.iter().position(is_operator);
        let (piece, behind) = at.and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, b""));
        let operator = behind.first().copied();
        if matches!(before, Some(b'@' | b'%')) || operator == Some(b'!') {
            let domain = domain_value(piece);
            if !domain.is_empty() && !found.contains(&domain) {
                found.push(domain);
            }
        }
        let Some((_, next)) = behind.split_first() else { return };
        in_route &= operator != Some(b':');
        (before, rest) = (operator, next);
    }
}

#[cfg(test)]
mod tests;
