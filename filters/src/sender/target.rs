//! The new address of a rewrite rule, with places for parts of the old one.

use std::fmt;
use std::str::FromStr;

use crate::address::{AddrSpec, DomainName, NameError};

/// What an address becomes: `webmaster@firma.de`, `$1@firma.de` with what the first `*` stood for, or `@firma.de` to
/// keep the local part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    text: String,
    /// `None` keeps the old one.
    local: Option<Template>,
    domain: Template,
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

/// Text with places for what was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// `$1` is 0.
    Capture(usize),
}

impl Target {
    /// The domain, if it does not depend on what was captured.
    pub fn domain(&self) -> Option<&str> {
        match &*self.domain.0 {
            [Part::Text(domain)] => Some(domain),
            _ => None,
        }
    }

    /// The address, if it does not depend on the old one.
    pub fn fixed(&self) -> Option<AddrSpec> {
        let local = self.local.as_ref()?;
        let fixed = |template: &Template| template.0.iter().all(|part| matches!(part, Part::Text(_)));
        if !fixed(local) || !fixed(&self.domain) {
            return None;
        }
        AddrSpec::new(local.expand(&[])?, self.domain.expand(&[])?)
    }

    /// The highest `$n` in it.
    pub fn captures(&self) -> usize {
        let parts = self.local.iter().flat_map(|template| &template.0).chain(&self.domain.0);
        let number = |part: &Part| if let Part::Capture(index) = part { index + 1 } else { 0 };
        parts.map(number).max().unwrap_or(0)
    }

    /// The new address, if one comes of what was captured.
    pub(super) fn expand(&self, old: &AddrSpec, captures: &[&str]) -> Option<AddrSpec> {
        let local = match &self.local {
            Some(template) => template.expand(captures)?,
            None => old.local().to_owned(),
        };
        let mut domain = self.domain.expand(captures)?;
        // Whatever was captured, what leaves is a domain; what is written in the configuration has been checked.
        if self.domain().is_none() {
            domain = domain.parse::<DomainName>().ok()?.to_string();
        }
        AddrSpec::new(local, domain)
    }
}

impl Template {
    fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        let mut plain = String::new();
        while let Some((before, behind)) = rest.split_once('$') {
            plain.push_str(before);
            let digit = behind.chars().next().and_then(|c| c.to_digit(10)).filter(|digit| *digit > 0);
            match digit {
                Some(digit) => {
                    parts.extend((!plain.is_empty()).then(|| Part::Text(std::mem::take(&mut plain))));
                    parts.push(Part::Capture(digit as usize - 1));
                    rest = behind.get(1..).unwrap_or_default();
                }
                None => {
                    plain.push('$');
                    rest = behind;
                }
            }
        }
        plain.push_str(rest);
        parts.extend((!plain.is_empty()).then_some(Part::Text(plain)));
        Self(parts)
    }

    fn expand(&self, captures: &[&str]) -> Option<String> {
        let text = |part: &Part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Capture(index) => captures.get(*index).map(|&text| text.to_owned()),
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
            let [local, domain] = [address.local(), address.domain()].map(|text| Part::Text(text.to_owned()));
            let (local, domain) = (Some(Template(vec![local])), Template(vec![domain]));
            return Ok(Self { text: text.to_owned(), local, domain });
        }
        let (local, domain) = text.rsplit_once('@').ok_or(TargetError::NotAddress)?;
        let spaces =
            |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '@' | ',' | '"');
        if domain.is_empty() || local.contains(spaces) {
            return Err(TargetError::NotAddress);
        }
        let mut template = Template::new(domain);
        if let [Part::Text(domain)] = &mut *template.0 {
            *domain = domain.parse::<DomainName>()?.to_string();
        } else {
            // Any name will do to see whether the rest of it is one.
            template.expand(&["x"; 9]).unwrap_or_default().parse::<DomainName>()?;
        }
        let local = (!local.is_empty()).then(|| Template::new(local));
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
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        for (text, reason) in [
            ("firma.de", "is not an address"),
            ("*@firma.de", "write $1"),
            ("a b@firma.de", "is not an address"),
            ("a@", "is not an address"),
            ("a@-x.de", "hyphen"),
            ("a@$1 x.de", "has ' '"),
        ] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_fixed() {
        let target = |text: &str| text.parse::<Target>().unwrap();
        assert_eq!(target("a@b.de").fixed().unwrap().to_string(), "a@b.de");
        assert_eq!(target("$3@b.de").fixed(), None);
        assert_eq!((target("$3@$2.de").captures(), target("@b.de").captures()), (3, 0));
        assert_eq!((target("$1@b.de").domain(), target("a@$1").domain()), (Some("b.de"), None));
    }
}
