use proptest::prelude::*;

use super::*;

#[test]
fn identifiers() {
    for value in
        [" <1@example.com>", "\n <a.b$c-d=e@[192.0.2.1]> (note)", " <\"a@b\"@c>", " <1@localhost>", " <\u{fc}@a>"]
    {
        assert_eq!(fault(value.as_bytes()), None, "{value}");
    }
    for (value, at, what) in [
        (" 1@example.com", 1, "no identifier in angle brackets"),
        (" (a", 0, "a comment that does not end"),
        (" <1example.com>", 1, "an identifier without @"),
        (" <1@>", 1, "an identifier with nothing beside its @"),
        (" <@example.com>", 1, "an identifier with nothing beside its @"),
        (" <1@b@example.com>", 1, "an identifier with several @"),
        (" <1 2@example.com>", 3, "white space in the identifier"),
        (" <1@exam\n ple.com>", 8, "white space in the identifier"),
        (" <<1@example.com>>", 2, "an angle bracket in the identifier"),
        (" <1@example.com", 15, "an identifier without its last angle bracket"),
        (" <1@example.com> <2@example.com>", 17, "more than one identifier"),
        (" <1@example.com> x", 17, "more than one identifier"),
        (" <>", 1, "an identifier without @"),
    ] {
        assert_eq!(fault(value.as_bytes()), Some((at, what)), "{value}");
    }
}

proptest! {
    #[test]
    fn any_octets(text in "[ <>@()a.\\\\\"]{0,30}", tail in prop::collection::vec(any::<u8>(), 0..20)) {
        let value = [text.as_bytes(), &tail].concat();
        let _ = fault(&value);
        prop_assert!(fault(&value).is_none_or(|(at, _)| at <= value.len()));
    }
}
