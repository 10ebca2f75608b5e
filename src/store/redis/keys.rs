//! Names of keys in Redis.
//!
//! A counter `RULE:VALUES` is called `PREFIXk:RULE:{VALUES}`: a cluster then has all that is counted of one user in one
//! slot, and one script decides on it.

/// Makes names.
#[derive(Clone)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
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
        let escaped =
            self.prefix.chars().flat_map(|c| "\\*?[]^-".contains(c).then_some('\\').into_iter().chain([c]));
        escaped.chain("k:*".chars()).collect()
    }

    /// The name of a key that nobody needs, in the slot of the tag.
    pub(super) fn trial(&self, tag: &str) -> String {
        [&*self.prefix, "trial:{", tag, "}"].concat()
    }
}

/// `RULE:` and the rest. Without a colon, or with nothing behind it, all of the key is the rest.
fn split(key: &str) -> (&str, &str) {
    match key.find(':').and_then(|colon| key.split_at_checked(colon + 1)) {
        Some((rule, values)) if !values.is_empty() && !rule.contains('{') => (rule, values),
        _ => ("", key),
    }
}

#[cfg(test)]
mod tests {
    use super::super::routes::slot;
    use super::*;

    #[test]
    fn a_name_leads_back_to_its_key() {
        let keys = Keys::new("post*seal:");
        for key in
            ["per-user:alice@example.com", "a:", "a", "a:{b", "a:b}c", "{x}:y", "r:x{1}:z", ":v", "", "r:ä"]
        {
            assert_eq!(keys.key(&keys.name(key)).as_deref(), Some(key), "{}", keys.name(key));
        }
        assert_eq!(keys.name("per-user:alice"), "post*seal:k:per-user:{alice}");
        assert_eq!(slot(&keys.name("per-user:alice")), slot(&keys.name("bytes:alice")));
        assert_eq!(keys.key("post*seal:trial:{0}"), None);
        assert_eq!(keys.key("post*seal:k:}{"), None);
        assert_eq!(keys.pattern(), "post\\*seal:k:*");
    }
}
