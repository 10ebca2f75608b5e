use super::*;

#[test]
fn names_that_differ_in_case_only_are_one_name() {
    for (one, other) in [
        ("JÖRG", "jörg"),
        ("ПЁТР", "пётр"),
        ("ΝΙΚΟΣ", "νικος"),
        ("ΝΙΚΟΣ", "νικοσ"),
        ("Łukasz", "ŁUKASZ"),
        ("STRAẞE", "straße"),
        ("Alice@Own.Example", "alice@own.example"),
    ] {
        assert_eq!(folded(one), folded(other));
        assert_eq!(folded_octets(one.as_bytes()), folded_octets(other.as_bytes()));
        assert_eq!(folded(&folded(one)), folded(one), "twice");
    }
}

#[test]
fn no_letter_beyond_ascii_is_an_ascii_letter() {
    for c in ('\u{80}'..=char::MAX).filter(|c| !c.is_ascii()) {
        assert!(!small(c).is_ascii(), "{c}");
        assert_eq!(small(small(c)), small(c), "{c}");
    }
    assert_ne!(folded("\u{212a}ate"), folded("kate"));
    assert_ne!(folded("İlker"), folded("ilker"));
}

#[test]
fn octets_that_are_no_utf8_keep_their_case() {
    assert_eq!(*folded_octets(b"J\xd6RG"), *b"j\xd6rg");
    assert_ne!(folded_octets(b"J\xd6RG"), folded_octets(b"J\xf6RG"));
}
