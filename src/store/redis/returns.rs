//! Giving back in the background: for those who can't wait, and for when a server fails.
//!
//! What could not be given back keeps counting until its window is over: a user may then do a little less, never more.
//! So it is tried again only where the server certainly has not done it, and only so much of it is kept.

use std::time::{Duration, Instant};

use postseal_filters::store::Return;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::counters::Counters;

/// Where to put what is to be given back.
#[derive(Clone)]
pub(super) struct Returns(mpsc::Sender<Vec<Return>>);

/// The other end.
pub(super) type Queue = mpsc::Receiver<Vec<Return>>;

impl Returns {
    pub(super) fn new() -> (Self, Queue) {
        let (sender, queue) = mpsc::channel(MOST_WAITING);
        (Self(sender), queue)
    }

    /// False if there is no room.
    pub(super) fn put(&self, returns: Vec<Return>) -> bool {
        self.0.try_send(returns).is_ok()
    }
}

/// Gives back what is put into the queue, until that is closed.
pub(super) async fn give_back(counters: Counters, mut queue: Queue) {
    let mut waiting: Vec<Return> = Vec::new();
    loop {
        tokio::select! {
            returns = queue.recv() => match returns {
                Some(returns) => waiting.extend(returns),
                None => return,
            },
            () = sleep(AGAIN), if !waiting.is_empty() => {}
        }
        while let Ok(returns) = queue.try_recv() {
            waiting.extend(returns);
        }
        let deadline = Instant::now() + counters.servers.timeout;
        waiting = counters.give_back(waiting, false, deadline).await.0;
        let lost = waiting.len().saturating_sub(MOST_WAITING);
        waiting.drain(..lost).for_each(|_| counters.servers.metrics.error("not_given_back"));
    }
}

/// When to try again.
const AGAIN: Duration = Duration::from_secs(1);
/// How much may wait.
const MOST_WAITING: usize = 4096;
