use super::*;

#[test]
fn a_server_is_in_doubt_from_a_failure_of_any_until_it_answers() {
    let failures = FailureCount::default();
    let [one, two] = [ServerDoubt::new(&failures), ServerDoubt::new(&failures)];
    assert!(!one.begin().doubtful && !two.begin().doubtful);
    let before = two.begin();
    one.failed();
    assert!(one.begin().doubtful && two.begin().doubtful);
    two.answered(before);
    assert!(two.begin().doubtful, "an answer to a call from before the failure proves nothing");
    two.answered(two.begin());
    assert!(!two.begin().doubtful && one.begin().doubtful);
}
