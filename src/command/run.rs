//! `postseal run`: the service, in the foreground, with its log on stdout.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

use anyhow::Context as _;
use clap::Args;
use tokio::runtime::Builder;

use super::Exit;
use crate::config::ConfigFlags;
use crate::daemon::{Daemon, Orders, StartError};
use crate::listener::Inherited;

/// For loading configuration and keys, and names of hosts; connections need none.
const BLOCKING_THREADS: usize = 8;

/// Runs the service in the foreground, with its log on stdout.
#[derive(Args, Debug)]
pub struct Run {
    #[command(flatten)]
    configuration: ConfigFlags,
}

impl Run {
    /// Returns when the service has ended. If the service can't start, the reason is written to `err`.
    ///
    /// # Errors
    /// If the system lacks something that every service needs.
    pub fn execute(self, err: &mut dyn Write) -> anyhow::Result<Exit> {
        // This changes the environment, so there must be no other thread yet.
        let inherited = Inherited::from_environment();
        let runtime = Builder::new_multi_thread()
            .thread_name("worker")
            .max_blocking_threads(BLOCKING_THREADS)
            .enable_all()
            .build()
            .context("can't start the runtime")?;
        let ended = runtime.block_on(async {
            let mut orders = Orders::from_signals().context("can't handle signals")?;
            // The log writes whole batches from one thread: the buffer and the lock of `io::stdout` would only cost time.
            let stdout = File::from(io::stdout().as_fd().try_clone_to_owned().context("stdout")?);
            let started = tokio::select! {
                started = Daemon::start(self.configuration, inherited, stdout) => started,
                () = orders.stopped() => return Ok(Exit::Fine),
            };
            match started {
                Ok(daemon) => {
                    daemon.run(orders).await;
                    Ok(Exit::Fine)
                }
                Err(error) => {
                    writeln!(err, "{error}")?;
                    Ok(if matches!(error, StartError::Config(_)) { Exit::Configuration } else { Exit::Problem })
                }
            }
        });
        // The remaining connections have been given up. A thread that still blocks is not waited for.
        runtime.shutdown_background();
        ended
    }
}
