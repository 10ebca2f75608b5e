//! Writes the manual from its two sources: the help of the command line, and the commented `deploy/postseal.toml`.
//!
//! ```text
//! cargo run --example manual -- man DIR      DIR/postseal.8 and DIR/postseal.toml.5
//! cargo run --example manual -- docs         docs/configuration.md
//! ```
//!
//! `make man` and `make docs` call it. There is no other text to keep in step: a setting that is in the example is in
//! every form of the reference, and a test demands that the example has every setting.

mod commands;
mod markdown;
mod page;
mod reference;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let written = match arguments.as_slice() {
        ["man", folder] => write_pages(Path::new(folder)),
        ["docs"] => write_docs(),
        _ => {
            eprintln!("usage: manual man DIR | docs");
            return ExitCode::from(64);
        }
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("manual: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_pages(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("postseal.8"), commands::page(&postseal::command::command_line()))?;
    let reference = reference::Reference::read(&example()?);
    fs::write(folder.join("postseal.toml.5"), page::configuration(&reference))
}

fn write_docs() -> std::io::Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    fs::create_dir_all(&docs)?;
    fs::write(docs.join("configuration.md"), markdown::configuration(&reference::Reference::read(&example()?)))
}

fn example() -> std::io::Result<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/postseal.toml"))
}
