//! `postseal-bench`: loads a milter with mail, as Postfix would.
//!
//! `load` sends messages over some connections and tells how long they took; `idle` opens connections, sends a message
//! over each and keeps them; `raw` tells what the cryptography alone costs, `sender` what owners and rewrite rules do,
//! `checks` what header checks cost for messages of many kinds, `limits` what limits in memory cost. Results are one line
//! of JSON on stdout. The exit status is 1 unless every message was accepted with the expected number of signatures.
//!
//! It runs on one thread, and tells its own CPU time: what the milter uses is measured from outside (`run.py`).

mod address;
mod checks;
mod idle;
mod in_process;
mod limits;
mod load;
mod macros;
mod mail;
mod postfix;
mod raw;
mod report;
mod sender;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use serde::Serialize;

/// Loads a milter with mail, as Postfix would.
#[derive(Debug, Parser)]
#[command(name = "postseal-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Checks(checks::Checks),
    Load(load::Load),
    Idle(idle::Idle),
    Limits(limits::Limits),
    Raw(raw::Raw),
    Sender(sender::Sender),
}

fn main() -> ExitCode {
    match run(&Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "postseal-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// True if all went as it should.
fn run(command: &Command) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match command {
        Command::Load(load) => {
            let report = runtime.block_on(load.run())?;
            print(&report)?;
            Ok(report.is_fine())
        }
        Command::Checks(checks) => print(&checks.run(&runtime)?).map(|()| true),
        Command::Idle(idle) => runtime.block_on(idle.run()).map(|()| true),
        Command::Sender(sender) => print(&runtime.block_on(sender.run())?).map(|()| true),
        Command::Limits(limits) => print(&runtime.block_on(limits.run())?).map(|()| true),
        Command::Raw(raw) => print(&raw.run()?).map(|()| true),
    }
}

/// One line of JSON, at once: whoever reads it may wait for it.
fn print(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(value)?).and_then(|()| out.flush()).context("standard output")
}
