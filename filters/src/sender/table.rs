//! Table files, which name the addresses that users may use, one entry a line.
//!
//! There are two formats. `lines` has a user and the addresses that the user may use. `postfix` is the source text of
//! a `smtpd_sender_login_maps` table, as postmap(1) reads it: an address and the logins that own it. In both, `#`
//! begins a comment line, a line that begins with white space continues the line before, and commas and white space
//! separate words.

use std::collections::HashMap;

use super::pattern::AddressPattern;
use super::settings::TableFormat;
use crate::mail::address::{AddrSpec, DomainName};

/// The content of a file, with the number of each line.
#[derive(Debug)]
pub(super) enum OwnerTable {
    /// Line number, user, and the addresses that the user may use.
    Lines(Vec<(u32, String, Vec<AddressPattern>)>),
    /// By address: the line, and its owners in lower case.
    Postfix(HashMap<Box<str>, Owned>),
}

/// The owners of an address.
#[derive(Debug)]
pub(super) struct Owned {
    pub(super) line: u32,
    pub(super) logins: Box<[Box<str>]>,
}

/// A line that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct LineError {
    /// Its number, from 1.
    pub line: u32,
    /// The mistake in the line.
    pub reason: String,
}

impl OwnerTable {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// All lines that can't be understood.
    pub(super) fn parse(
        text: &str,
        format: TableFormat,
        default_domain: Option<&DomainName>,
    ) -> Result<Self, Vec<LineError>> {
        let mut errors = Vec::new();
        let mut failed = |line: u32, reason: String| errors.push(LineError { line, reason });
        let table = match format {
            TableFormat::Lines => {
                let mut entries = Vec::new();
                for (line, user, rest) in logical_lines(text) {
                    let patterns: Result<Vec<AddressPattern>, _> = words(&rest)
                        .map(|word| word.parse().map_err(|error| format!("`{word}` {error}")))
                        .collect();
                    match patterns {
                        Ok(patterns) if patterns.is_empty() => failed(line, no_more(&user, "addresses")),
                        Ok(patterns) => entries.push((line, user.to_ascii_lowercase(), patterns)),
                        Err(reason) => failed(line, reason),
                    }
                }
                Self::Lines(entries)
            }
            TableFormat::Postfix => {
                let mut entries = HashMap::new();
                for (line, address, rest) in logical_lines(text) {
                    let logins: Box<[Box<str>]> =
                        words(&rest).map(|login| login.to_ascii_lowercase().into()).collect();
                    match postfix_key(&address, default_domain) {
                        Ok(_) if logins.is_empty() => failed(line, no_more(&address, "logins")),
                        // postmap(1) warns of a second entry and keeps the first.
                        Ok(key) => {
                            entries.entry(key).or_insert(Owned { line, logins });
                        }
                        Err(reason) => failed(line, format!("`{address}` {reason}")),
                    }
                }
                Self::Postfix(entries)
            }
        };
        if errors.is_empty() { Ok(table) } else { Err(errors) }
    }
}

fn no_more(first: &str, what: &str) -> String {
    format!("has no {what} behind `{first}`")
}

/// The key under which Postfix finds an address: `user@domain`, `@domain`, or `user` alone, which is one of its own
/// domain (access(5), smtpd_sender_login_maps in postconf(5)).
fn postfix_key(text: &str, default_domain: Option<&DomainName>) -> Result<Box<str>, String> {
    if let Some(domain) = text.strip_prefix('@') {
        let domain: DomainName = domain.parse().map_err(|error| format!("{error}"))?;
        return Ok(format!("@{domain}").into());
    }
    if text.contains('@') {
        let address: AddrSpec = text.parse().map_err(|error| format!("{error}"))?;
        return Ok(address.key().into());
    }
    let domain = default_domain.ok_or("has no domain; set sender.default_domain to Postfix's $myorigin")?;
    let address = AddrSpec::new(text, domain.as_str()).ok_or("is not an address")?;
    Ok(address.key().into())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|word| !word.is_empty())
}

/// Number, first word and the rest of each entry, continuation lines joined.
fn logical_lines(text: &str) -> impl Iterator<Item = (u32, String, String)> {
    let mut joined: Vec<(u32, String)> = Vec::new();
    for (number, line) in (1u32..).zip(text.lines()) {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        match joined.last_mut() {
            Some((_, before)) if line.starts_with([' ', '\t']) => {
                before.push(' ');
                before.push_str(content);
            }
            _ => joined.push((number, content.to_owned())),
        }
    }
    joined.into_iter().map(|(number, line)| {
        let (first, rest) = line.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((&line, ""));
        (number, first.to_owned(), rest.to_owned())
    })
}

#[cfg(test)]
mod tests;
