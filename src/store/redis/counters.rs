//! The counters on the servers: calls of the scripts, from mail and from the background.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use postseal_filters::store::{Admission, Request, Return};
use tokio::time::timeout;

use super::codec;
use super::keys::RedisKeys;
use super::routes::slot;
use super::script::{ScriptCall, Scripts};
use super::server::{FailedCall, LateCall, MAX_LATENESS};
use super::servers::RedisServers;

/// The counters of one store. Cheap to clone.
#[derive(Clone)]
pub(super) struct Counters {
    pub(super) servers: Arc<RedisServers>,
    pub(super) scripts: Arc<Scripts>,
    pub(super) keys: RedisKeys,
    /// The time, if it is not the server's.
    pub(super) time: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
}

/// Requests, or returns, whose keys are in one slot: one script can do all of them.
pub(super) struct SlotGroup<T> {
    pub(super) slot: u16,
    /// The place of each request in the list that was divided.
    pub(super) numbers: Vec<usize>,
    pub(super) requests: Vec<T>,
}

impl Counters {
    /// Decides about requests whose keys are all in that slot.
    pub(super) async fn admit(
        &self, slot: u16, requests: &[Request<'_>], deadline: Instant,
    ) -> Result<Vec<Admission>, FailedCall> {
        let keys = requests.iter().map(|request| self.keys.name(request.key)).collect();
        let mut arguments = vec![self.time()];
        arguments.extend(requests.iter().map(codec::request));
        let call = ScriptCall { script: &self.scripts.admit, keys, arguments };
        match self.servers.run(slot, &call, deadline).await {
            Ok(reply) => codec::admissions(&reply, requests.len()).map_err(FailedCall::not_done),
            Err(mut failed) => {
                if let Some(late) = failed.late.take() {
                    let charges = requests.iter().map(|request| (request.key.to_owned(), request.cost)).collect();
                    tokio::spawn(self.clone().undo(late, charges));
                }
                Err(failed)
            }
        }
    }

    /// Waits for the late reply to a call that ran out of time. Another limiter has counted the mail by then, so the
    /// charges that the server has made after all are given back, on the same connection.
    async fn undo(self, late: LateCall, charges: Vec<(String, u64)>) {
        let Some((replies, mut connection)) = late.replies().await else { return };
        let admissions = replies.last().map(|reply| codec::admissions(reply, charges.len()));
        let Some(Ok(admissions)) = admissions else { return };
        let charged = charges.into_iter().zip(admissions).filter(|(_, admission)| admission.charged);
        let returns = charged.map(|((key, cost), admission)| Return { key, cost, at: admission.at, by: 0 }).collect();
        for group in self.by_slot(returns, |back: &Return| &back.key) {
            self.give_back_call(&group.requests, false).say(&mut connection, true);
        }
        // The connection stays open until the server has answered, or long enough for it to have read the commands. Nothing
        // more can be done without a reply.
        let _ = timeout(MAX_LATENESS, connection.replies()).await;
    }

    /// Gives back, wherever the keys are; `refused` if another part of the same call has just been refused. Returns
    /// the returns that certainly have not been given back, and the errors.
    pub(super) async fn give_back(
        &self, returns: Vec<Return>, refused: bool, deadline: Instant,
    ) -> (Vec<Return>, Vec<FailedCall>) {
        let groups = self.by_slot(returns, |back| &back.key);
        let results = join_all(groups.iter().map(|group| async move {
            self.servers.run(group.slot, &self.give_back_call(&group.requests, refused), deadline).await
        }));
        let (mut left, mut errors) = (Vec::new(), Vec::new());
        for (result, group) in results.await.into_iter().zip(groups) {
            let Err(failed) = result else { continue };
            if !failed.sent {
                left.extend(group.requests);
            }
            errors.push(failed);
        }
        (left, errors)
    }

    fn give_back_call(&self, returns: &[Return], refused: bool) -> ScriptCall<'_> {
        let mut arguments = vec![self.time()];
        arguments.extend(returns.iter().map(|back| codec::give_back(back, refused)));
        let keys = returns.iter().map(|back| self.keys.name(&back.key)).collect();
        ScriptCall { script: &self.scripts.give_back, keys, arguments }
    }

    /// Divides requests into groups that one script can do: one for each slot. Without a cluster there is one group.
    pub(super) fn by_slot<T>(&self, requests: Vec<T>, key: impl Fn(&T) -> &str) -> Vec<SlotGroup<T>> {
        if !self.servers.is_cluster() {
            return vec![SlotGroup { slot: 0, numbers: (0..requests.len()).collect(), requests }];
        }
        let mut groups: Vec<SlotGroup<T>> = Vec::new();
        for (number, request) in requests.into_iter().enumerate() {
            let slot = slot(&self.keys.name(key(&request)));
            match groups.iter_mut().find(|group| group.slot == slot) {
                Some(group) => {
                    group.numbers.push(number);
                    group.requests.push(request);
                }
                None => groups.push(SlotGroup { slot, numbers: vec![number], requests: vec![request] }),
            }
        }
        groups
    }

    /// The first argument of every script: the time, or nothing for the server's.
    pub(super) fn time(&self) -> Vec<u8> {
        self.time.as_ref().map_or_else(Vec::new, |time| time().to_string().into_bytes())
    }
}
