use proptest::prelude::*;

use crate::mail::fold::*;

fn field(value: &str) -> HeaderField {
    HeaderField::new("References", value.to_owned())
}

#[test]
fn blank_lines_are_found_and_taken_out() {
    for (value, at, without) in [
        (" a\n \n b", Some(3), " a\n b"),
        (" a\n\t ", Some(3), " a"),
        (" a\n", Some(3), " a"),
        (" a\n b", None, " a\n b"),
        // An empty first line is legal.
        ("\n <1@a>", None, "\n <1@a>"),
        (" a  ", None, " a  "),
    ] {
        assert_eq!(blank_line(value.as_bytes()), at, "{value:?}");
        assert_eq!(without_blank_lines(&field(value)).unwrap(), without.as_bytes(), "{value:?}");
    }
}

#[test]
fn the_longest_line_is_998_octets_with_its_name() {
    let fits = 998 - "References:".len();
    assert_eq!(long_line(&field(&"x".repeat(fits))), None);
    assert_eq!(long_line(&field(&"x".repeat(fits + 1))), Some(fits));
    assert_eq!(long_line(&field(&format!(" a\n{}", "x".repeat(998)))), None);
    assert_eq!(long_line(&field(&format!(" a\n{}", "x".repeat(999)))), Some(3 + 998));
}

#[test]
fn a_word_that_is_too_long_stays() {
    assert_eq!(refolded(&field(&format!(" a {}", "x".repeat(999)))), None);
}

proptest! {
    /// Unfolding gives back the value; no line is too long or blank, and short lines stay.
    #[test]
    fn refolding_changes_nothing_but_folds(
        words in prop::collection::vec(("[ \t]{1,3}", "[a-z<>@\"]{1,60}"), 40..120),
        fold in 0usize..40,
    ) {
        let mut value = String::new();
        for (at, (space, word)) in words.iter().enumerate() {
            if at == fold && at > 0 {
                value.push('\n');
            }
            value.push_str(space);
            value.push_str(word);
        }
        let field = field(&value);
        let new = refolded(&field).unwrap();
        let unfolded = |value: &[u8]| value.iter().copied().filter(|octet| *octet != b'\n').collect::<Vec<_>>();
        prop_assert_eq!(unfolded(&new), unfolded(value.as_bytes()));
        prop_assert_eq!(blank_line(&new), None);
        let new = HeaderField::new("References", new);
        prop_assert_eq!(long_line(&new), None);
        if long_line(&field).is_none() {
            prop_assert_eq!(new, field);
        }
    }
}
