use super::*;

/// The place of the mistake, and the text about it.
fn mistakes(toml: &str) -> Vec<(String, String)> {
    let errors = rules(toml).unwrap_err();
    errors.into_iter().map(|error| (error.key.join("."), error.reason)).collect()
}

#[test]
fn what_does_not_fit_together_is_named() {
    let rule = "[[rate_limit]]\nname = \"a\"\n";
    for (toml, key, reason) in [
        ("name = \"a\"".to_owned(), "limit", "is required"),
        ("name = \"A\"\nlimit = \"1/1h\"".to_owned(), "name", "small letters"),
        ("name = \"a\"\nkey = []\nlimit = \"1/1h\"".to_owned(), "key", "is empty"),
        ("name = \"a\"\nkey = [\"user\", \"user\"]\nlimit = \"1/1h\"".to_owned(), "key", "twice"),
        ("name = \"a\"\nlimit = \"1MB/1h\"".to_owned(), "limit", "bytes"),
        ("name = \"a\"\nlimit = \"1/1h\"\nipv4_prefix = 33".to_owned(), "ipv4_prefix", "32"),
        ("name = \"a\"\nlimit = \"1/1h\"\nipv6_prefix = 129".to_owned(), "ipv6_prefix", "128"),
        ("name = \"a\"\nlimit = \"1/1h\"\nreply = \"{x}\"".to_owned(), "reply", "stands for nothing"),
        ("name = \"a\"\nlimit = \"1/1h\"\nreply = \"{rule\"".to_owned(), "reply", "no `}`"),
        ("name = \"a\"\nlimit = \"1/1h\"\nreply = \"zu viel für heute\"".to_owned(), "reply", "ASCII"),
        ("name = \"a\"\nlimit = \"1/1h\"\nexempt = [{}]".to_owned(), "exempt.0", "everybody"),
        ("name = \"a\"\nlimit = \"1/1h\"\norigin = []".to_owned(), "origin", "no mail"),
        ("name = \"a\"\nlimit = \"1/1h\"\naction = \"log\"\nblock = \"1h\"".to_owned(), "block", "never does"),
        ("name = \"a\"\nlimit = \"1/1h\"\nblock = \"0s\"".to_owned(), "block", "is no time"),
        ("name = \"a\"\nlimit = \"1/1h\"\noverride_file = \"gone\"".to_owned(), "override_file", "no such file"),
        ("name = \"a\"\nlimit = \"1/1h\"\n[[rate_limit.ramp]]".to_owned(), "ramp.0.start", "required"),
    ] {
        let found = mistakes(&format!("[[rate_limit]]\n{toml}"));
        let place = format!("rate_limit.0.{key}");
        assert!(found.iter().any(|(at, why)| *at == place && why.contains(reason)), "{toml}: {found:?}");
    }
    let twins = mistakes(&format!("{rule}limit = \"1/1h\"\n{rule}limit = \"2/1h\""));
    assert_eq!(twins[0].0, "rate_limit.1.name");
}

#[test]
fn limits_are_read() {
    use crate::rate_limit::Rates;
    for (text, quota, width) in [
        ("100/1h", 100, 3_600_000),
        ("5MB/1d", 5_000_000, 86_400_000),
        ("1 GiB / 90m", 1 << 30, 5_400_000),
        ("0/1s", 0, 1_000),
    ] {
        let rate: crate::rate_limit::Rate = text.parse().unwrap();
        let limits = Rates::new(vec![rate]).unwrap();
        assert_eq!((limits.limits()[0].quota, limits.limits()[0].width), (quota, width), "{text}");
        assert_eq!(limits.to_string(), text);
    }
    for (text, reason) in [
        ("100", "write a number, a slash and a time"),
        ("100/h", "is not a duration"),
        ("100/60", "has no unit"),
        ("1.5/1h", "write a number, a slash and a time"),
        ("x/1h", "write a number, a slash and a time"),
        ("-1/1h", "write a number, a slash and a time"),
        ("1/1ms", "at least 1s"),
        ("1/10000d", "at most 366d"),
        ("99999999999999999999/1h", "more than can be counted"),
        ("9999999GB/1h", "more than can be counted"),
        ("1/1h,2/60m", "for the same time"),
        ("1/1s,1/2s,1/3s,1/4s,1/5s", "1 to 4 limits"),
        ("", "1 to 4 limits"),
    ] {
        let error = Rates::parse(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn a_table_with_mistakes_names_their_lines() {
    let mut found = Vec::new();
    crate::rate_limit::overrides::read_table("a 1/1h\n\n# b\nc\nd 1/x\ne none\n", |line, entry| {
        found.push((line, entry.map(|(key, _)| key.to_owned()).map_err(drop)));
    });
    assert_eq!(found, [(1, Ok("a".to_owned())), (4, Err(())), (5, Err(())), (6, Ok("e".to_owned()))]);
}

#[test]
fn settings_are_written_as_they_were_read() {
    let toml = "name = \"a\"\nkey = [\"user\", \"{daemon_name}\", \"{j}\"]\nlimit = [\"1/1h\", \"2/1d\"]\n\
                block = \"1d\"\n[override]\nx = \"none\"\ny = [\"1/1m\", \"2/1h\"]\n\
                [[ramp]]\nrecipient_domain = [\"gmail.com\"]\nstart = \"2026-11-22\"\nschedule = [\"1/1d\"]\n";
    let settings: RateLimitSettings = toml::from_str(toml).unwrap();
    let again: RateLimitSettings = toml::from_str(&toml::to_string(&settings).unwrap()).unwrap();
    assert_eq!(settings, again);
    assert!(
        toml::from_str::<RateLimitSettings>("key = [\"usr\"]").unwrap_err().to_string().contains("can't be counted by")
    );
}
