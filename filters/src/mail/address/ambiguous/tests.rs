use super::is_ambiguous;
use crate::mail::address::mailboxes;

#[test]
fn what_readers_read_differently() {
    for (value, expected) in [
        ("alice@own.example", false),
        ("Alice <alice@own.example>", false),
        ("\"ceo@victim.example\" <alice@own.example>", false),
        ("alice@own.example (ceo@victim.example)", false),
        ("alice@own.example <alice@own.example>", false),
        ("Alice@Own.Example <alice@own.example>", false),
        ("'alice@own.example' <alice@own.example>", false),
        ("Alice [alice@own.example] <alice@own.example>", false),
        ("alice@own.example, Bob <bob@own.example>", false),
        ("Us: alice@own.example, bob@own.example;", false),
        ("<@relay.example:alice@own.example>", false),
        ("Alice (\"Al\") <alice@own.example>", false),
        ("Alice (a (b) c) <alice@own.example>", false),
        ("\"Al \\\"x\\\" Smith\" <alice@own.example>", false),
        ("(x) alice (boss@test.example) @ test . example (y)", false),
        // An address in the name that is not quoted.
        ("ceo@victim.example <alice@own.example>", true),
        ("The Boss ceo@victim.example <alice@own.example>", true),
        ("'ceo@victim.example' <alice@own.example>", true),
        ("bob@own.example, ceo@victim.example <alice@own.example>", true),
        ("alice@own.example ceo@victim.example <alice@own.example>", true),
        ("ceo @ victim.example <alice@own.example>", true),
        ("The ceo@victim.example team: alice@own.example;", true),
        // A backslash outside of quotes.
        ("a\\\"b <ceo@victim.example>\" <alice@own.example>", true),
        ("a\\<ceo@victim.example\\> <alice@own.example>", true),
        // Quotation marks and parentheses in comments.
        ("(\") <ceo@victim.example>, (\") <alice@own.example>", true),
        ("(\\\") .. (\\\") <alice@own.example>", true),
        ("(\\\" \") <alice@own.example>", true),
        ("(a\\) <ceo@victim.example>, b) <alice@own.example>", true),
        ("(a (b) <ceo@victim.example>, c) <alice@own.example>", true),
    ] {
        // A value that can't be read at all is as good as one that readers read differently.
        let found = mailboxes(value.as_bytes());
        let ambiguous = found.map_or(true, |found| is_ambiguous(value.as_bytes(), &found));
        assert_eq!(ambiguous, expected, "{value}");
    }
}
