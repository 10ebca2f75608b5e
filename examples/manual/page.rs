//! Manual pages: man(7) with the few requests that every formatter knows, and postseal.toml(5).

use std::fmt::Write;

use super::reference::{Block, Reference, Setting};

/// A manual page being written.
pub(crate) struct Page(String);

impl Page {
    /// Begins a page.
    pub(crate) fn new(name: &str, section: u8, about: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let mut page = Self(format!(".TH {} {section} \"\" \"postseal {version}\"\n", name.to_uppercase()));
        page.section("NAME");
        page.line(&format!("{name} - {about}"));
        page
    }

    /// A heading.
    pub(crate) fn section(&mut self, title: &str) {
        let _ = writeln!(self.0, ".SH {}", escape(title));
    }

    /// A heading below that.
    pub(crate) fn subsection(&mut self, title: &str) {
        let _ = writeln!(self.0, ".SS {}", escape(title));
    }

    /// A paragraph.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.0.push_str(".PP\n");
        self.line(text);
    }

    /// A term in bold, and what it means.
    pub(crate) fn item(&mut self, terms: &[&str], text: &str) {
        self.terms(terms);
        self.line(text);
    }

    /// Lines as they are.
    pub(crate) fn verbatim<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        self.0.push_str(".PP\n.RS 4\n.nf\n");
        lines.into_iter().for_each(|line| self.line(line));
        self.0.push_str(".fi\n.RE\n");
    }

    /// The page.
    pub(crate) fn text(self) -> String {
        self.0
    }

    /// The next line begins the text that belongs to them.
    fn terms(&mut self, terms: &[&str]) {
        for (at, term) in terms.iter().enumerate() {
            let _ = writeln!(self.0, "{}\n.B {}", if at == 0 { ".TP" } else { ".TQ" }, escape(term));
        }
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.0, "{}", escape(text));
    }
}

/// postseal.toml(5).
pub(crate) fn configuration(reference: &Reference) -> String {
    let mut page = Page::new("postseal.toml", 5, "configuration of postseal");
    page.section("DESCRIPTION");
    write(&mut page, &reference.intro);
    for section in &reference.sections {
        page.section(&section.table);
        write(&mut page, &section.text);
        for entry in &section.entries {
            let tables = |setting: &&Setting| setting.line.starts_with('[');
            if let Some(table) = entry.settings.iter().find(tables) {
                page.subsection(&table.line);
                write(&mut page, &entry.text);
                let rest: Vec<&str> = entry.settings.iter().filter(|one| !tables(one)).map(term).collect();
                if !rest.is_empty() {
                    page.item(&rest, "As above.");
                }
                continue;
            }
            page.terms(&entry.settings.iter().map(term).collect::<Vec<_>>());
            if entry.settings.iter().any(|setting| !setting.default) {
                page.line("(An example; there is no default.)");
            }
            for (at, block) in entry.text.iter().enumerate() {
                match block {
                    Block::Paragraph(text) if at == 0 => page.line(text),
                    Block::Paragraph(text) => {
                        page.0.push_str(".IP\n");
                        page.line(text);
                    }
                    Block::Verbatim(lines) => {
                        page.0.push_str(".RS\n");
                        page.verbatim(lines.iter().map(String::as_str));
                        page.0.push_str(".RE\n");
                    }
                }
            }
        }
    }
    page.section("SEE ALSO");
    page.paragraph("postseal(8)");
    page.text()
}

fn term(setting: &Setting) -> &str {
    setting.line.lines().next().unwrap_or_default()
}

fn write(page: &mut Page, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(text) => page.paragraph(text),
            Block::Verbatim(lines) => page.verbatim(lines.iter().map(String::as_str)),
        }
    }
}

/// Text for a formatter: no request, no escape, and `-` stays the character that can be copied.
fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('"', "\\(dq");
    match text.chars().next() {
        Some('.') => format!("\\&{text}"),
        _ => text,
    }
}
