//! `postseal check-config`: says what the service would run with, and what is wrong with it.

use std::io::Write;

use clap::Args;

use super::{Configuration, Exit};

/// Checks the configuration and shows what is in force, and where each value was set.
#[derive(Args, Debug)]
pub struct CheckConfig {
    #[command(flatten)]
    configuration: Configuration,
}

impl CheckConfig {
    /// Prints the settings in force on `out`, mistakes and warnings on `err`.
    ///
    /// # Errors
    /// Those of the writers.
    pub fn execute(self, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let loaded = match self.configuration.load() {
            Ok(loaded) => loaded,
            Err(error) => {
                writeln!(err, "{error}")?;
                return Ok(Exit::Problem);
            }
        };
        loaded.write_effective(out)?;
        for warning in &loaded.warnings {
            writeln!(err, "warning: {warning}")?;
        }
        Ok(Exit::Fine)
    }
}
