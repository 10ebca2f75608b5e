use super::*;

#[test]
fn answers() {
    let list = |numbers: &[i64]| RespValue::List(numbers.iter().copied().map(RespValue::Integer).collect());
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
        RespValue::Nil,
        RespValue::Integer(9),
        list(&[-1, 0, 1, -1, 0, 0, 0]),
        list(&[]),
        list(&[9]),
        list(&[9, 1, 0, 5, 1, 7]),
        list(&[9, 3, 0, 0, 0, 0, 0]),
        list(&[9, 1, 0, 0, -1, 0, 0]),
        RespValue::List(vec![RespValue::Nil]),
    ] {
        assert!(admissions(&bad, 1).is_err(), "{bad:?}");
    }
}

#[test]
fn what_a_key_holds_is_ours_or_nothing() {
    let mut octets = Vec::new();
    let mut put = |number: u64, size: usize| octets.extend_from_slice(&number.to_le_bytes()[..size]);
    [(1 << 52, 7), (8, 7), (1, 1), (2, 1), (60_000, 7), (5, 7), (0, 7), (0, 7), (100, 7), (2, 7), (200, 7), (3, 7)]
        .into_iter()
        .for_each(|(number, size)| put(number, size));
    let state = super::state(&octets).unwrap();
    assert_eq!((state.blocked_until, state.breach_until), (1 << 52, 8));
    assert_eq!(state.windows[0].limit, Limit { width: 60_000, quota: 5 });
    assert_eq!(state.windows[0].window.buckets(), [Bucket { end: 100, units: 2 }, Bucket { end: 200, units: 3 }]);
    for length in 0..octets.len() {
        assert!(super::state(&octets[..length]).is_none(), "cut at {length}");
    }
    octets.push(0);
    assert!(super::state(&octets).is_none());
}
