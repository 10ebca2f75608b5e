//! `postseal keygen`: makes a signing key and the DNS record for it.

use std::io::Write;

use clap::Args;

use super::Exit;

/// Makes a signing key, and shows the DNS record and the configuration for it.
#[derive(Args, Debug)]
pub struct Keygen {
    /// Domain to sign for.
    domain: String,
}

impl Keygen {
    /// Writes the key file, prints the rest on `out`.
    ///
    /// # Errors
    /// If the key can't be made or written.
    pub fn execute(self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        writeln!(out, "{}", self.domain)?;
        Ok(Exit::Problem)
    }
}
