use proptest::prelude::*;

use crate::mail::address::mailboxes;
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
    assert_eq!(long_line(&field(&"x".repeat(fits)), 998), None);
    assert_eq!(long_line(&field(&"x".repeat(fits + 1)), 998), Some(fits));
    assert_eq!(long_line(&field(&format!(" a\n{}", "x".repeat(998))), 998), None);
    assert_eq!(long_line(&field(&format!(" a\n{}", "x".repeat(999))), 998), Some(3 + 998));
}

/// The lines of the refolded value.
fn folded(name: &'static str, value: &str) -> Vec<String> {
    let field = HeaderField::new(name, value.to_owned());
    let new = String::from_utf8(refolded(&field).expect("a fold is possible")).unwrap();
    assert_eq!(blank_line(new.as_bytes()), None);
    new.split('\n').map(str::to_owned).collect()
}

fn numbered(count: usize, entry: impl Fn(usize) -> String, between: &str) -> String {
    (0..count).map(entry).collect::<Vec<_>>().join(between)
}

#[test]
fn lists_without_white_space_are_folded_between_their_entries() {
    let mail = |number| format!("user{number}@example.net");
    let id = |number| format!("<{number:032}@mail.example.com>");
    let url = |number| format!("<https://news.example.com/u,{number}/{}>", "x".repeat(600));
    for (name, count, entry, between) in [
        ("To", 90, &mail as &dyn Fn(usize) -> String, ","),
        ("Reply-To", 90, &mail, ","),
        ("Cc", 40, &|number| format!("\"User, {number}\"<user{number}@example.net>"), ","),
        ("To", 40, &|number| format!("=?utf-8?Q?M=C3=BCller,_{number}?=<user{number}@example.net>"), ","),
        ("Bcc", 40, &|number| format!("<@a.example,@b.example:user{number}@example.net>"), ","),
        ("References", 40, &id, ""),
        ("In-Reply-To", 40, &id, ""),
        ("References", 40, &id, ","),
        ("List-Unsubscribe", 2, &url, ","),
        ("List-Post", 2, &url, ","),
        ("Authentication-Results", 60, &|number| format!("spf=pass(a;b)a.b=\"c;d{number}\""), ";"),
        ("Content-Type", 90, &|number| format!("name*{number}=\"a;b c\""), ";"),
        ("Keywords", 200, &|number| format!("word{number}"), ","),
    ] {
        let value = format!(" {}", numbered(count, entry, between));
        let lines = folded(name, &value);
        assert!(lines.len() > 1, "{name}");
        for line in &lines[1..] {
            assert!(line.starts_with(' '), "{name}: {line}");
        }
        let joined: Vec<_> = lines.iter().map(|line| line.trim()).collect();
        assert_eq!(joined.concat().replace(' ', ""), value.replace(' ', ""), "{name}");
        // Every line holds whole entries.
        let entries: Vec<_> = (0..count).map(entry).collect();
        let whole: Vec<_> = entries.iter().filter(|entry| joined.iter().any(|line| line.contains(*entry))).collect();
        assert_eq!(whole.len(), count, "{name}: {lines:?}");
    }
}

#[test]
fn quoted_strings_are_folded_only_if_there_is_no_other_place() {
    let value = format!(" {}", numbered(60, |at| format!("\"User, Nr. {at}\" <user{at}@example.net>"), ", "));
    for line in folded("To", &value) {
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
    }
    // A name without white space outside of its quotes is folded before the address.
    let name = "x y ".repeat(180);
    let lines = folded("To", &format!(" \"{name}\"<{}@example.net>", "u".repeat(300)));
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with(" <uuu"), "{lines:?}");
    // There is no other place.
    assert!(folded("To", &format!(" \"{}\"", "x y ".repeat(300))).len() > 1);
    // A comment is kept in one piece.
    for line in folded("Received", &format!(" {}", numbered(60, |at| format!("by host{at} (a b c d e)"), " "))) {
        assert_eq!(line.contains('('), line.contains(')'), "{line}");
    }
}

#[test]
fn encoded_words_with_spaces_stay_in_one_piece() {
    let value = format!(" {}", numbered(60, |at| format!("=?utf-8?Q?a b c, {at}?="), " "));
    for name in ["Subject", "To"] {
        for line in folded(name, &value) {
            assert_eq!(line.matches("=?").count(), line.matches("?=").count(), "{name}: {line}");
        }
    }
}

#[test]
fn base64_is_folded_only_where_readers_pass_over_white_space() {
    let base64 = "QUJD".repeat(300);
    for (name, before) in [
        ("DKIM-Signature", " v=1; a=rsa-sha256; h=from:to; bh=abc=; b="),
        ("ARC-Seal", " i=1; a=rsa-sha256; cv=none; b="),
        ("ARC-Message-Signature", " i=1;b="),
        ("Autocrypt", " addr=a@example.com; keydata="),
    ] {
        let value = format!("{before}{base64}");
        let lines = folded(name, &value);
        assert!(before.starts_with(lines[0].split('=').next().unwrap()) && lines.len() > 15, "{name}: {lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), value.replace(' ', ""), "{name}");
    }
    for (name, value) in [
        ("X-Token", format!(" {base64}")),
        ("X-Token", format!(" b={base64}")),
        ("DKIM-Signature", format!(" v=1; h={}", "from:".repeat(300))),
        ("List-Unsubscribe", format!(" <https://a.example/{base64}>")),
        ("List-Unsubscribe", format!(" https://a.example/{}", "a,".repeat(600))),
        ("Subject", format!(" {}", "a,b;c<d".repeat(200))),
        ("Message-ID", format!(" <{base64}@example.com>")),
        ("References", format!(" {}", "<\"a><b\"@c>".repeat(200))),
    ] {
        assert_eq!(refolded(&HeaderField::new(name, value)), None, "{name}");
    }
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
        prop_assert_eq!(long_line(&new, MAX_SENT_LINE_OCTETS), None);
        if long_line(&field, MAX_SENT_LINE_OCTETS).is_none() {
            prop_assert_eq!(new, field);
        }
    }
}

const PIECES: [&str; 22] = [
    "\"", ",", "<", ">", ";", "=?utf-8?Q?a_b,?=", "=?utf-8?Q?a b?=", "alice@a.example", "<bob@b.example>", "(", ")",
    "\\", " ", "\n ", "\t", "b=", ":", "[", "]", "\u{fc}", "name", ", ",
];

proptest! {
    /// Any text in any field: no line is too long or blank, nothing but white space is added, the addresses stay the same,
    /// and a second run changes nothing.
    #[test]
    fn folding_adds_nothing_but_white_space(
        name in prop::sample::select(vec!["To", "References", "List-Post", "DKIM-Signature", "Content-Type", "Keywords", "X"]),
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 150..400),
    ) {
        let value = pieces.concat();
        let field = HeaderField::new(name, value.clone());
        let Some(new) = refolded(&field) else { return Ok(()) };
        let new = HeaderField::new(name, new);
        prop_assert_eq!(long_line(&new, MAX_SENT_LINE_OCTETS), None);
        if blank_line(value.as_bytes()).is_none() {
            prop_assert_eq!(blank_line(&new.value), None);
        }
        let text = |value: &[u8]| value.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect::<Vec<_>>();
        prop_assert_eq!(text(&new.value), text(value.as_bytes()));
        let again = refolded(&new);
        prop_assert_eq!(again.as_deref(), Some(&*new.value));
        if name == "To" {
            let addresses = |value: &[u8]| {
                let found = mailboxes(value).ok()?;
                Some(found.into_iter().map(|mailbox| (mailbox.local, mailbox.domain)).collect::<Vec<_>>())
            };
            prop_assert_eq!(addresses(&new.value), addresses(value.as_bytes()));
        }
    }
}
