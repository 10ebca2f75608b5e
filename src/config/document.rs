//! The text of the configuration file, and where in it a key stands.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml_edit::{ImDocument, Item, Table, TableLike, Value};

use super::KeyPath;
use super::problem::LocatedProblem;
use super::source::ValueSource;

/// A configuration file that is TOML.
pub(super) struct Document {
    text: SourceText,
    tree: ImDocument<String>,
}

struct SourceText {
    path: PathBuf,
    text: String,
    lines: Vec<usize>,
}

impl Document {
    /// Reads the text of the file at `path`; the error says where the text stops being TOML, and why.
    pub(super) fn parse(path: &Path, text: String) -> Result<Self, LocatedProblem> {
        let text = SourceText::new(path, text);
        match ImDocument::parse(text.text.clone()) {
            Ok(tree) => Ok(Self { text, tree }),
            Err(error) => {
                let source = text.position(error.span().map(|span| span.start));
                let reason: Vec<_> = error.message().lines().collect();
                Err(LocatedProblem::new(source, KeyPath::default(), format!("not TOML: {}", reason.join("; "))))
            }
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text.text
    }

    /// The place of the key, or of the innermost table around the key that has a place.
    pub(super) fn locate(&self, key: &KeyPath) -> ValueSource {
        let mut here = DocumentNode::Item(self.tree.as_item());
        let mut found = None;
        for step in key.steps() {
            let Some((next, span)) = here.step(step) else { break };
            found = span.or(found);
            here = next;
        }
        self.text.position(found.map(|span| span.start))
    }
}

#[derive(Clone, Copy)]
enum DocumentNode<'a> {
    Item(&'a Item),
    Table(&'a Table),
    Value(&'a Value),
}

impl<'a> DocumentNode<'a> {
    /// Goes one step further in; returns the place of the key, or of the element of a list.
    fn step(self, step: &str) -> Option<(Self, Option<Range<usize>>)> {
        if let Some(table) = self.table() {
            let (key, item) = table.get_key_value(step)?;
            // A table that is only opened by a longer name ([a.b] opens a) has no place of its own.
            return Some((DocumentNode::Item(item), key.span().or_else(|| item.span())));
        }
        let index: usize = step.parse().ok()?;
        if let DocumentNode::Item(Item::ArrayOfTables(tables)) = self {
            let table = tables.get(index)?;
            return Some((DocumentNode::Table(table), table.span()));
        }
        let value = self.value()?.as_array()?.get(index)?;
        Some((DocumentNode::Value(value), value.span()))
    }

    fn table(self) -> Option<&'a dyn TableLike> {
        match self {
            DocumentNode::Item(item) => item.as_table_like(),
            DocumentNode::Table(table) => Some(table),
            DocumentNode::Value(value) => value.as_inline_table().map(|table| table as &dyn TableLike),
        }
    }

    fn value(self) -> Option<&'a Value> {
        match self {
            DocumentNode::Item(item) => item.as_value(),
            DocumentNode::Table(_) => None,
            DocumentNode::Value(value) => Some(value),
        }
    }
}

impl SourceText {
    fn new(path: &Path, text: String) -> Self {
        let starts = text.match_indices('\n').map(|(end, _)| end + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        Self { path: path.to_owned(), text, lines }
    }

    /// Line and column of a byte offset; columns count characters.
    fn position(&self, offset: Option<usize>) -> ValueSource {
        let position = offset.and_then(|offset| {
            let line = self.lines.partition_point(|start| *start <= offset);
            let start = *self.lines.get(line.checked_sub(1)?)?;
            Some((line, self.text.get(start..offset)?.chars().count() + 1))
        });
        ValueSource::File { path: self.path.clone(), position }
    }
}
