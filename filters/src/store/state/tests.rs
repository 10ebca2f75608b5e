use proptest::prelude::*;

use super::*;
use crate::store::window::Bucket;

fn states() -> impl Strategy<Value = KeyState> {
    let bucket = (0u64..1 << 45, 1..=MAX_UNITS);
    let window = prop::collection::vec(bucket, 0..17).prop_map(|mut buckets| {
        buckets.sort_unstable();
        Window::from_buckets(buckets.into_iter().map(|(end, units)| Bucket { end, units })).unwrap()
    });
    let counted = (any::<u64>(), any::<u64>(), window)
        .prop_map(|(width, quota, window)| Counted { limit: Limit { width, quota }, window });
    let state = (any::<u64>(), any::<u64>(), prop::collection::vec(counted, 0..4));
    state.prop_map(|(blocked_until, breach_until, windows)| KeyState { windows, blocked_until, breach_until })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_state_is_read_as_it_was_written(state in states()) {
        let mut octets = Vec::new();
        state.encode(&mut octets);
        prop_assert_eq!(KeyState::decode(&octets), Ok(state));
        for end in 0..octets.len() {
            prop_assert!(KeyState::decode(&octets[..end]).is_err());
        }
    }

    #[test]
    fn any_octets_are_a_state_or_refused(octets in prop::collection::vec(any::<u8>(), 0..300), now in 0u64..1 << 52) {
        if let Ok(mut state) = KeyState::decode(&octets) {
            let limits = [Limit { width: 1_000, quota: 5 }];
            let request = Request { key: "k", limits: &limits, cost: 1, block: 1, binding: true };
            let _ = (state.idle_from(), state.fullness());
            state.age(now);
            decide(now, &[request], std::slice::from_mut(&mut state));
            state.give_back(now, now, u64::MAX);
        }
    }
}

#[test]
fn a_usual_state_is_small() {
    let limits = [Limit { width: 3_600_000, quota: 100 }];
    let request = Request { key: "k", limits: &limits, cost: 1, block: 0, binding: true };
    let mut state = KeyState::default();
    for minute in 0..60 {
        decide(1_800_000_000_000 + minute * 60_000, &[request], std::slice::from_mut(&mut state));
    }
    let mut octets = Vec::new();
    state.encode(&mut octets);
    assert!(octets.len() < 60, "{} octets", octets.len());
}
