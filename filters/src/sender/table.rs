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
use crate::mail::letter_case::folded;

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
        text: &str, format: TableFormat, default_domain: Option<&DomainName>,
    ) -> Result<Self, Vec<LineError>> {
        match format {
            TableFormat::Lines => all_or_mistakes(logical_lines(text).map(user_line)).map(Self::Lines),
            TableFormat::Postfix => {
                let entries = all_or_mistakes(logical_lines(text).map(|line| postfix_line(line, default_domain)))?;
                // postmap(1) warns of a second entry for a key and keeps the first.
                let mut table = HashMap::new();
                for (key, owned) in entries {
                    table.entry(key).or_insert(owned);
                }
                Ok(Self::Postfix(table))
            }
        }
    }
}

/// All entries, or else all mistakes.
fn all_or_mistakes<T>(entries: impl Iterator<Item = Result<T, LineError>>) -> Result<Vec<T>, Vec<LineError>> {
    let (mut good, mut errors) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Ok(entry) => good.push(entry),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(good) } else { Err(errors) }
}

fn user_line((line, user, rest): (u32, String, String)) -> Result<(u32, String, Vec<AddressPattern>), LineError> {
    let pattern = |word: &str| word.parse().map_err(|error| format!("`{word}` {error}"));
    match words(&rest).map(pattern).collect::<Result<Vec<AddressPattern>, _>>() {
        Ok(patterns) if patterns.is_empty() => Err(LineError { line, reason: no_more(&user, "addresses") }),
        Ok(patterns) => Ok((line, folded(&user).into_owned(), patterns)),
        Err(reason) => Err(LineError { line, reason }),
    }
}

fn postfix_line(
    (line, address, rest): (u32, String, String), default_domain: Option<&DomainName>,
) -> Result<(Box<str>, Owned), LineError> {
    if is_pattern(&address, &rest) {
        let reason = format!(
            "`{address}` is a pattern of a pcre or regexp table; list addresses and @domains, or write a [[sender.owner]] \
             whose may_use has a *, such as sales-*@example.com"
        );
        return Err(LineError { line, reason });
    }
    let logins: Box<[Box<str>]> = words(&rest).map(|login| folded(login).into()).collect();
    match postfix_key(&address, default_domain) {
        Ok(_) if logins.is_empty() => Err(LineError { line, reason: no_more(&address, "logins") }),
        Ok(key) => Ok((key, Owned { line, logins })),
        Err(reason) => Err(LineError { line, reason: format!("`{address}` {reason}") }),
    }
}

/// True for a line of a pcre or regexp table (pcre_table(5), regexp_table(5)): `/pattern/flags result`, `!/pattern/ result`,
/// `if /pattern/` or `endif`. Delimiters other than `/` are legal, and nobody uses them. A local part may begin with `/`
/// too, as in addresses of X.400.
fn is_pattern(first: &str, rest: &str) -> bool {
    let delimited = |text: &str| text.strip_prefix('!').unwrap_or(text).strip_prefix('/').map(str::to_owned);
    match first.to_ascii_lowercase().as_str() {
        "if" => delimited(rest.trim_start()).is_some(),
        "endif" => rest.is_empty(),
        _ => delimited(first).is_some_and(|pattern| {
            let flags = pattern.rsplit_once('/').map(|(_, flags)| flags);
            flags.is_some_and(|flags| flags.chars().all(|c| c.is_ascii_alphabetic()))
                || pattern.contains(['^', '$', '\\', '*', '(', '['])
        }),
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
