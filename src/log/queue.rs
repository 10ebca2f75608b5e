//! The bounded queue between those who log and the thread that writes.
//!
//! One buffer is filled while the other is written, so a line costs no allocation here, and under load many lines cost
//! one system call.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus::IntCounter;

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
    /// The writer has nothing to do, and waits to be told of a line.
    idle: bool,
    writing: bool,
    closed: bool,
}

impl LogQueue {
    pub(super) fn new(dropped: IntCounter) -> Self {
        Self { state: Mutex::default(), filled: Condvar::new(), written: Condvar::new(), dropped }
    }

    /// Adds a line, or drops it if there is no room. Never waits for the writer.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.closed || state.waiting.len() + line.len() > CAPACITY {
            drop(state);
            self.dropped.inc();
            return;
        }
        let enough = state.waiting.len() < PLENTY && state.waiting.len() + line.len() >= PLENTY;
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

    /// Writes until the queue is closed.
    pub(super) fn run(&self, mut sink: impl Write) {
        let mut batch = Vec::new();
        let mut last = Instant::now();
        while let Some(lines) = self.next(&mut batch) {
            let result = write_all(&mut sink, &batch);
            batch.clear();
            batch.shrink_to(KEPT);
            self.lock().writing = false;
            self.written.notify_all();
            match result {
                // Where lines come fast, more gather meanwhile and go out together.
                Ok(()) if lines > 1 || last.elapsed() < PAUSE => self.gather(),
                Ok(()) => {}
                Err(_) => {
                    self.dropped.inc_by(lines);
                    std::thread::sleep(PAUSE_AFTER_ERROR);
                }
            }
            last = Instant::now();
        }
    }

    /// Lets lines come together for a while, unless there are plenty.
    fn gather(&self) {
        let few = |state: &mut QueueState| state.waiting.len() < PLENTY && !state.closed;
        drop(self.filled.wait_timeout_while(self.lock(), PAUSE, few));
    }

    /// Swaps the lines that wait with an empty batch.
    fn next(&self, batch: &mut Vec<u8>) -> Option<u64> {
        let idle = |state: &mut QueueState| {
            state.idle = state.waiting.is_empty() && !state.closed;
            state.idle
        };
        let mut state = self.filled.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if state.waiting.is_empty() {
            return None;
        }
        std::mem::swap(batch, &mut state.waiting);
        state.writing = true;
        Some(std::mem::take(&mut state.lines))
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As [`Write::write_all`], also for a pipe that somebody has set to non-blocking.
fn write_all(sink: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match sink.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
    sink.flush()
}

/// Octets that may wait: some 1,500 messages.
const CAPACITY: usize = 1 << 20;
/// Octets that are written without waiting for more.
const PLENTY: usize = CAPACITY / 4;
/// Octets of buffer that are kept after a burst.
const KEPT: usize = 64 << 10;
/// How long a line may wait for others, where they come fast.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);
