use super::*;

#[test]
fn reasons_beyond_the_bound_are_counted() {
    let mut report = Report { max_reasons: 3, ..Report::default() };
    for _ in 0..500 {
        report.add(Reason::new("sender", "rewritten"));
    }
    report.add(Reason::new("sender", "replaced"));
    report.add(Reason::new("dkim", "rewritten"));
    report.add(Reason::new("dkim", "rewritten"));
    let kept: Vec<_> = report.reasons.iter().map(ToString::to_string).collect();
    let first = "sender.rewritten";
    assert_eq!(kept, [first, first, first, "sender.replaced", "dkim.rewritten"]);
    assert_eq!(report.more_reasons, 498);
}

#[test]
fn a_long_detail_is_cut() {
    let mut report = Report::default();
    report.add(Reason { detail: Some("ü".repeat(70_000).into()), ..Reason::new("sender", "rewritten") });
    let detail = report.reasons[0].detail.as_deref().unwrap();
    assert_eq!(detail, format!("{}...", "ü".repeat(MAX_DETAIL_OCTETS / 2)));
}
