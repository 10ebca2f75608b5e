//! The arguments and replies of the scripts, and the value of a key.
//!
//! The state of a key is encoded in three forms, each for its reader:
//! * The stores in memory and in a file keep it as LEB128 numbers with times as differences, because memory for each key
//!   counts most there (`filters/src/store/state/encoding.rs`).
//! * Redis keeps it as numbers of 7 octets, because `struct.unpack` of Lua then reads a whole window in one call:
//!   `lua/state.lua` has the layout and writes it, [`state`] reads it for `postseal limits`. A number of 7 octets is
//!   below 2^56, and all numbers here are below 2^53, so that Lua's doubles hold them exactly.
//! * While a script runs, each window is a flat Lua table in the order of that layout.
//!
//! Requests and returns go into the scripts as numbers of 8 octets; `lua/admit.lua` and `lua/give_back.lua` say which.

use postseal_filters::store::state::Counted;
use postseal_filters::store::window::{Bucket, MAX_UNITS, Window};
use postseal_filters::store::{Admission, KeyState, Limit, Request, Return, Standing, StoreError};

use super::resp::RespValue;

/// Lua counts in doubles, which hold every integer up to this one exactly.
const MAX_EXACT: u64 = 1 << 53;

/// The argument of `admit.lua` for a request.
pub(super) fn request(request: &Request<'_>) -> Vec<u8> {
    let mut packed = Vec::with_capacity(24 + 16 * request.limits.len());
    let mut number = |number: u64| packed.extend_from_slice(&number.min(MAX_EXACT).to_le_bytes());
    number(request.cost);
    number(request.block);
    number(u64::from(request.binding));
    for limit in request.limits {
        number(limit.width);
        number(limit.quota);
    }
    packed
}

/// The argument of `give_back.lua` for a return; `refused` if another part of its call was.
pub(super) fn give_back(back: &Return, refused: bool) -> Vec<u8> {
    let numbers = [back.cost.min(MAX_UNITS), back.at, u64::from(refused)];
    numbers.iter().flat_map(|number| number.min(&MAX_EXACT).to_le_bytes()).collect()
}

/// What `admit.lua` answers to so many requests.
pub(super) fn admissions(reply: &RespValue, count: usize) -> Result<Vec<Admission>, StoreError> {
    let strange = || StoreError::Answer("the script's answer is not what it should be".to_owned());
    let RespValue::List(values) = reply else { return Err(strange()) };
    let numbers = values.iter().map(integer).collect::<Option<Vec<_>>>().ok_or_else(strange)?;
    let (at, answers) = numbers.split_first().ok_or_else(strange)?;
    let at = u64::try_from(*at).map_err(|_| strange())?;
    let admissions: Option<Vec<_>> = answers.chunks(6).map(|answer| admission(at, answer)).collect();
    admissions.filter(|admissions| admissions.len() == count).ok_or_else(strange)
}

fn admission(at: u64, answer: &[i64]) -> Option<Admission> {
    let [verdict, charged, wait, limit, used, first] = *answer else { return None };
    let verdict = match verdict {
        0 => Standing::Within,
        1 => Standing::Over,
        2 => Standing::Blocked,
        _ => return None,
    };
    Some(Admission {
        verdict,
        charged: charged == 1,
        wait: u64::try_from(wait).ok(),
        limit: usize::try_from(limit).ok()?,
        used: u64::try_from(used).ok()?,
        first: first == 1,
        at,
        by: 0,
    })
}

fn integer(value: &RespValue) -> Option<i64> {
    match value {
        RespValue::Integer(number) => Some(*number),
        _ => None,
    }
}

/// Reads the value of a key. `None` if postseal has not written it.
pub(super) fn state(octets: &[u8]) -> Option<KeyState> {
    let mut rest = octets;
    let blocked_until = number(&mut rest, 7)?;
    let breach_until = number(&mut rest, 7)?;
    let mut windows = Vec::new();
    for _ in 0..number(&mut rest, 1)? {
        let slots = number(&mut rest, 1)?;
        let limit = Limit { width: number(&mut rest, 7)?, quota: number(&mut rest, 7)? };
        let _before = (number(&mut rest, 7)?, number(&mut rest, 7)?);
        let mut slot = || Some(Bucket { end: number(&mut rest, 7)?, units: number(&mut rest, 7)? });
        let slots: Option<Vec<_>> = (0..slots).map(|_| slot()).collect();
        windows.push(Counted { limit, window: Window::from_buckets(slots?)? });
    }
    rest.is_empty().then_some(KeyState { windows, blocked_until, breach_until })
}

fn number(rest: &mut &[u8], octets: usize) -> Option<u64> {
    let (number, tail) = rest.split_at_checked(octets)?;
    *rest = tail;
    let mut whole = [0; 8];
    whole.get_mut(..octets)?.copy_from_slice(number);
    Some(u64::from_le_bytes(whole))
}

#[cfg(test)]
mod tests;
