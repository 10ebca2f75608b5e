//! Which connections to the admin port stay open. A client that only waits never keeps another one out: if all seats are
//! taken, the client that waits longest is sent away, first from the address that has the most seats.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, Semaphore};

/// The connections of one door, TCP or unix socket.
pub(super) struct Seats {
    most: usize,
    table: Mutex<SeatTable>,
    /// Requests other than probes that may be answered at a time: half of the seats, so that somebody always waits.
    pub(super) work: Semaphore,
}

#[derive(Default)]
struct SeatTable {
    next: u64,
    taken: HashMap<u64, TakenSeat>,
}

struct TakenSeat {
    from: Option<IpAddr>,
    /// The time since which the client waits, sends a request or reads an answer; `None` while an answer is made.
    waits_since: Option<Instant>,
    sent_away: Arc<Notify>,
}

/// The seat of one connection. It becomes free when this is dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    sent_away: Arc<Notify>,
}

impl Seats {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, table: Mutex::default(), work: Semaphore::new((most / 2).max(1)) })
    }

    /// A seat for a client from this address, `None` on the unix socket.
    pub(super) fn take(self: &Arc<Self>, from: Option<IpAddr>) -> Option<Seat> {
        let sent_away = Arc::new(Notify::new());
        let mut table = self.table();
        if table.taken.len() >= self.most {
            table.send_one_away()?;
        }
        let number = table.next;
        table.next += 1;
        let taken = TakenSeat { from, waits_since: Some(Instant::now()), sent_away: Arc::clone(&sent_away) };
        table.taken.insert(number, taken);
        Some(Seat { seats: Arc::clone(self), number, sent_away })
    }

    /// Closes a connection for the sake of its file descriptor; false if nobody waits.
    pub(super) fn send_one_away(&self) -> bool {
        self.table().send_one_away().is_some()
    }

    fn table(&self) -> MutexGuard<'_, SeatTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SeatTable {
    /// Sends away the client that waits longest; `None` if nobody waits.
    fn send_one_away(&mut self) -> Option<()> {
        let leaving = self.longest_waiting().and_then(|number| self.taken.remove(&number))?;
        leaving.sent_away.notify_one();
        Some(())
    }

    fn longest_waiting(&self) -> Option<u64> {
        let mut shares: HashMap<Option<IpAddr>, usize> = HashMap::new();
        for seat in self.taken.values() {
            *shares.entry(seat.from).or_default() += 1;
        }
        let waiting = self.taken.iter().filter_map(|(number, seat)| Some((seat, seat.waits_since?, *number)));
        let key = |(seat, since, number): &(&TakenSeat, Instant, u64)| {
            (shares.get(&seat.from).copied(), Reverse(*since), Reverse(*number))
        };
        waiting.max_by_key(key).map(|(.., number)| number)
    }
}

impl Seat {
    /// The seats that this one is of.
    pub(super) fn seats(&self) -> &Seats {
        &self.seats
    }

    /// Tells whether an answer is in the making; nobody is sent away then.
    pub(super) fn set_working(&self, working: bool) {
        if let Some(seat) = self.seats.table().taken.get_mut(&self.number) {
            seat.waits_since = (!working).then(Instant::now);
        }
    }

    /// The time since which the client waits, `None` while an answer is made.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        self.seats.table().taken.get(&self.number).and_then(|seat| seat.waits_since)
    }

    /// Returns when the client has to leave.
    pub(super) async fn sent_away(&self) {
        self.sent_away.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.table().taken.remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
