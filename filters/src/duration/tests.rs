use super::*;

#[test]
fn durations_are_read_and_shown() {
    for (text, millis, shown) in [
        ("50ms", 50, "50ms"),
        ("8s", 8_000, "8s"),
        ("7210s", 7_210_000, "7210s"),
        ("120s", 120_000, "2m"),
        ("1h30m", 5_400_000, "90m"),
        ("7d", 604_800_000, "1w"),
        ("0s", 0, "0s"),
    ] {
        let duration = parse(text).unwrap();
        assert_eq!((duration.as_millis(), show(duration).as_str()), (millis, shown));
        assert_eq!(parse(shown), Ok(duration));
    }
}

#[test]
fn mistakes_are_named() {
    let advice = "write a number and ms, s, m, h, d or w, such as 8s or 1h30m";
    for text in ["", "s", "8 s", "8sec", "-8s", "1.5s", "8s5", "ä"] {
        let message = format!("`{text}` is not a duration; {advice}");
        assert_eq!(parse(text).unwrap_err().to_string(), message);
    }
    assert_eq!(parse("8").unwrap_err().to_string(), "`8` has no unit; write 8s for seconds");
    assert_eq!(parse("99999999999999999w"), Err(DurationError::TooLong("99999999999999999w".to_owned())));
}
