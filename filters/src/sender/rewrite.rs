//! Rewrite rules: what an address becomes.
//!
//! Each address is looked up by itself, in the envelope and in the fields alike, so that both change together. The
//! first rule that is for the submitter, the place and the address counts, and what it makes is not looked up again.
//! A rule gives no right: who may use the new address is asked afterwards.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::pattern::AddressPattern;
use super::settings::{Place, RewriteSettings};
use crate::address::{AddrSpec, DomainName, NameError};
use crate::submitter::{Submitter, Who};

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

/// The rules, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    who: Who,
    pattern: AddressPattern,
    to: Target,
    places: Vec<Place>,
}

impl Rules {
    pub(super) fn new(settings: &[RewriteSettings]) -> Self {
        let rule = |settings: &RewriteSettings| Rule {
            who: settings.who(),
            pattern: settings.pattern.clone(),
            to: settings.to.clone(),
            places: settings.fields.clone(),
        };
        Self(settings.iter().map(rule).collect())
    }

    /// What the address becomes, and the number of the rule; `None` if no rule is for it, or if the first that is would
    /// make something of it that is no address.
    pub(super) fn rewrite(
        &self,
        submitter: &Submitter<'_>,
        place: Place,
        address: &AddrSpec,
    ) -> Option<(usize, AddrSpec)> {
        let fits = |rule: &Rule| {
            rule.pattern.matches(address) && rule.places.contains(&place) && rule.who.matches(submitter)
        };
        let (number, rule) = self.0.iter().enumerate().find(|(_, rule)| fits(rule))?;
        let captures = rule.pattern.captures(address)?;
        Some((number, rule.to.expand(address, &captures)?))
    }
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

    fn expand(&self, old: &AddrSpec, captures: &[&str]) -> Option<AddrSpec> {
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

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Rules {
        #[derive(Deserialize)]
        struct Section {
            rewrite: Vec<RewriteSettings>,
        }
        Rules::new(&toml::from_str::<Section>(text).unwrap().rewrite)
    }

    fn nobody() -> Submitter<'static> {
        Submitter {
            user: None,
            client: Some([10, 1, 2, 3].into()),
            listener: "local",
            certificate: None,
            fingerprint: None,
        }
    }

    fn rewritten(rule: &str, address: &str) -> Option<String> {
        let rules = rules(&format!("[[rewrite]]\n{rule}"));
        let address = address.parse().unwrap();
        rules.rewrite(&nobody(), Place::From, &address).map(|(_, address)| address.to_string())
    }

    #[test]
    fn what_addresses_become() {
        for (rule, from, to) in [
            (
                "match = 'wwwrun@*.firma.de'\nto = 'webmaster@firma.de'",
                "WWWrun@a.firma.de",
                "webmaster@firma.de",
            ),
            ("match = '*@www.firma.de'\nto = '$1@firma.de'", "Info.Desk@www.firma.de", "Info.Desk@firma.de"),
            ("match = '@www.firma.de'\nto = '@firma.de'", "\"a b\"@www.firma.de", "\"a b\"@firma.de"),
            ("match = '*@*.firma.de'\nto = '$2-$1@firma.de'", "info@www.firma.de", "www-info@firma.de"),
            ("match = '*@*.kunden.de'\nto = '$1@$2.de'", "a@maier.kunden.de", "a@maier.de"),
            ("match = '*-*@a.de'\nto = '$2@b.de'", "x-y@a.de", "y@b.de"),
            ("match = '*@a.de'\nto = 'a$b@grüße.de'", "x@a.de", "a$b@xn--gre-6ka8l.de"),
            ("match = '*'\nto = 'x@[192.0.2.1]'", "x@a.de", "x@[192.0.2.1]"),
        ] {
            assert_eq!(rewritten(rule, from).as_deref(), Some(to), "{rule}");
        }
    }

    #[test]
    fn what_is_left_alone() {
        for (rule, from) in [
            ("match = '*@www.firma.de'\nto = '$1@firma.de'", "info@firma.de"),
            ("match = '*'\nto = 'a@b.de'\nclient = '192.0.2.0/24'", "info@firma.de"),
            ("match = '*'\nto = 'a@b.de'\nfields = ['envelope']", "info@firma.de"),
            // No domain would come of it.
            ("match = '*@*'\nto = 'a@$1.de'", "in_fo!@firma.de"),
            ("match = '*@*'\nto = 'a@$2.de'", "a@[192.0.2.1]"),
        ] {
            assert_eq!(rewritten(rule, from), None, "{rule}");
        }
    }

    #[test]
    fn the_first_that_fits_counts() {
        let rules = rules(
            "[[rewrite]]\nmatch = 'a@*'\nto = 'one@x.de'\nuser = 'web1'\n\
             [[rewrite]]\nmatch = 'a@b.de'\nto = 'two@x.de'\n\
             [[rewrite]]\nmatch = 'two@x.de'\nto = 'three@x.de'",
        );
        let address = "a@b.de".parse().unwrap();
        let (number, to) = rules.rewrite(&nobody(), Place::Envelope, &address).unwrap();
        assert_eq!((number, to.to_string().as_str()), (1, "two@x.de"));
        let web1 = Submitter { user: Some(b"WEB1"), ..nobody() };
        assert_eq!(rules.rewrite(&web1, Place::Envelope, &address).unwrap().0, 0);
    }

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
