//! The reference of the configuration as a Markdown page.

use std::fmt::Write;

use super::reference::{Block, Reference};

/// `docs/configuration.md`.
pub(crate) fn configuration(reference: &Reference) -> String {
    let mut out = String::from(
        "# Configuration\n\n<!-- Made by `make docs` from deploy/postseal.toml; change that file instead. -->\n",
    );
    text(&mut out, &reference.intro);
    for section in &reference.sections {
        let _ = write!(out, "\n## `{}`\n", section.table);
        text(&mut out, &section.text);
        for entry in &section.entries {
            if !entry.settings.is_empty() {
                out.push_str("\n```toml\n");
                for setting in &entry.settings {
                    let note = if setting.default || setting.line.starts_with('[') { "" } else { "   # example" };
                    let _ = writeln!(out, "{}{note}", setting.line);
                }
                out.push_str("```\n");
            }
            text(&mut out, &entry.text);
        }
    }
    out
}

fn text(out: &mut String, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(text) => {
                let _ = write!(out, "\n{}\n", text.replace('*', "\\*").replace('<', "&lt;"));
            }
            Block::Verbatim(lines) => {
                let _ = write!(out, "\n```text\n{}\n```\n", lines.join("\n"));
            }
        }
    }
}
