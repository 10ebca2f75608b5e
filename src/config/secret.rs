//! Keeps secrets out of everything that is shown: passwords in URLs, and values of keys that are secret by name.

use std::borrow::Cow;

use super::KeyPath;
use super::store_url::StoreUrl;
use super::webhook::WebhookUrl;

/// Keys whose values are secret whatever they look like.
const SECRET_KEYS: [&str; 4] = ["password", "passphrase", "secret", "token"];

/// The part of advice that stands in backquotes without being a part of the URL that was typed.
const ADVICE: &str = "db=N";

/// A key whose value is a URL that may hold secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SecretUrl {
    Store,
    Webhook,
}

impl SecretUrl {
    fn of(key: &KeyPath) -> Option<Self> {
        match key.steps() {
            [section, name] if section == "store" && name == "url" => Some(Self::Store),
            [section, name] if section == "webhook" && name == "url" => Some(Self::Webhook),
            _ => None,
        }
    }

    /// The URL without its secrets: a password, everything behind the host of a webhook, and nearly all of a URL that
    /// can't be read, because nobody knows which part of it is the password.
    fn shown(self, url: &str) -> Cow<'_, str> {
        match self {
            Self::Store if url.starts_with("file:") || url.parse::<StoreUrl>().is_ok() => without_logins(url),
            Self::Webhook if url.parse::<WebhookUrl>().is_ok() => match url.split_once("://") {
                Some((scheme, rest)) => match rest.split_once(['/', '?', '#']) {
                    Some((host, behind)) if !behind.is_empty() => format!("{scheme}://{host}/***").into(),
                    _ => Cow::Borrowed(url),
                },
                None => Cow::Borrowed(url),
            },
            _ => match url.split_once(':') {
                Some((scheme, rest)) if !scheme.contains(['/', '@']) => {
                    let mark = if rest.starts_with("//") { "://" } else { ":" };
                    format!("{scheme}{mark}***").into()
                }
                None if self == Self::Store && !url.contains(['/', '@']) => Cow::Borrowed(url),
                _ => Cow::Borrowed("***"),
            },
        }
    }
}

/// A value, or a line that sets it, with `***` in place of secrets.
pub(super) fn masked_value<'a>(key: &KeyPath, text: &'a str) -> Cow<'a, str> {
    let Some(kind) = SecretUrl::of(key) else { return masked(key, text) };
    let quote = |c: char| matches!(c, '"' | '\'');
    let url = match (text.find(quote), text.rfind(quote)) {
        (Some(begin), Some(end)) => text.get(begin + 1..end),
        _ => Some(text),
    };
    // A lone quote: nobody knows where the URL begins.
    let Some(url) = url else { return Cow::Borrowed("***") };
    match kind.shown(url) {
        shown if shown == url || url.is_empty() => Cow::Borrowed(text),
        shown => Cow::Owned(text.replace(url, &shown)),
    }
}

/// What is wrong with a value, with `***` in place of secrets and of the parts of a URL that are quoted.
pub(super) fn masked_reason<'a>(key: &KeyPath, text: &'a str) -> Cow<'a, str> {
    if SecretUrl::of(key).is_none() {
        return masked(key, text);
    }
    let parts = text.split('`').enumerate();
    let shown = parts.map(|(at, part)| match at % 2 == 0 || part == ADVICE || part.ends_with([':', '/']) {
        true => masked(key, part),
        false => Cow::Borrowed("***"),
    });
    Cow::Owned(shown.collect::<Vec<_>>().join("`"))
}

/// The text with `***` in place of secrets.
fn masked<'a>(key: &KeyPath, text: &'a str) -> Cow<'a, str> {
    if key.last().is_some_and(|name| SECRET_KEYS.contains(&name)) {
        return Cow::Borrowed("***");
    }
    without_logins(text)
}

/// The text with `***` in place of the password between `://` and `@`.
fn without_logins(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        // Up to the end of the URL, not of its authority: a password may hold a slash that should have been escaped.
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '`'));
        let (url, tail) = end.map_or((after, ""), |end| after.split_at(end));
        shown.push_str(before);
        shown.push_str("://");
        match url.rsplit_once('@') {
            Some((login, host)) => {
                let user = login.split_once(':').map_or("", |(user, _)| user);
                shown.push_str(user);
                shown.push_str(":***@");
                shown.push_str(host);
            }
            None => shown.push_str(url),
        }
        rest = tail;
    }
    if shown.is_empty() {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests;
