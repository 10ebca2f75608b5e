//! What goes into the scripts and comes out of them, and what a key holds.

use postseal_filters::store::state::Counted;
use postseal_filters::store::window::{Bucket, MAX_UNITS, Window};
use postseal_filters::store::{Admission, KeyState, Limit, Request, Return, Standing, StoreError};

use super::resp::Value;

/// The argument of `admit.lua` for a request.
pub(super) fn request(request: &Request<'_>) -> Vec<u8> {
    let mut packed = Vec::with_capacity(24 + 16 * request.limits.len());
    let mut number = |number: u64| packed.extend_from_slice(&number.min(MOST).to_le_bytes());
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
    numbers.iter().flat_map(|number| number.min(&MOST).to_le_bytes()).collect()
}

/// What `admit.lua` answers to so many requests.
pub(super) fn admissions(reply: &Value, count: usize) -> Result<Vec<Admission>, StoreError> {
    let strange = || StoreError::Answer("the script's answer is not what it should be".to_owned());
    let Value::List(values) = reply else { return Err(strange()) };
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

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}

/// What a key holds: the layout is in `lua/state.lua`. `None` if it is none of ours.
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

/// The script counts in doubles: beyond this they have gaps.
const MOST: u64 = 1 << 53;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let list = |numbers: &[i64]| Value::List(numbers.iter().copied().map(Value::Integer).collect());
        let good = admissions(&list(&[9, 1, 0, 5, 1, 7, 1, 2, 0, -1, 0, 0, 0]), 2);
        let over = Admission {
            verdict: Standing::Over,
            wait: Some(5),
            limit: 1,
            used: 7,
            first: true,
            at: 9,
            ..Admission::default()
        };
        let blocked = Admission { verdict: Standing::Blocked, at: 9, ..Admission::default() };
        assert_eq!(good, Ok(vec![over, blocked]));
        let within = Admission { charged: true, limit: 1, used: 7, at: 9, ..Admission::default() };
        assert_eq!(admissions(&list(&[9, 0, 1, -1, 1, 7, 0]), 1), Ok(vec![within]));
        for bad in [
            Value::Nil,
            Value::Integer(9),
            list(&[-1, 0, 1, -1, 0, 0, 0]),
            list(&[]),
            list(&[9]),
            list(&[9, 1, 0, 5, 1, 7]),
            list(&[9, 3, 0, 0, 0, 0, 0]),
            list(&[9, 1, 0, 0, -1, 0, 0]),
            Value::List(vec![Value::Nil]),
        ] {
            assert!(admissions(&bad, 1).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_a_key_holds_is_ours_or_nothing() {
        let mut octets = Vec::new();
        let mut put = |number: u64, size: usize| octets.extend_from_slice(&number.to_le_bytes()[..size]);
        [
            (1 << 52, 7),
            (8, 7),
            (1, 1),
            (2, 1),
            (60_000, 7),
            (5, 7),
            (0, 7),
            (0, 7),
            (100, 7),
            (2, 7),
            (200, 7),
            (3, 7),
        ]
        .into_iter()
        .for_each(|(number, size)| put(number, size));
        let state = super::state(&octets).unwrap();
        assert_eq!((state.blocked_until, state.breach_until), (1 << 52, 8));
        assert_eq!(state.windows[0].limit, Limit { width: 60_000, quota: 5 });
        assert_eq!(
            state.windows[0].window.buckets(),
            [Bucket { end: 100, units: 2 }, Bucket { end: 200, units: 3 }]
        );
        for length in 0..octets.len() {
            assert!(super::state(&octets[..length]).is_none(), "cut at {length}");
        }
        octets.push(0);
        assert!(super::state(&octets).is_none());
    }
}
