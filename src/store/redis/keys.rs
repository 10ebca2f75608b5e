//! Names of keys in Redis.
//!
//! A counter `RULE:VALUES` is called `PREFIXk:RULE:{VALUES}`: a cluster then keeps all counters of one user in one slot,
//! and one script decides about all of them.

/// Makes names.
#[derive(Clone)]
pub(super) struct RedisKeys {
    prefix: String,
}

impl RedisKeys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// The name of a counter.
    pub(super) fn name(&self, key: &str) -> String {
        let (rule, values) = split(key);
        [&*self.prefix, "k:", rule, "{", values, "}"].concat()
    }

    /// The counter that has this name, if it is one.
    pub(super) fn key(&self, name: &str) -> Option<String> {
        let text = name.strip_prefix(&self.prefix)?.strip_prefix("k:")?.strip_suffix('}')?;
        let (rule, values) = text.split_once('{')?;
        let key = [rule, values].concat();
        (self.name(&key) == name).then_some(key)
    }

    /// A pattern for SCAN that finds all counters.
    pub(super) fn pattern(&self) -> String {
        let escaped = self.prefix.chars().flat_map(|c| "\\*?[]^-".contains(c).then_some('\\').into_iter().chain([c]));
        escaped.chain("k:*".chars()).collect()
    }

    /// The name of a key that only trials use, in the slot of the tag.
    pub(super) fn trial(&self, tag: &str) -> String {
        [&*self.prefix, "trial:{", tag, "}"].concat()
    }
}

/// `RULE:` and the rest. A key with no colon, or with nothing after it, has no rule: the whole key is the rest.
fn split(key: &str) -> (&str, &str) {
    match key.find(':').and_then(|colon| key.split_at_checked(colon + 1)) {
        Some((rule, values)) if !values.is_empty() && !rule.contains('{') => (rule, values),
        _ => ("", key),
    }
}

#[cfg(test)]
mod tests;
