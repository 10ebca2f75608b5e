//! File descriptors when they run out.
//!
//! The system gives out the lowest free number. Listeners for MTAs leave the highest numbers alone, so that log, admin
//! port and files have descriptors while MTAs use up all others.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, RawFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::metrics::open_files_limit;

/// Descriptors that no connection of an MTA takes; of a small number, an eighth.
const MAX_RESERVED_DESCRIPTORS: u64 = 32;

/// The descriptors that are kept for other uses than connections of MTAs.
#[derive(Clone, Copy, Debug)]
pub struct DescriptorReserve {
    /// The first of them.
    first: RawFd,
}

impl DescriptorReserve {
    /// The reserve of this process, by its limit of open files.
    pub fn of_process() -> Self {
        let limit = open_files_limit().unwrap_or(u64::MAX);
        let first = limit - (limit / 8).min(MAX_RESERVED_DESCRIPTORS);
        Self { first: RawFd::try_from(first).unwrap_or(RawFd::MAX) }
    }

    /// Whether the next descriptor is not in the reserve. Takes any open one to try.
    pub fn is_untouched(self, any: &impl AsFd) -> bool {
        any.as_fd().try_clone_to_owned().is_ok_and(|next| next.as_raw_fd() < self.first)
    }
}

/// Whether an error says that the process or the machine has no descriptor left.
pub fn is_exhaustion(error: &io::Error) -> bool {
    matches!(Errno::from_raw(error.raw_os_error().unwrap_or_default()), Errno::EMFILE | Errno::ENFILE)
}

/// Whether a client waits for its connection to be taken. accept(2) needs a descriptor before it looks.
pub fn is_waited_for(socket: &impl AsFd) -> bool {
    let mut looked = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    poll(&mut looked, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
