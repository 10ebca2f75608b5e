//! `load`: messages over some connections, as fast as replies come or at a given rate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::address::Address;
use crate::mail::{Kind, Mails};
use crate::postfix::{Outcome, Postfix};
use crate::report::{Report, cpu_time};

/// Sends messages and tells how long they took
#[derive(Args, Clone, Debug)]
pub(crate) struct Load {
    /// The milter: inet:HOST:PORT or unix:PATH; of several, each connection takes the next
    #[arg(long, required = true)]
    pub(crate) address: Vec<Address>,
    /// Connections open at a time
    #[arg(long, default_value_t = 20)]
    pub(crate) connections: usize,
    /// Messages in all
    #[arg(long, default_value_t = 1000)]
    pub(crate) messages: usize,
    /// Messages sent over a connection before it is closed
    #[arg(long, default_value_t = 1)]
    pub(crate) messages_per_connection: usize,
    /// Octets of a body
    #[arg(long, default_value_t = 4096)]
    pub(crate) size: usize,
    /// What bodies are made of
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) body: Kind,
    /// Messages a second; as fast as replies come if it is left out
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// DKIM-Signature fields that each message must get
    #[arg(long, default_value_t = 1)]
    pub(crate) signatures: usize,
    /// Users (u0, u1, ...) who send in turn; messages may then be refused, and are counted by user
    #[arg(long)]
    pub(crate) users: Option<usize>,
    /// Number of the first of them
    #[arg(long, default_value_t = 0)]
    pub(crate) first_user: usize,
}

impl Load {
    /// Sends all messages.
    pub(crate) async fn run(&self) -> anyhow::Result<Report> {
        let mails = Arc::new(Mails::new(self.size, self.body));
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        let cpu = cpu_time()?;
        let begin = Instant::now();
        for _ in 0..self.connections {
            workers.spawn(self.clone().work(mails.clone(), next.clone(), begin));
        }
        let mut outcomes = Vec::with_capacity(self.messages);
        while let Some(done) = workers.join_next().await {
            outcomes.extend(done??);
        }
        let cpu = cpu_time()?.saturating_sub(cpu);
        Ok(Report::new(&outcomes, self.signatures, self.users, begin.elapsed(), cpu))
    }

    /// One SMTP client after the other, until all messages are sent.
    async fn work(self, mails: Arc<Mails>, next: Arc<AtomicUsize>, begin: Instant) -> anyhow::Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        loop {
            let first = next.fetch_add(self.messages_per_connection, Ordering::Relaxed);
            if first >= self.messages {
                return Ok(outcomes);
            }
            let due = self.due(begin, first).await;
            let turn = first / self.messages_per_connection % self.address.len().max(1);
            let address = self.address.get(turn).context("no address")?;
            let mut postfix = Postfix::open(address).await.with_context(|| format!("message {first}"))?;
            for number in first..self.messages.min(first + self.messages_per_connection) {
                let due = if number == first { due } else { self.due(begin, number).await };
                let user = self.users.map(|users| number % users);
                postfix.log_in(user.map(|user| self.first_user + user));
                let sent = postfix.message(&mails.number(number)).await;
                let mut outcome = sent.with_context(|| format!("message {number}"))?;
                outcome.user = user;
                if let Some(due) = due {
                    outcome.whole = due.elapsed();
                }
                outcomes.push(outcome);
            }
            postfix.close().await?;
        }
    }

    /// Waits for the moment at which a message is due. Its latency counts from there, so that a message that had to
    /// wait for a connection does not look fast.
    async fn due(&self, begin: Instant, number: usize) -> Option<Instant> {
        let due = begin + Duration::from_secs_f64(number as f64 / self.rate?);
        sleep_until(due.into()).await;
        Some(due)
    }
}
