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

#[test]
fn a_url_that_cannot_be_read_is_masked_from_its_host_on() {
    for (key, text, shown) in [
        (["store", "url"], "\"redis://user:PASSWORD\"", "\"redis://***\""),
        (["store", "url"], "\"redis+unix:///run/r.sock?db=1&password=PASSWORD\"", "\"redis+unix://***\""),
        (["store", "url"], "'redis://user:PASS WORD'", "'redis://***'"),
        (["store", "url"], "redis:user:PASSWORD@host", "redis:***"),
        (["store", "url"], "url = \"rediss://app:PASSWORD@cache:6379\"", "url = \"rediss://app:***@cache:6379\""),
        (["store", "url"], "\"file:state.redb\"", "\"file:state.redb\""),
        (["store", "url"], "\"memory:\"", "\"memory:\""),
        (["webhook", "url"], "url = \"https://hooks.example/T0/B1/SECRET?x=1\"", "url = \"https://hooks.example/***\""),
        (["webhook", "url"], "\"https://hooks.example:8443?key=SECRET\"", "\"https://hooks.example:8443/***\""),
        (["webhook", "url"], "\"https://hooks.example/\"", "\"https://hooks.example/\""),
        (["webhook", "url"], "\"https://user:SECRET@hooks.example/x\"", "\"https://***\""),
        (["webhook", "url"], "\"https://hooks.example/SECRET with blanks\"", "\"https://***\""),
        (["webhook", "url"], "\"ftp://hooks.example/SECRET\"", "\"ftp://***\""),
    ] {
        assert_eq!(masked_value(&KeyPath::new(key), text), shown, "{text}");
    }
}

#[test]
fn a_reason_quotes_no_part_of_such_a_url() {
    for (text, shown) in [
        ("`PASSWORD` is not a port", "`***` is not a port"),
        ("`password=PASSWORD` is no parameter; there is `db=N`", "`***` is no parameter; there is `db=N`"),
        ("`reddis:` is no store; did you mean `redis://`?", "`reddis:` is no store; did you mean `redis://`?"),
    ] {
        assert_eq!(masked_reason(&KeyPath::new(["store", "url"]), text), shown);
    }
    assert_eq!(masked_reason(&KeyPath::new(["log", "level"]), "`x` is no level"), "`x` is no level");
}
