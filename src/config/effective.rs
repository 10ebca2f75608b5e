//! Writes a configuration as TOML that can be used again, with the source of each value behind it.

use std::io;

use serde::Serialize;
use toml_edit::{Item, TableLike, Value};

use super::KeyPath;
use super::secret;
use super::source::ValueSource;

/// The column of the comments that name the sources.
const COLUMN: usize = 42;

/// Writes the configuration; `source` knows where a key was set.
///
/// # Errors
/// Those of the writer.
pub(super) fn write(
    config: &impl Serialize, source: impl Fn(&KeyPath) -> ValueSource, out: &mut dyn io::Write,
) -> io::Result<()> {
    let document = toml_edit::ser::to_document(config).map_err(io::Error::other)?;
    let mut writer = EffectiveWriter { source, out, first: true };
    writer.table(document.as_table(), &KeyPath::default(), "")
}

struct EffectiveWriter<'a, S> {
    source: S,
    out: &'a mut dyn io::Write,
    first: bool,
}

impl<S: Fn(&KeyPath) -> ValueSource> EffectiveWriter<'_, S> {
    /// Values first, then the tables inside: in TOML a value after a table's head would belong to that table.
    fn table(&mut self, table: &dyn TableLike, here: &KeyPath, name: &str) -> io::Result<()> {
        let shapes: Vec<_> = table.iter().map(|(key, item)| (key, ValueShape::of(item))).collect();
        for (key, shape) in &shapes {
            if let ValueShape::Value(value) = shape {
                self.value(key, value, &here.then(key))?;
            }
        }
        for (key, shape) in shapes {
            let place = here.then(key);
            let name = if name.is_empty() { quoted(key) } else { format!("{name}.{}", quoted(key)) };
            match shape {
                ValueShape::Value(_) => {}
                ValueShape::Table(table) => {
                    self.head(&format!("[{name}]"))?;
                    self.table(table, &place, &name)?;
                }
                ValueShape::Tables(tables) => {
                    for (index, table) in tables.into_iter().enumerate() {
                        self.head(&format!("[[{name}]]"))?;
                        self.table(table, &place.then(index), &name)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn head(&mut self, head: &str) -> io::Result<()> {
        let gap = if std::mem::take(&mut self.first) { "" } else { "\n" };
        writeln!(self.out, "{gap}{head}")
    }

    fn value(&mut self, key: &str, value: &Value, place: &KeyPath) -> io::Result<()> {
        let setting = format!("{} = {}", quoted(key), value.to_string().trim());
        let setting = match secret::masked_value(place, &setting) {
            masked if masked == "***" => format!("{} = \"***\"", quoted(key)),
            masked => masked.into_owned(),
        };
        writeln!(self.out, "{setting:<COLUMN$}  # {}", (self.source)(place))
    }
}

/// The form in which a value is written.
enum ValueShape<'a> {
    Value(&'a Value),
    Table(&'a dyn TableLike),
    Tables(Vec<&'a dyn TableLike>),
}

impl<'a> ValueShape<'a> {
    fn of(item: &'a Item) -> Self {
        match item {
            Item::Value(Value::InlineTable(table)) => Self::Table(table),
            Item::Table(table) => Self::Table(table),
            Item::ArrayOfTables(tables) => Self::Tables(tables.iter().map(|table| table as _).collect()),
            Item::Value(Value::Array(list)) if !list.is_empty() => {
                let tables: Option<Vec<_>> =
                    list.iter().map(|value| value.as_inline_table().map(|table| table as _)).collect();
                tables.map_or_else(|| item.as_value().map_or(Self::Tables(Vec::new()), Self::Value), Self::Tables)
            }
            Item::Value(value) => Self::Value(value),
            Item::None => Self::Tables(Vec::new()),
        }
    }
}

fn quoted(key: &str) -> String {
    toml_edit::Key::new(key).display_repr().into_owned()
}
