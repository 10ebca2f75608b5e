//! The counters on the servers: what the scripts do, called from mail and from the background.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use postseal_filters::store::{Admission, Request, Return};

use super::codec;
use super::keys::Keys;
use super::node::{Failed, Late};
use super::routes::slot;
use super::script::{Call, Scripts};
use super::servers::Servers;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Counters {
    pub(super) servers: Arc<Servers>,
    pub(super) scripts: Arc<Scripts>,
    pub(super) keys: Keys,
    /// The time, if it is not the server's.
    pub(super) time: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
}

impl Counters {
    /// Decides about requests whose keys are all in that slot.
    pub(super) async fn admit(
        &self,
        (slot, keys): (u16, Vec<String>),
        requests: &[Request<'_>],
        deadline: Instant,
    ) -> Result<Vec<Admission>, Failed> {
        let mut arguments = vec![self.time()];
        arguments.extend(requests.iter().map(codec::request));
        let call = Call { script: &self.scripts.admit, keys, arguments };
        match self.servers.run(slot, &call, deadline).await {
            Ok(reply) => codec::admissions(&reply, requests.len()).map_err(Failed::not_done),
            Err(mut failed) => {
                if let Some(late) = failed.late.take() {
                    let charges =
                        requests.iter().map(|request| (request.key.to_owned(), request.cost)).collect();
                    tokio::spawn(self.clone().undo(late, charges));
                }
                Err(failed)
            }
        }
    }

    /// Waits for the answer to a call that was given up. Another limiter has counted meanwhile, so what was charged
    /// after all is given back, on the same connection.
    async fn undo(self, late: Late, charges: Vec<(String, u64)>) {
        let Some((replies, mut connection)) = late.replies().await else { return };
        let admissions = replies.last().map(|reply| codec::admissions(reply, charges.len()));
        let Some(Ok(admissions)) = admissions else { return };
        let charged = charges.into_iter().zip(admissions).filter(|(_, admission)| admission.charged);
        let returns: Vec<_> =
            charged.map(|((key, cost), admission)| Return { key, cost, at: admission.at, by: 0 }).collect();
        for (_, returns) in self.by_slot(returns, |back| &back.key) {
            self.give_back_call(&returns, false).say(&mut connection, true);
        }
        // The server is slow, which is why we are here; nobody waits for this.
        let _ = connection.replies().await;
    }

    /// Gives back, wherever the keys are; `refused` if just now another part of the call was. What certainly has not been given back is returned, with the errors.
    pub(super) async fn give_back(
        &self,
        returns: Vec<Return>,
        refused: bool,
        deadline: Instant,
    ) -> (Vec<Return>, Vec<Failed>) {
        let groups = self.by_slot(returns, |back| &back.key);
        let calls = groups.iter().map(|(slot, returns)| async move {
            self.servers.run(*slot, &self.give_back_call(returns, refused), deadline).await.err()
        });
        let results = all(calls).await;
        let (mut left, mut errors) = (Vec::new(), Vec::new());
        for ((_, returns), failed) in groups.into_iter().zip(results) {
            let Some(failed) = failed else { continue };
            if !failed.sent {
                left.extend(returns);
            }
            errors.push(failed);
        }
        (left, errors)
    }

    fn give_back_call(&self, returns: &[Return], refused: bool) -> Call<'_> {
        let mut arguments = vec![self.time()];
        arguments.extend(returns.iter().map(|back| codec::give_back(back, refused)));
        let keys = returns.iter().map(|back| self.keys.name(&back.key)).collect();
        Call { script: &self.scripts.give_back, keys, arguments }
    }

    /// Puts together what one script can do: all that is in one slot. Without a cluster that is everything.
    pub(super) fn by_slot<T>(&self, items: Vec<T>, key: impl Fn(&T) -> &str) -> Vec<(u16, Vec<T>)> {
        if !self.servers.is_cluster() {
            return vec![(0, items)];
        }
        let mut groups: Vec<(u16, Vec<T>)> = Vec::new();
        for item in items {
            let slot = slot(&self.keys.name(key(&item)));
            match groups.iter_mut().find(|(known, _)| *known == slot) {
                Some((_, group)) => group.push(item),
                None => groups.push((slot, vec![item])),
            }
        }
        groups
    }

    /// The first argument of every script.
    pub(super) fn time(&self) -> Vec<u8> {
        self.time.as_ref().map(|time| time().to_string().into_bytes()).unwrap_or_default()
    }
}

/// Waits for all of them at the same time; results in order.
pub(super) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    type Running<F> = Result<<F as Future>::Output, Pin<Box<F>>>;
    let mut running: Vec<Running<F>> = futures.into_iter().map(|future| Err(Box::pin(future))).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for one in &mut running {
            if let Err(future) = one {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *one = Ok(output),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    running.into_iter().filter_map(Result::ok).collect()
}
