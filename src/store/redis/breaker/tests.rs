use super::*;

#[test]
fn the_first_failure_opens_it_and_trials_close_it() {
    let breaker = Breaker::default();
    let now = Instant::now();
    assert!(!breaker.is_open());
    assert!(breaker.failed(now) && breaker.is_open());
    assert!(!breaker.failed(now), "calls that were under way don't open it again");
    assert!(breaker.succeeded(now) && !breaker.is_open());
}

#[test]
fn a_server_that_wavers_has_to_prove_itself_for_longer() {
    let breaker = Breaker::default();
    let mut now = Instant::now();
    for needed in [1, 2, 4, 8, 16, 16] {
        assert!(breaker.failed(now));
        for trial in 1..=needed {
            assert_eq!(breaker.succeeded(now), trial == needed, "{trial} of {needed}");
        }
        now += Duration::from_secs(1);
    }
    now += RELAPSE_TIME;
    assert!(breaker.failed(now) && breaker.succeeded(now), "after a good time one is enough again");
}

#[test]
fn trials_must_succeed_in_a_row() {
    let breaker = Breaker::default();
    let now = Instant::now();
    breaker.failed(now);
    breaker.succeeded(now);
    breaker.failed(now);
    assert!(!breaker.succeeded(now));
    breaker.failed(now);
    assert!(!breaker.succeeded(now));
    assert!(breaker.succeeded(now));
}
