//! The new address of a rewrite rule, with placeholders for parts of the old address.

use std::fmt;
use std::str::FromStr;

use crate::mail::address::{AddrSpec, DomainName, NameError};

/// The new address: `webmaster@firma.de`, `$1@firma.de` with the text that the first `*` stood for, or `@firma.de` to
/// keep the local part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    text: String,
    /// `None` keeps the old one.
    local: Option<TargetTemplate>,
    domain: TargetTemplate,
}

/// Why a text is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Not one address.
    #[error("is not an address such as webmaster@example.com, $1@example.com or @example.com")]
    NotAddress,
    /// Patterns belong into `match`.
    #[error("has a *; write $1 for what the first * in `match` stands for")]
    Star,
    /// A bad domain.
    #[error("domain: {0}")]
    Domain(#[from] NameError),
}

/// A text with placeholders for captures, the texts that stars stood for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TargetTemplate(Vec<TargetPart>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum TargetPart {
    Text(String),
    /// `$1` is 0.
    Capture(usize),
}

impl Target {
    /// The domain, if it does not depend on captures.
    pub fn domain(&self) -> Option<&str> {
        match &*self.domain.0 {
            [TargetPart::Text(domain)] => Some(domain),
            _ => None,
        }
    }

    /// The address, if it does not depend on the old address.
    pub fn fixed(&self) -> Option<AddrSpec> {
        let local = self.local.as_ref()?;
        let fixed = |template: &TargetTemplate| template.0.iter().all(|part| matches!(part, TargetPart::Text(_)));
        if !fixed(local) || !fixed(&self.domain) {
            return None;
        }
        AddrSpec::new(local.expand(&[])?, self.domain.expand(&[])?)
    }

    /// The highest `$n` in it.
    pub fn captures(&self) -> usize {
        let parts = self.local.iter().flat_map(|template| &template.0).chain(&self.domain.0);
        let number = |part: &TargetPart| if let TargetPart::Capture(index) = part { index + 1 } else { 0 };
        parts.map(number).max().unwrap_or(0)
    }

    /// The new address; `None` if the captures make no address.
    pub(super) fn expand(&self, old: &AddrSpec, captures: &[&str]) -> Option<AddrSpec> {
        let local = match &self.local {
            Some(template) => template.expand(captures)?,
            None => old.local().to_owned(),
        };
        let mut domain = self.domain.expand(captures)?;
        // A domain with captures in it must still be a domain. A fixed domain was checked with the configuration.
        if self.domain().is_none() {
            domain = domain.parse::<DomainName>().ok()?.to_string();
        }
        AddrSpec::new(local, domain)
    }
}

impl TargetTemplate {
    fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        let mut plain = String::new();
        while let Some((before, behind)) = rest.split_once('$') {
            plain.push_str(before);
            let mut after = behind.chars();
            match after.next().and_then(|c| c.to_digit(10)).filter(|digit| *digit > 0) {
                Some(digit) => {
                    parts.extend((!plain.is_empty()).then(|| TargetPart::Text(std::mem::take(&mut plain))));
                    parts.push(TargetPart::Capture(digit as usize - 1));
                    rest = after.as_str();
                }
                None => {
                    plain.push('$');
                    rest = behind;
                }
            }
        }
        plain.push_str(rest);
        parts.extend((!plain.is_empty()).then_some(TargetPart::Text(plain)));
        Self(parts)
    }

    fn expand(&self, captures: &[&str]) -> Option<String> {
        let text = |part: &TargetPart| match part {
            TargetPart::Text(text) => Some(text.clone()),
            TargetPart::Capture(index) => captures.get(*index).map(|&text| text.to_owned()),
        };
        self.0.iter().map(text).collect()
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        if text.contains('*') {
            return Err(TargetError::Star);
        }
        if !text.contains('$')
            && let Ok(address) = text.parse::<AddrSpec>()
        {
            if !address.domain().starts_with('[') {
                address.domain().parse::<DomainName>()?;
            }
            let [local, domain] = [address.local(), address.domain()].map(|text| TargetPart::Text(text.to_owned()));
            let (local, domain) = (Some(TargetTemplate(vec![local])), TargetTemplate(vec![domain]));
            return Ok(Self { text: text.to_owned(), local, domain });
        }
        let (local, domain) = text.rsplit_once('@').ok_or(TargetError::NotAddress)?;
        let spaces = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '@' | ',' | '"');
        if domain.is_empty() || local.contains(spaces) {
            return Err(TargetError::NotAddress);
        }
        let mut template = TargetTemplate::new(domain);
        if let [TargetPart::Text(domain)] = &mut *template.0 {
            *domain = domain.parse::<DomainName>()?.to_string();
        } else {
            // Any label will do as a capture to check the rest of the domain.
            template.expand(&["x"; 9]).ok_or(TargetError::NotAddress)?.parse::<DomainName>()?;
        }
        let local = (!local.is_empty()).then(|| TargetTemplate::new(local));
        Ok(Self { text: text.to_owned(), local, domain: template })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

crate::text_serde!(Target);

#[cfg(test)]
mod tests;
