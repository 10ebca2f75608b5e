//! `postseal check-config`: prints the settings that the service would run with, and their mistakes.

use std::io::Write;

use clap::Args;

use super::Exit;
use crate::config::ConfigFlags;
use crate::keys::listing;
use crate::registry::Pipelines;
use crate::services::Services;
use crate::{secrets, store};

/// Checks the configuration and shows what is in force, and where each value was set.
#[derive(Args, Debug)]
pub struct CheckConfig {
    #[command(flatten)]
    configuration: ConfigFlags,
    /// Says what is wrong, and nothing else.
    #[arg(long)]
    quiet: bool,
}

impl CheckConfig {
    /// Prints the settings in force on `out`, mistakes and warnings on `err`.
    ///
    /// # Errors
    /// Those of the writers.
    pub fn execute(self, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let services = Services::offline()?;
        let checked = self.configuration.load().and_then(|mut loaded| {
            let built = Pipelines::build(&mut loaded, &services)?;
            secrets::admin_token(&mut loaded)?;
            secrets::webhook_url(&mut loaded)?;
            secrets::webhook_token(&mut loaded)?;
            store::login(&mut loaded)?;
            Ok((loaded, built.keys))
        });
        let (loaded, keys) = match checked {
            Ok(checked) => checked,
            Err(error) => {
                writeln!(err, "{error}")?;
                return Ok(Exit::Problem);
            }
        };
        if !self.quiet {
            loaded.write_effective(out)?;
            if let Some(keys) = keys {
                writeln!(out)?;
                listing::write(&keys.table(), out)?;
            }
        }
        for warning in &loaded.warnings {
            writeln!(err, "warning: {warning}")?;
        }
        Ok(Exit::Fine)
    }
}
