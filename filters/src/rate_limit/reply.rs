//! The reply to a client that is over a limit: a text with placeholders, and the time to wait in words.

use std::borrow::Cow;

use postseal_protocol::{Reply, Verdict};

use super::settings::BreachAction;

/// Octets of a template. A text of that length with its placeholders filled in is still one line of a reply.
const MAX_TEMPLATE_OCTETS: usize = 300;

/// The text of a reply, with `{rule}`, `{key}`, `{limit}`, `{count}`, `{used}` and `{wait}` in it.
#[derive(Clone, Debug, Default)]
pub(super) struct ReplyTemplate {
    parts: Vec<ReplyPart>,
}

#[derive(Clone, Debug)]
enum ReplyPart {
    Text(Box<str>),
    Place(Placeholder),
}

#[derive(Clone, Copy, Debug)]
enum Placeholder {
    Rule,
    Key,
    Limit,
    Count,
    Used,
    Wait,
}

/// The texts for the placeholders.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplyText<'a> {
    pub(super) rule: &'a str,
    pub(super) key: &'a str,
    /// The limit as it was written; empty if the key is blocked.
    pub(super) limit: &'a str,
    pub(super) count: &'a str,
    pub(super) used: u64,
    /// The time to wait in milliseconds; `None` if waiting does not help.
    pub(super) wait: Option<u64>,
}

impl ReplyText<'_> {
    /// The text where none is configured.
    pub(super) const DEFAULT: &'static str = "Sending limit reached ({rule}: {limit} {count}); try again {wait}";
}

impl ReplyTemplate {
    /// Reads a text with placeholders.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').ok_or("a `{` has no `}`")?;
            let place = match name {
                "rule" => Placeholder::Rule,
                "key" => Placeholder::Key,
                "limit" => Placeholder::Limit,
                "count" => Placeholder::Count,
                "used" => Placeholder::Used,
                "wait" => Placeholder::Wait,
                other => {
                    let known = "rule, key, limit, count, used, wait";
                    return Err(format!("`{{{other}}}` stands for nothing; known are {known}"));
                }
            };
            parts.extend([ReplyPart::Text(before.into()), ReplyPart::Place(place)]);
            rest = after;
        }
        parts.push(ReplyPart::Text(rest.into()));
        let template = Self { parts };
        if text.is_empty()
            || text.len() > MAX_TEMPLATE_OCTETS
            || !text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        {
            return Err(format!("expected 1 to {MAX_TEMPLATE_OCTETS} printable ASCII characters on one line"));
        }
        Ok(template)
    }

    fn fill(&self, text: &ReplyText<'_>) -> String {
        let fill = |part: &ReplyPart| match part {
            ReplyPart::Text(text) => text.to_string(),
            ReplyPart::Place(Placeholder::Rule) => text.rule.to_owned(),
            ReplyPart::Place(Placeholder::Key) => text.key.to_owned(),
            ReplyPart::Place(Placeholder::Limit) => text.limit.to_owned(),
            ReplyPart::Place(Placeholder::Count) => text.count.to_owned(),
            ReplyPart::Place(Placeholder::Used) => text.used.to_string(),
            ReplyPart::Place(Placeholder::Wait) => wait(text.wait).into_owned(),
        };
        self.parts.iter().map(fill).collect()
    }

    /// The reply of an action. A request that can never fit is refused for good, since waiting would not help.
    pub(super) fn reply(&self, action: BreachAction, never: bool, text: &ReplyText<'_>) -> Verdict {
        let filled = match (never, text.limit.is_empty()) {
            (true, _) => {
                format!("More than the sending limit allows at all ({}: {} {})", text.rule, text.limit, text.count)
            }
            (false, true) => format!("Sending is blocked ({}); try again {}", text.rule, wait(text.wait)),
            (false, false) => self.fill(text),
        };
        let filled: String = filled.chars().take(Reply::MAX_LINE_OCTETS).collect();
        let (code, enhanced) =
            if never || action == BreachAction::Reject { (550, (5, 7, 1)) } else { (450, (4, 7, 1)) };
        let fallback = if code == 450 { Verdict::TempFail } else { Verdict::Reject };
        Reply::new(code, enhanced, filled).map_or(fallback, Verdict::Reply)
    }
}

/// A time in words. It is rounded up, so that a client that waits so long is admitted.
pub(super) fn wait(millis: Option<u64>) -> Cow<'static, str> {
    let Some(millis) = millis else { return "later".into() };
    let seconds = millis.div_ceil(1_000).max(1);
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds.div_ceil(60), "minute"),
        7_200..172_800 => (seconds.div_ceil(3_600), "hour"),
        _ => (seconds.div_ceil(86_400), "day"),
    };
    format!("in {number} {unit}{}", if number == 1 { "" } else { "s" }).into()
}
