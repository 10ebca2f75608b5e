//! The manual says what there is: every setting of the example, every command and flag, in pages that formatters take.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::Command;

#[path = "../examples/manual/commands.rs"]
mod commands;
#[path = "../examples/manual/markdown.rs"]
mod markdown;
#[path = "../examples/manual/page.rs"]
mod page;
#[path = "../examples/manual/reference.rs"]
mod reference;

use reference::{Block, Reference};

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_reference_on_paper_is_that_of_the_example() {
    let made = markdown::configuration(&Reference::read(&file("deploy/postseal.toml")));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    if std::fs::read_to_string(&path).is_ok_and(|text| text == made) {
        return;
    }
    std::fs::write(&path, made).unwrap();
    panic!("docs/configuration.md was out of date; it is written anew: commit it");
}

#[test]
fn nothing_of_the_example_is_left_out() {
    let example = file("deploy/postseal.toml");
    let reference = Reference::read(&example);
    let (page, paper) = (page::configuration(&reference), markdown::configuration(&reference));
    let settings: Vec<&str> = reference
        .sections
        .iter()
        .flat_map(|section| &section.entries)
        .flat_map(|entry| &entry.settings)
        .map(|s| s.line.as_str())
        .collect();
    for line in example
        .lines()
        .filter(|line| line.trim_start_matches('#').starts_with(|c: char| c.is_ascii_lowercase() || c == '['))
    {
        let line = line.trim_start_matches('#');
        let table = reference.sections.iter().any(|section| section.table == line);
        assert!(
            table || settings.iter().any(|setting| setting.lines().any(|one| one == line)),
            "`{line}` is no setting"
        );
        assert!(paper.contains(line), "`{line}` is not in the reference");
    }
    let said = example.split_once("\n\n").unwrap().1;
    for word in said.lines().filter_map(|line| line.strip_prefix("# ")).flat_map(str::split_whitespace) {
        if word.chars().all(char::is_alphanumeric) {
            assert!(page.contains(word) && paper.contains(word), "`{word}` was lost");
        }
    }
}

#[test]
fn an_example_is_read_as_people_do() {
    let text = "# About the file.\n\n# Intro\n# goes on.\n#\n#     kept   as it is\n\n\n# --------------------------\n# For a.\n[a]\n\n\
                # One.\n#\n# Two:\n#   x  1\n#   y  2\n#one = [\n#  1,\n#]\ntwo = \"x\"\n\n# Below.\n#[[a.b]]\n";
    let reference = Reference::read(text);
    let paragraph = |text: &str| Block::Paragraph(text.to_owned());
    assert_eq!(reference.intro, [paragraph("Intro goes on."), Block::Verbatim(vec!["kept   as it is".to_owned()])]);
    let [section] = reference.sections.as_slice() else { panic!("{reference:?}") };
    assert_eq!((section.table.as_str(), &section.text), ("[a]", &vec![paragraph("For a.")]));
    let [both, table] = section.entries.as_slice() else { panic!("{section:?}") };
    let verbatim = Block::Verbatim(vec!["x  1".to_owned(), "y  2".to_owned()]);
    assert_eq!(both.text, [paragraph("One."), paragraph("Two:"), verbatim]);
    let settings: Vec<_> = both.settings.iter().map(|setting| (setting.line.as_str(), setting.default)).collect();
    assert_eq!(settings, [("one = [\n  1,\n]", true), ("two = \"x\"", false)]);
    assert_eq!(table.settings[0].line, "[[a.b]]");
}

#[test]
fn every_command_and_flag_has_its_line() {
    let program = postseal::command::command_line();
    let page = commands::page(&program);
    for command in program.get_subcommands() {
        assert!(
            page.contains(&format!("postseal {}", command.get_name()).replace('-', "\\-")),
            "{}",
            command.get_name()
        );
        for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
            assert!(page.contains(&format!("--{flag}").replace('-', "\\-")), "{flag}");
        }
    }
    for heading in ["SIGNALS OF THE SERVICE", "EXIT STATUS", "FILES", "ENVIRONMENT"] {
        assert!(page.contains(&format!(".SH {heading}\n")), "{heading}");
    }
}

#[test]
fn formatters_take_the_pages_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let pages = [
        ("postseal.8", commands::page(&postseal::command::command_line())),
        ("postseal.toml.5", page::configuration(&Reference::read(&file("deploy/postseal.toml")))),
    ];
    for (name, text) in pages {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let output = Command::new("groff").args(["-man", "-ww", "-z", "-Tutf8"]).arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{name}: {said}");
    }
}
