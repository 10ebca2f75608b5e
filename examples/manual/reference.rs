//! The commented example as a list of sections, each with its settings and what is said of them.
//!
//! What the example looks like is all that is known here; a new section or setting needs no change:
//!
//! ```text
//! # About the file itself: left out.
//!
//! # What is to be said first.
//!
//! # -----...            begins a section
//! # What it is for.
//! [section]             its table; "#[section]" if it is left out by default
//!
//! # What the settings mean. An empty "#" begins a new paragraph, indented lines are kept as they are.
//! #key = "default"
//! other = "example"     without the "#": there is no default
//! ```

/// The whole example.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    /// What is to be said first.
    pub(crate) intro: Vec<Block>,
    /// Sections in their order.
    pub(crate) sections: Vec<Section>,
}

/// What belongs to one table.
#[derive(Debug, Default)]
pub(crate) struct Section {
    /// The table header, such as `[dkim]`, without a `#`.
    pub(crate) table: String,
    /// What it is for.
    pub(crate) text: Vec<Block>,
    /// Settings in their order.
    pub(crate) entries: Vec<Entry>,
}

/// Settings that are explained together.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// What is said of them.
    pub(crate) text: Vec<Block>,
    /// `key = value`, or the header of a table within the section; several lines if the value has several.
    pub(crate) settings: Vec<Setting>,
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// As in the file, without a `#`.
    pub(crate) line: String,
    /// True if the value is the default.
    pub(crate) default: bool,
}

/// A piece of text.
#[derive(Debug, PartialEq)]
pub(crate) enum Block {
    /// Lines that may be wrapped anew.
    Paragraph(String),
    /// Lines that may not.
    Verbatim(Vec<String>),
}

impl Reference {
    /// Reads the example.
    pub(crate) fn read(example: &str) -> Self {
        let mut reference = Self::default();
        let mut section: Option<Section> = None;
        for chunk in chunks(example).into_iter().skip(1) {
            if chunk.first().is_some_and(|line| is_rule(line)) {
                reference.sections.extend(section.take());
                let entry = Entry::read(chunk.get(1..).unwrap_or_default());
                let table = entry.settings.first().map(|setting| setting.line.clone()).unwrap_or_default();
                section = Some(Section { table, text: entry.text, entries: Vec::new() });
                continue;
            }
            let entry = Entry::read(&chunk);
            match &mut section {
                Some(section) => section.entries.push(entry),
                None => reference.intro.extend(entry.text),
            }
        }
        reference.sections.extend(section);
        reference
    }
}

impl Entry {
    fn read(lines: &[&str]) -> Self {
        let mut entry = Self::default();
        let mut text = Vec::new();
        for line in lines {
            let open = entry.settings.last().is_some_and(|setting| !balanced(&setting.line));
            if let Some(setting) = entry.settings.last_mut().filter(|_| open) {
                let more = line.strip_prefix('#').unwrap_or(line);
                setting.line = format!("{}\n{more}", setting.line);
            } else if is_setting(line) {
                let default = line.starts_with('#');
                entry.settings.push(Setting { line: line.trim_start_matches('#').to_owned(), default });
            } else {
                text.push(line.strip_prefix('#').unwrap_or(line));
            }
        }
        entry.text = blocks(&text);
        entry
    }
}

/// The lines between empty ones.
fn chunks(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = text.lines().collect();
    lines.split(|line| line.is_empty()).filter(|chunk| !chunk.is_empty()).map(<[&str]>::to_vec).collect()
}

fn is_rule(line: &str) -> bool {
    line.strip_prefix("# ").is_some_and(|rest| rest.len() > 20 && rest.bytes().all(|byte| byte == b'-'))
}

/// `key = value` or `[table]`, with or without a `#` right before it. Prose has a space after the `#`.
fn is_setting(line: &str) -> bool {
    let line = line.strip_prefix('#').unwrap_or(line);
    let key = line.split_once('=').map_or("", |(key, _)| key.trim_end());
    let bare = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '"' | '-');
    line.starts_with('[') || (!key.is_empty() && key.chars().all(bare))
}

fn balanced(setting: &str) -> bool {
    let count = |c| setting.matches(c).count();
    count('[') == count(']') && count('{') == count('}') && setting.matches("\"\"\"").count().is_multiple_of(2)
}

fn blocks(lines: &[&str]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut fresh = true;
    for line in lines {
        let text = line.strip_prefix(' ').unwrap_or(line);
        match blocks.last_mut() {
            _ if text.is_empty() => fresh = true,
            Some(Block::Verbatim(all)) if text.starts_with(' ') => all.push(text.trim_start().to_owned()),
            Some(Block::Paragraph(all)) if !fresh && !text.starts_with(' ') => {
                all.push(' ');
                all.push_str(text);
            }
            _ if text.starts_with(' ') => blocks.push(Block::Verbatim(vec![text.trim_start().to_owned()])),
            _ => {
                blocks.push(Block::Paragraph(text.to_owned()));
                fresh = false;
            }
        }
    }
    blocks
}
