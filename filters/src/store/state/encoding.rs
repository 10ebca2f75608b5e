//! A state as octets. Three parts of the program read or write states, in two forms:
//!
//! | form | written by | read by | kept |
//! | --- | --- | --- | --- |
//! | LEB128, below | [`KeyState::encode`] | [`KeyState::decode`] | in the memory store and the state file |
//! | numbers of 7 octets | `lua/state.lua` | `lua/state.lua`, `codec.rs` of the Redis store | in values of keys in Redis |
//!
//! The first form is compact, since a process holds hundreds of thousands of states. All numbers are unsigned LEB128:
//!
//! ```text
//! blocked_until  breach_until  number of windows
//! for each window:  width  quota  number of buckets
//! for each bucket, oldest first:  end - end of the bucket before  units
//! ```
//!
//! Times are differences, so that most of them take one or two octets. The second form is one that Lua can pack and
//! unpack in one call.

use super::{Counted, KeyState};
use crate::store::window::{Bucket, MAX_BUCKETS, MAX_UNITS, Window};
use crate::store::{Limit, MAX_LIMITS_PER_KEY};

/// The octets are not a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the state of a key")]
pub struct Malformed;

impl KeyState {
    /// Appends the octets of the state.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.blocked_until, self.breach_until, self.windows.len() as u64] {
            put(out, number);
        }
        for Counted { limit, window } in &self.windows {
            let mut before = 0;
            for number in [limit.width, limit.quota, window.buckets().len() as u64] {
                put(out, number);
            }
            for bucket in window.buckets() {
                put(out, bucket.end.saturating_sub(before));
                put(out, bucket.units);
                before = bucket.end;
            }
        }
    }

    /// Reads a state.
    ///
    /// # Errors
    /// If [`encode`](Self::encode) can't have written the octets.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let mut rest = octets;
        let blocked_until = take(&mut rest)?;
        let breach_until = take(&mut rest)?;
        let windows = bounded(take(&mut rest)?, MAX_LIMITS_PER_KEY)?;
        let windows = (0..windows).map(|_| counted(&mut rest)).collect::<Result<_, _>>()?;
        if rest.is_empty() { Ok(Self { windows, blocked_until, breach_until }) } else { Err(Malformed) }
    }
}

fn counted(rest: &mut &[u8]) -> Result<Counted, Malformed> {
    let limit = Limit { width: take(rest)?, quota: take(rest)? };
    let buckets = bounded(take(rest)?, MAX_BUCKETS)?;
    let mut window = Window::default();
    let mut end = 0u64;
    for _ in 0..buckets {
        end = end.checked_add(take(rest)?).ok_or(Malformed)?;
        let units = take(rest)?;
        if units == 0 || units > MAX_UNITS {
            return Err(Malformed);
        }
        window.push(Bucket { end, units }).ok_or(Malformed)?;
    }
    Ok(Counted { limit, window })
}

fn bounded(number: u64, most: usize) -> Result<usize, Malformed> {
    usize::try_from(number).ok().filter(|number| *number <= most).ok_or(Malformed)
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (octet, tail) = rest.split_first().ok_or(Malformed)?;
        *rest = tail;
        let bits = u64::from(octet & 0x7f);
        number |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits).ok_or(Malformed)?;
        if octet & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Malformed)
}
