use std::time::Duration;

use super::*;

fn read(text: &str) -> Result<DkimSettings, String> {
    toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
}

fn errors(text: &str) -> Vec<String> {
    let errors = read(text).unwrap().plan().err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

const EXAMPLE: &str = r#"
headers = "default"
oversign = ["From", "Subject"]
canonicalization = "relaxed/simple"
expiry = "14d"
on_missing_key = "tempfail"
on_error = "reject"
on_from_multiple_fields = "pass"
key_refresh = "1m"
shadow = true

[[domain]]
domain = "Example.com"
keys = [
  { selector = "s2026", file = "/etc/postseal/keys/s.pem" },
  { selector = "e2026", file = "/etc/postseal/keys/e.pem" },
]

[[domain]]
domain = ".example.com"
signing_domain = "example.com"
identity = "@mail.example.com"
keys = [{ selector = "s2026", file = "/etc/postseal/keys/s.pem" }]

[[domain]]
address = "Newsletter@example.com"
signing_domain = "agency.example"
keys = [{ selector = "n", file = "n.pem" }]

[[domain]]
domain = "*"
signing_domain = "relay.example"
keys = [{ selector = "n", file = "n.pem" }]
"#;

#[test]
fn an_example_with_everything() {
    let settings = read(EXAMPLE).unwrap();
    assert_eq!(settings.expiry, Some(Duration::from_secs(14 * 86_400)));
    assert_eq!((settings.on_missing_key, settings.on_error), (UnsignedPolicy::Tempfail, OnError::Reject));
    assert_eq!(settings.key_refresh, Duration::from_secs(60));
    assert_eq!(settings.canonicalization.to_string(), "relaxed/simple");
    let plan = settings.plan().unwrap();
    let rules: Vec<_> = plan
        .rules
        .iter()
        .map(|rule| (rule.pattern.to_string(), rule.signing_domain.as_str(), rule.keys.len()))
        .collect();
    assert_eq!(
        rules,
        [
            ("example.com".to_owned(), "example.com", 2),
            (".example.com".to_owned(), "example.com", 1),
            ("newsletter@example.com".to_owned(), "agency.example", 1),
            ("*".to_owned(), "relay.example", 1),
        ]
    );
    assert_eq!(plan.rules[1].identity.as_ref().unwrap().as_str(), "@mail.example.com");
}

#[test]
fn what_is_written_is_read_back() {
    for text in ["", EXAMPLE, "expiry = \"none\"\nkey_dir = \"/keys\"\nheaders = [\"From\", \"X-Own\"]"] {
        let settings = read(text).unwrap();
        assert_eq!(read(&toml::to_string(&settings).unwrap()), Ok(settings));
    }
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let settings = DkimSettings::default();
    assert_eq!(read(""), Ok(settings.clone()));
    let text = toml::to_string(&settings).unwrap();
    for line in [
        "headers = \"default\"", "oversign = \"default\"", "canonicalization = \"relaxed/relaxed\"", "expiry = \"1w\"",
        "on_missing_key = \"pass\"", "on_error = \"tempfail\"", "key_refresh = \"10s\"", "shadow = false",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
    }
    assert!(read("key_dir = \"keys\"").unwrap().plan().unwrap().rules.is_empty());
}

#[test]
fn bad_values_are_named() {
    for (text, reason) in [
        ("headers = \"all\"", "invalid value: string \"all\", expected \"default\" or a list of header field names"),
        ("headers = [\"From\", \"Sub ject\"]", "is not the name of a header field"),
        ("oversign = [\"Bcc\"]", "Bcc changes on the way, so it must not be signed"),
        ("headers = [\"received\"]", "Received changes on the way, so it must not be signed"),
        ("canonicalization = \"relaxed\"", "is not relaxed/relaxed, relaxed/simple, simple/relaxed or simple/simple"),
        ("expiry = 7", "`7` has no unit; write 7s for seconds"),
        ("on_missing_key = \"bounce\"", "unknown variant `bounce`, expected one of `pass`, `tempfail`, `reject`"),
        (
            "[[domain]]\ndomain = \"*.example.com\"",
            "mixes * with a name; write .example.com for all subdomains of example.com, or * for everything",
        ),
        (
            "[[domain]]\ndomain = \"joe@example.com\"",
            "is an address; write address = \"joe@example.com\" instead of domain",
        ),
        ("[[domain]]\naddress = \"example.com\"", "is not an address such as newsletter@example.com"),
        ("[[domain]]\naddress = \"Joe <joe@example.com>\"", "is not an address such as newsletter@example.com"),
        (
            "[[domain]]\naddress = \"*@example.com\"",
            "is a pattern, but address is one address; write domain = \"example.com\" instead",
        ),
        (
            "[[domain]]\naddress = \"@example.com\"",
            "is a pattern, but address is one address; write domain = \"example.com\" instead",
        ),
        (
            "[[domain]]\naddress = \"sales-*@example.com\"",
            "is a pattern, but address is one address; write domain = \"example.com\" instead",
        ),
        (
            "[[domain]]\naddress = \"*@*.example.com\"",
            "is a pattern, but address is one address; write domain = \".example.com\" instead",
        ),
        (
            "[[domain]]\naddress = \"news@*.example.com\"",
            "is a pattern, but address is one address; write domain = \".example.com\" instead",
        ),
        (
            "[[domain]]\naddress = \"*.example.com\"",
            "is a pattern, but address is one address; write domain = \".example.com\" instead",
        ),
        ("[[domain]]\naddress = \"*\"", "is a pattern, but address is one address; write domain = \"*\" instead"),
        (
            "[[domain]]\naddress = \"a@ex*le.com\"",
            "is a pattern, but address is one address; write domain = \"*\" instead",
        ),
        (
            "[[domain]]\nkeys = [{ selector = \"mail._domainkey\", file = \"x\" }]",
            "has `_domainkey` in it, which stands behind the selector in DNS; write only `mail`",
        ),
        (
            "[[domain]]\nkeys = [{ selector = \"mail._domainkey.example.com\", file = \"x\" }]",
            "has `_domainkey` in it, which stands behind the selector in DNS; write only `mail`",
        ),
        ("[[domain]]\ndomain = \"exam ple.com\"", "has ' ', which can't be in a name: `exam ple.com`"),
        ("[[domain]]\nidentity = \"example.com\"", "is not an identity such as @example.com or list@example.com"),
        ("[[domain]]\nidentity = \"a b@example.com\"", "is not an identity such as @example.com or list@example.com"),
        ("[[domain]]\nkeys = [{ selector = \"a b\", file = \"x\" }]", "has ' ', which can't be in a name: `a b`"),
        ("[[domain]]\nkeys = [{ selector = \"a\" }]", "missing field `file`"),
    ] {
        assert_eq!(read(text).unwrap_err(), reason, "{text}");
    }
    assert!(read("sign = true").unwrap_err().starts_with("unknown field `sign`"));
}

#[test]
fn what_does_not_fit_together_is_named() {
    let long = "abcdefg.".repeat(30);
    let long =
        format!("key_dir = \"k\"\n[[domain]]\ndomain = \"{long}com\"\nkeys = [{{ selector = \"s\", file = \"f\" }}]");
    for (text, expected) in [
        ("", &["dkim: has no key to sign with; add a [[dkim.domain]] or key_dir, or leave the section out"][..]),
        (
            "key_dir = \"k\"\nheaders = [\"Subject\"]\nexpiry = \"0s\"\nkey_refresh = \"0s\"",
            &[
                "dkim.headers: lacks From, which every signature has to cover (RFC 6376 section 5.4)",
                "dkim.expiry: is less than a minute; a signature has to outlive the way; or write \"none\"",
                "dkim.key_refresh: must be at least 100ms",
            ],
        ),
        ("key_dir = \"k\"\n[[domain]]", &["dkim.domain[0]: has neither domain nor address"]),
        (
            "key_dir = \"k\"\n[[domain]]\ndomain = \"a.b\"\naddress = \"a@a.b\"",
            &["dkim.domain[0].address: is given beside domain; make two entries of it"],
        ),
        (
            "key_dir = \"k\"\n[[domain]]\ndomain = \"*\"",
            &["dkim.domain[0].signing_domain: is missing; `*` says for whom to sign, but not as whom"],
        ),
        (
            "key_dir = \"k\"\n[[domain]]\ndomain = \"a.b\"\nidentity = \"@b\"",
            &["dkim.domain[0].identity: must be in the signing domain a.b or below it (RFC 6376 section 3.5)"],
        ),
        (
            "key_dir = \"k\"\n[[domain]]\ndomain = \"*\"\nsigning_domain = \"*\"",
            &[
                "dkim.domain[0].signing_domain: is `*`, the domain in From, so keys must be given; key_dir needs no entry for \
               domains that sign as themselves",
            ],
        ),
        (
            "[[domain]]\ndomain = \"*\"\nidentity = \"@b\"\nkeys = [{ selector = \"s\", file = \"f\" }]",
            &[
                "dkim.domain[0].identity: needs a signing_domain that is always the same; without identity, the domain in \
               From is meant",
            ],
        ),
        (
            "key_dir = \"k\"\n[[domain]]\ndomain = \"s._domainkey.a.b\"\n[[domain]]\ndomain = \"a.b\"\n\
             signing_domain = \"_domainkey.a.b\"",
            &[
                "dkim.domain[0].domain: is the name of a DNS record; write \"a.b\"",
                "dkim.domain[1].signing_domain: is the name of a DNS record; write \"a.b\"",
            ],
        ),
        (
            "key_dir = \"k\"\n[[domain]]\ndomain = \"a.b\"\n[[domain]]\ndomain = \"a.b\"\nsigning_domain = \"c.d\"\n\
             [[domain]]\ndomain = \"A.B\"\nsigning_domain = \"C.D\"",
            &["dkim.domain[2].domain: dkim.domain[1] is for a.b already"],
        ),
        (
            "[[domain]]\ndomain = \"a.b\"",
            &["dkim.domain[0].keys: is empty, and there is no dkim.key_dir to take keys from"],
        ),
        (
            "key_dir = \"k\"\n[[domain]]\ndomain = \"a.b\"\n[[domain]]\ndomain = \"A.B\"",
            &["dkim.domain[1].domain: dkim.domain[0] is for a.b already"],
        ),
        (
            "[[domain]]\ndomain = \"a.b\"\nkeys = [{ selector = \"s\", file = \"f\" }, { selector = \"S\", file = \"\" }]",
            &[
                "dkim.domain[0].keys[1].selector: s is there twice; each key has its own",
                "dkim.domain[0].keys[1].file: is empty",
            ],
        ),
        (&long, &["dkim.domain[0].keys[0].selector: is too long for a DNS name together with the signing domain"]),
    ] {
        assert_eq!(errors(text), expected, "{text}");
    }
}

#[test]
fn a_star_in_quotes_is_an_address() {
    assert!(read("[[domain]]\naddress = '\"*\"@example.com'").is_ok());
}
