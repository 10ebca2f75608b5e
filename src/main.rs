//! The `postseal` program.

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    postseal::command::execute(std::env::args_os(), &mut io::stdout(), &mut io::stderr()).into()
}
