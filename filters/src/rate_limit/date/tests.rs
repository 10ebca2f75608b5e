use super::*;

#[test]
fn days_are_counted() {
    for (text, days) in [
        ("1970-01-01", 0),
        ("2000-02-29", 11_016),
        ("2000-03-01", 11_017),
        ("2026-11-22", 20_779),
        ("2100-03-01", 47_541),
    ] {
        assert_eq!(text.parse::<Date>().unwrap().unix_seconds(), days * 86_400, "{text}");
    }
    for text in ["", "2026-02-29", "2026-13-01", "2026-1", "26-11-22", "2026-11-22-1", "2026-+1-02", "1969-12-31"] {
        assert!(text.parse::<Date>().is_err(), "{text}");
    }
}
