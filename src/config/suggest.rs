//! "Did you mean": the nearest key or word that exists.

use figment::value::{Dict, Value};

use super::KeyPath;

/// The advice for a key that doesn't exist. `known` is a configuration that has every section.
pub(super) fn unknown_key(key: &KeyPath, name: &str, expected: &[&str], known: &Value) -> String {
    if let Some(near) = nearest(name, expected) {
        return format!("unknown key; did you mean `{near}`?");
    }
    // Often the key is right and the table is not.
    if let Some(section) = known.as_dict().and_then(|known| section_of(name, known)) {
        let inside = key.steps().len() > 1;
        return format!("unknown key{}; it belongs in [{section}]", if inside { " here" } else { "" });
    }
    if expected.is_empty() {
        return "unknown key".to_owned();
    }
    format!("unknown key; there are {}", quoted(expected))
}

/// The advice for a word that is not allowed there.
pub(super) fn unknown_word(word: &str, expected: &[&str]) -> String {
    match nearest(word, expected) {
        Some(near) => format!("expected one of {}; did you mean `{near}`?", quoted(expected)),
        None => format!("expected one of {}", quoted(expected)),
    }
}

/// The candidate most like the name of a key, if it is near enough to be meant.
pub(super) fn nearest<'a>(text: &str, candidates: &[&'a str]) -> Option<&'a str> {
    nearest_text(&snake_case(text), candidates)
}

/// The candidate most like the text, if it is near enough to be meant.
pub(super) fn nearest_text<'a>(text: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let distances = candidates.iter().map(|candidate| (strsim::osa_distance(text, candidate), *candidate));
    let (distance, best) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + text.chars().count() / 4).then_some(best)
}

fn snake_case(text: &str) -> String {
    text.to_lowercase().replace('-', "_")
}

/// The table that has the key, if only one has it.
fn section_of<'a>(name: &str, known: &'a Dict) -> Option<&'a str> {
    let name = snake_case(name);
    let has = |value: &Value| value.as_dict().is_some_and(|section| section.contains_key(&name));
    let mut sections = known.iter().filter(|(_, value)| has(value));
    let (section, _) = sections.next()?;
    sections.next().is_none().then_some(section)
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
