use super::*;

#[test]
fn only_a_running_service_without_problems_is_ready() {
    let health = Health::default();
    assert_eq!(health.unready().as_deref(), Some("starting"));
    health.set_phase(Phase::Running);
    assert_eq!(health.unready(), None);
    health.set_problem("keys", Some("none can be used".to_owned()));
    assert_eq!(health.unready().as_deref(), Some("keys: none can be used"));
    health.set_problem("keys", None);
    assert_eq!(health.unready(), None);
    health.set_phase(Phase::Draining);
    assert_eq!(health.unready().as_deref(), Some("draining"));
}
