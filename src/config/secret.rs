//! Keeps secrets out of everything that is shown: passwords in URLs, and values of keys that are secret by name.

use std::borrow::Cow;

use super::KeyPath;

/// Keys whose values are secret whatever they look like.
const SECRET_KEYS: [&str; 4] = ["password", "passphrase", "secret", "token"];

/// The text with `***` in place of secrets.
pub(super) fn masked<'a>(key: &KeyPath, text: &'a str) -> Cow<'a, str> {
    if key.last().is_some_and(|name| SECRET_KEYS.contains(&name)) {
        return Cow::Borrowed("***");
    }
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
