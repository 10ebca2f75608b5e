//! The way to a value in the configuration, such as `listener[0].role`.

use std::fmt;

use figment::value::Value;

/// Names of tables and keys from the outside in; an element of a list is named by its index.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPath(Vec<String>);

impl KeyPath {
    /// A path of these steps.
    pub fn new<S: Into<String>>(steps: impl IntoIterator<Item = S>) -> Self {
        Self(steps.into_iter().map(Into::into).collect())
    }

    /// One step further in.
    pub fn then(&self, step: impl ToString) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.to_string());
        Self(steps)
    }

    /// One step further out; nothing at the outermost.
    pub fn parent(&self) -> Option<Self> {
        let (_, outer) = self.0.split_last()?;
        Some(Self(outer.to_vec()))
    }

    /// The innermost step.
    pub fn last(&self) -> Option<&str> {
        self.0.last().map(String::as_str)
    }

    /// The steps from the outside in.
    pub fn steps(&self) -> &[String] {
        &self.0
    }

    /// True for the whole configuration.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn find<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(root, |value, step| match value {
            Value::Dict(_, dict) => dict.get(step),
            Value::Array(_, list) => list.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        for (depth, step) in self.0.iter().enumerate() {
            let index = depth > 0 && step.bytes().all(|byte| byte.is_ascii_digit());
            match step {
                _ if index => write!(f, "[{step}]")?,
                _ if depth > 0 => f.write_str(".").and_then(|()| write_key(f, step, bare))?,
                _ => write_key(f, step, bare)?,
            }
        }
        Ok(())
    }
}

fn write_key(f: &mut fmt::Formatter<'_>, key: &str, bare: impl Fn(char) -> bool) -> fmt::Result {
    if !key.is_empty() && key.chars().all(bare) { f.write_str(key) } else { write!(f, "{key:?}") }
}
