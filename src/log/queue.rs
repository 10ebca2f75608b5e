//! The bounded queue between the threads that log and the one that writes.
//!
//! One buffer is filled while the other is written, so a line costs no allocation here, and under load many lines cost
//! one system call.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Buf as _;
use prometheus::IntCounter;

/// Octets that may wait: some 1,500 messages.
const MAX_WAITING_OCTETS: usize = 1 << 20;
/// Octets that are written without waiting for more.
const PLENTY_OCTETS: usize = MAX_WAITING_OCTETS / 4;
/// Octets of buffer that are kept after a burst.
const MAX_KEPT_OCTETS: usize = 64 << 10;
/// How long a line may wait for others, where lines come fast.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);
/// The pause between two warnings about dropped lines.
const PAUSE_BETWEEN_WARNINGS: Duration = Duration::from_secs(10);

/// Lines that wait to be written.
pub(super) struct LogQueue {
    state: Mutex<QueueState>,
    filled: Condvar,
    written: Condvar,
    dropped: IntCounter,
}

#[derive(Default)]
struct QueueState {
    waiting: Vec<u8>,
    lines: u64,
    /// The writer has nothing to do, and waits for a line.
    idle: bool,
    writing: bool,
    closed: bool,
    /// Dropped lines that no warning has told of.
    untold: u64,
    /// The time before which there is no other warning.
    quiet_until: Option<Instant>,
}

/// What the writer has to write.
struct NextBatch {
    lines: u64,
    /// Dropped lines that a warning must tell of; 0 for no warning.
    untold: u64,
}

impl LogQueue {
    pub(super) fn new(dropped: IntCounter) -> Self {
        Self { state: Mutex::default(), filled: Condvar::new(), written: Condvar::new(), dropped }
    }

    /// Adds a line, or drops it if there is no room. Never waits for the writer.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.closed || state.waiting.len() + line.len() > MAX_WAITING_OCTETS {
            state.untold += 1;
            state.idle = false;
            drop(state);
            self.dropped.inc();
            self.filled.notify_one();
            return;
        }
        let enough = state.waiting.len() < PLENTY_OCTETS && state.waiting.len() + line.len() >= PLENTY_OCTETS;
        state.waiting.extend_from_slice(line);
        state.lines += 1;
        let wake = std::mem::take(&mut state.idle) || enough;
        drop(state);
        if wake {
            self.filled.notify_one();
        }
    }

    /// Waits until everything so far is written, but not longer than `patience`.
    pub(super) fn flush(&self, patience: Duration) {
        let busy = |state: &mut QueueState| state.writing || !state.waiting.is_empty();
        let waited = self.written.wait_timeout_while(self.lock(), patience, busy);
        drop(waited);
    }

    /// Ends the writer once everything is written.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Writes until the queue is closed. `warning` makes the line that tells how many lines were dropped.
    pub(super) fn run(&self, mut sink: impl Write, warning: impl Fn(u64) -> Vec<u8>) {
        let mut batch = Vec::new();
        let mut last = Instant::now();
        while let Some(NextBatch { lines, untold }) = self.next(&mut batch) {
            if untold > 0 {
                batch.extend_from_slice(&warning(untold));
            }
            let result = write_all(&mut sink, &batch);
            batch.clear();
            batch.shrink_to(MAX_KEPT_OCTETS);
            self.written_all(result.is_ok(), lines, untold);
            self.written.notify_all();
            match result {
                // Where lines come fast, a pause lets several go out together.
                Ok(()) if lines > 1 || last.elapsed() < PAUSE => self.gather(),
                Ok(()) => {}
                Err(_) => {
                    std::thread::sleep(PAUSE_AFTER_ERROR);
                }
            }
            last = Instant::now();
        }
    }

    /// Lets lines come together for a while, unless there are plenty.
    fn gather(&self) {
        let few = |state: &mut QueueState| state.waiting.len() < PLENTY_OCTETS && !state.closed;
        drop(self.filled.wait_timeout_while(self.lock(), PAUSE, few));
    }

    /// A batch is out, or lost.
    fn written_all(&self, done: bool, lines: u64, untold: u64) {
        let mut state = self.lock();
        state.writing = false;
        if !done {
            self.dropped.inc_by(lines);
            // Once the queue is closed, the last warning is not tried again.
            state.untold += if state.closed { 0 } else { lines + untold };
        }
    }

    /// Swaps the lines that wait with an empty batch. Waits until there is something to write.
    fn next(&self, batch: &mut Vec<u8>) -> Option<NextBatch> {
        let mut state = self.lock();
        loop {
            let quiet =
                state.quiet_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
            let warn = state.untold > 0 && (quiet.is_zero() || state.closed);
            if warn || !state.waiting.is_empty() {
                std::mem::swap(batch, &mut state.waiting);
                state.writing = true;
                let untold = if warn { std::mem::take(&mut state.untold) } else { 0 };
                if warn {
                    state.quiet_until = Some(Instant::now() + PAUSE_BETWEEN_WARNINGS);
                }
                return Some(NextBatch { lines: std::mem::take(&mut state.lines), untold });
            }
            if state.closed {
                return None;
            }
            state.idle = true;
            state = if state.untold > 0 {
                self.filled.wait_timeout(state, quiet).unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.filled.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
            state.idle = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As [`Write::write_all`], and works on a non-blocking pipe too.
fn write_all(sink: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match sink.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes.advance(written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
    sink.flush()
}
