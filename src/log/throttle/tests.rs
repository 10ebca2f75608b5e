use super::*;

#[test]
fn one_passes_and_the_rest_are_counted() {
    let throttle = Throttle::new(Duration::from_secs(10));
    let start = Instant::now();
    let at = |seconds| throttle.pass_at(start + Duration::from_secs(seconds));
    assert_eq!([at(0), at(1), at(9), at(10), at(11), at(20)], [Some(0), None, None, Some(2), None, Some(1)]);
}
