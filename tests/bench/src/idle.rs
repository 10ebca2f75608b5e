//! `idle`: connections that have carried one message each and are kept open.

use std::collections::BTreeMap;
use std::io::{Read, stdin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::bail;
use clap::Args;
use tokio::task::JoinSet;

use crate::address::Address;
use crate::mail::{Kind, Mails};
use crate::postfix::Postfix;
use crate::print;

/// Opens connections, sends a message over each, prints a line, and keeps them until standard input ends
#[derive(Args, Clone, Debug)]
pub(crate) struct Idle {
    /// The milter: inet:HOST:PORT or unix:PATH
    #[arg(long)]
    pub(crate) address: Address,
    /// Connections to open
    #[arg(long)]
    pub(crate) connections: usize,
    /// Connections that are being opened at a time
    #[arg(long, default_value_t = 20)]
    pub(crate) at_a_time: usize,
    /// Octets of a body
    #[arg(long, default_value_t = 4096)]
    pub(crate) size: usize,
}

impl Idle {
    /// Opens the connections and waits.
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        let mails = Arc::new(Mails::new(self.size, Kind::Text));
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..self.at_a_time {
            workers.spawn(self.clone().open(mails.clone(), next.clone()));
        }
        let mut connections = Vec::with_capacity(self.connections);
        while let Some(opened) = workers.join_next().await {
            connections.extend(opened??);
        }
        print(&BTreeMap::from([("idle", connections.len())]))?;
        // Nothing else is to be done on this thread meanwhile.
        stdin().read_to_end(&mut Vec::new())?;
        Ok(())
    }

    async fn open(self, mails: Arc<Mails>, next: Arc<AtomicUsize>) -> anyhow::Result<Vec<Postfix>> {
        let mut connections = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= self.connections {
                return Ok(connections);
            }
            let mut postfix = Postfix::open(&self.address).await?;
            let outcome = postfix.message(&mails.number(number)).await?;
            if outcome.signatures != 1 {
                bail!("message {number}: {}, {} signatures", outcome.reply, outcome.signatures);
            }
            connections.push(postfix);
        }
    }
}
