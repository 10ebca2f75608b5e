//! The command line: one file a subcommand, and the exit codes that scripts rely on.

pub mod check_config;
pub mod explain;
pub mod keygen;
pub mod limits;
pub mod run;
pub mod top;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::admin::client::{Client, ClientError};
use crate::config::ConfigFlags;

const MORE_HELP: &str = "\
Signals of the service:
  SIGHUP            loads the configuration again: all of it, or nothing if there is a mistake in it
  SIGTERM, SIGINT   ends the service after the messages in flight; a second one ends it at once

Exit status:
  0   all is well
  1   something is wrong with what it was given
  64  the command line makes no sense
  69  the running service can't be reached
  78  the service can't start with this configuration

Files:
  /etc/postseal/postseal.toml   configuration; postseal.toml(5) has every setting
  /etc/postseal/keys            keys, as keygen makes them

Environment:
  POSTSEAL__SECTION__KEY   sets one key over the file, such as POSTSEAL__LIMITS__CONNECTIONS=2000";

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine,
    /// The input has mistakes.
    Problem,
    /// The command line makes no sense.
    Usage,
    /// The running service can't be reached.
    Unreachable,
    /// The service can't start with this configuration.
    Configuration,
}

impl Exit {
    /// The exit code; those from 64 on are those of sysexits.h.
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Problem => 1,
            Self::Usage => 64,
            Self::Unreachable => 69,
            Self::Configuration => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Signs outgoing mail with DKIM, as a milter for Postfix and Sendmail.
#[derive(Debug, Parser)]
#[command(name = "postseal", version, disable_help_subcommand = true, after_long_help = MORE_HELP)]
struct Cli {
    #[command(subcommand)]
    command: PostsealCommand,
}

#[derive(Debug, Subcommand)]
enum PostsealCommand {
    CheckConfig(check_config::CheckConfig),
    Explain(explain::Explain),
    Keygen(keygen::Keygen),
    Limits(limits::LimitsCommand),
    Run(run::Run),
    Top(top::Top),
}

/// Talks to the service that runs with this configuration. `Err` is how the program ends; what is wrong is on `err`.
///
/// # Errors
/// If there can be no runtime, or nothing can be printed.
fn ask<T>(
    flags: &ConfigFlags, err: &mut dyn Write, talk: impl FnOnce(Client, Runtime) -> Result<T, ClientError>,
) -> anyhow::Result<Result<T, Exit>> {
    let loaded = match flags.load() {
        Ok(loaded) => loaded,
        Err(error) => {
            writeln!(err, "{error}")?;
            return Ok(Err(Exit::Configuration));
        }
    };
    let base = loaded.path.parent().unwrap_or_else(|| Path::new(""));
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let said = Client::new(&loaded.config.admin, base).and_then(|client| talk(client, runtime));
    said.map(Ok).or_else(|error| {
        writeln!(err, "{error}")?;
        let gone = matches!(error, ClientError::Unreachable { .. });
        Ok(Err(if gone { Exit::Unreachable } else { Exit::Problem }))
    })
}

/// The command line, for the generator of the manual.
pub fn command_line() -> clap::Command {
    Cli::command()
}

/// Does what the command line says: results on `out`, complaints on `err`.
pub fn execute(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return explain_usage(&error, out, err),
    };
    let result = match cli.command {
        PostsealCommand::CheckConfig(command) => command.execute(out, err),
        PostsealCommand::Explain(command) => command.execute(out, err),
        PostsealCommand::Keygen(command) => command.execute(out),
        PostsealCommand::Limits(command) => command.execute(out, err),
        PostsealCommand::Run(command) => command.execute(err),
        PostsealCommand::Top(command) => command.execute(out, err),
    };
    result.unwrap_or_else(|error| {
        // A closed pipe (`postseal .. | head`) is no reason to complain, and there is nobody to complain to.
        if !is_broken_pipe(&error) {
            let _ = writeln!(err, "postseal: {error:#}");
        }
        Exit::Problem
    })
}

/// Help and version were asked for and are results; everything else is a mistake.
fn explain_usage(error: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let text = error.render();
    let (written, exit) = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (write!(out, "{text}"), Exit::Fine),
        _ => (write!(err, "{text}"), Exit::Usage),
    };
    if written.is_ok() { exit } else { Exit::Problem }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}
