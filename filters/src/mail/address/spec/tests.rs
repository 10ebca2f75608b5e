use crate::mail::address::*;

fn spec(text: &str) -> AddrSpec {
    text.parse().unwrap()
}

#[test]
fn the_same_address_in_other_words() {
    let same = [
        ("Alice@Example.COM", "alice@example.com"),
        ("\"alice\"@example.com", "alice@example.com"),
        ("a@grüße.example", "A@xn--gre-6ka8l.example"),
        ("JÖRG@example.com", "jörg@example.com"),
    ];
    for (one, other) in same {
        assert_eq!(spec(one), spec(other));
        assert_eq!(spec(one).key(), spec(other).key());
    }
    assert_ne!(spec("alice@example.com"), spec("alice@example.org"));
    assert_ne!(spec("al.ice@example.com"), spec("alice@example.com"));
}

#[test]
fn written_so_that_it_is_read_again() {
    for (local, text) in [
        ("Joe.Doe+x", "Joe.Doe+x@example.com"),
        ("joe doe", "\"joe doe\"@example.com"),
        ("joe..doe", "\"joe..doe\"@example.com"),
        ("a@b", "\"a@b\"@example.com"),
        ("say \"\\\"", "\"say \\\"\\\\\\\"\"@example.com"),
        ("", "\"\"@example.com"),
        ("jörg", "jörg@example.com"),
    ] {
        let address = AddrSpec::new(local, "example.com").unwrap();
        assert_eq!(address.to_string(), text);
        assert_eq!(spec(text).local(), local);
    }
    assert_eq!(AddrSpec::new("a\nb", "example.com"), None);
    assert_eq!(AddrSpec::new("a", ""), None);
    assert_eq!(AddrSpec::new("a".repeat(513), "example.com"), None);
}

#[test]
fn alone_means_alone() {
    for text in ["", "a", "<a@example.com>", "a@example.com (x)", " a@example.com", "a @example.com", "a@b,c@d"] {
        assert_eq!(text.parse::<AddrSpec>(), Err(NotAddress), "{text:?}");
    }
    assert_eq!(AddrSpec::alone(b"root").unwrap().local, "root");
}

#[test]
fn only_the_places_change() {
    let value = b" A <a@x>,\n\tb@y (c)";
    let out = replaced(value, [(&(4..7), "one@two".to_owned()), (&(11..14), "q".to_owned())]);
    assert_eq!(out, b" A <one@two>,\n\tq (c)");
    assert_eq!(replaced(value, []), value);
}

#[test]
#[should_panic(expected = "mid > len")]
fn places_beyond_the_value_are_a_mistake() {
    replaced(b"abc", [(&(0..4), String::new())]);
}
