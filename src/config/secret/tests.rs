use super::*;

#[test]
fn passwords_are_masked() {
    for (key, text, shown) in [
        ("url", "redis://:geheim@cache:6379/0", "redis://:***@cache:6379/0"),
        ("url", "rediss://app:p@ss:word@a,b?x=1", "rediss://app:***@a,b?x=1"),
        ("url", "`redis://token@cache` has no port", "`redis://:***@cache` has no port"),
        ("url", "redis://app:pass/word@cache:6379/0", "redis://app:***@cache:6379/0"),
        ("url", "redis://cache:6379", "redis://cache:6379"),
        ("file", "/etc/a@b:c.pem", "/etc/a@b:c.pem"),
        ("token", "geheim", "***"),
    ] {
        assert_eq!(masked(&KeyPath::new([key]), text), shown);
    }
}
