//! Giving back in the background: for callers that cannot wait, and for the time while a server fails.
//!
//! A charge that could not be given back counts until its window is over: the user may then send a little less, never
//! more. So giving back is tried again only if the server has certainly not done it, and only a bounded number of returns
//! is kept.

use std::time::{Duration, Instant};

use postseal_filters::store::Return;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::counters::Counters;

/// Bounds the queue, and also the returns that wait for a server to answer again.
const MAX_WAITING_RETURNS: usize = 4096;
/// When to try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Takes the returns that the background task gives back.
#[derive(Clone)]
pub(super) struct ReturnSender(mpsc::Sender<Vec<Return>>);

/// The end from which the background task reads.
pub(super) type ReturnQueue = mpsc::Receiver<Vec<Return>>;

impl ReturnSender {
    pub(super) fn new() -> (Self, ReturnQueue) {
        let (sender, queue) = mpsc::channel(MAX_WAITING_RETURNS);
        (Self(sender), queue)
    }

    /// False if there is no room.
    pub(super) fn put(&self, returns: Vec<Return>) -> bool {
        self.0.try_send(returns).is_ok()
    }
}

/// Gives back the returns in the queue until the queue is closed.
pub(super) async fn give_back(counters: Counters, mut queue: ReturnQueue) {
    let mut waiting: Vec<Return> = Vec::new();
    loop {
        tokio::select! {
            returns = queue.recv() => match returns {
                Some(returns) => waiting.extend(returns),
                None => return,
            },
            () = sleep(RETRY_AFTER), if !waiting.is_empty() => {}
        }
        while let Ok(returns) = queue.try_recv() {
            waiting.extend(returns);
        }
        let deadline = Instant::now() + counters.servers.timeout;
        waiting = counters.give_back(waiting, false, deadline).await.0;
        let lost = waiting.len().saturating_sub(MAX_WAITING_RETURNS);
        waiting.drain(..lost).for_each(|_| counters.servers.metrics.error("not_given_back"));
    }
}
