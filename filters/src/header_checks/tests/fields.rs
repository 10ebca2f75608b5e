//! Fields that stand several times, lists of addresses, and names of lists.

use super::{edits, message, run};

#[test]
fn of_fields_that_mean_the_same_one_stays() {
    let run = |name: &str, values: &[&str]| {
        let (mut fields, body) = message(&[], "Hello\r\n");
        fields.retain(|(other, _)| other != name);
        fields.extend(values.iter().map(|value| (name.to_owned(), value.as_bytes().to_vec())));
        let end = run("fixed_field = 'none'", &(fields, body));
        let gone = format!("{name}:");
        end.accepted().then(|| edits(&end).iter().filter(|edit| **edit == gone).count())
    };
    for (name, values, gone) in [
        ("To", &["", " b@c.example"][..], 1),
        ("Cc", &[" b@c.example", " ", " b@c.example"], 2),
        ("Reply-To", &["", ""], 2),
        ("Subject", &[" Hello you", " Hello\n you"], 1),
        ("Subject", &[" Hello", ""], 1),
        ("MIME-Version", &[" 1.0", " 1.0 (made by hand)"], 1),
        ("Content-Transfer-Encoding", &[" 7bit", " 7BIT"], 1),
        ("Content-Type", &[" text/plain; charset=utf-8", " text/plain;charset=UTF-8"], 1),
    ] {
        assert_eq!(run(name, values), Some(gone), "{name} {values:?}");
    }
    for (name, values) in [
        ("To", [" b@c.example", " d@c.example"]),
        ("MIME-Version", [" 1.0", " 1.1"]),
        ("Subject", [" Hello", " hello"]),
        ("Content-Type", [" text/plain; charset=utf-8", " text/plain; charset=iso-8859-1"]),
        ("Content-Type", [" multipart/mixed; boundary=a", " multipart/mixed; boundary=A"]),
    ] {
        assert_eq!(run(name, &values), None, "{name} {values:?}");
    }
}

#[test]
fn separators_of_addresses_are_mended() {
    for (to, expected) in [
        (" a@b.example; Ann <c@d.example>", Some("To: a@b.example, Ann <c@d.example>")),
        (" a@b.example;", Some("To: a@b.example,")),
        (" undisclosed-recipients:", Some("To: undisclosed-recipients:;")),
        (" Undisclosed recipients: ", Some("To: Undisclosed recipients:;")),
        (" <>", Some("To:")),
        (" , ", Some("To:")),
        (" mailto:a@b.example", None),
        (" Friends: a@b.example, c@d.example", None),
        (" Ann; Archer <c@d.example>", None),
        (" a; b", None),
        (" (none)", None),
    ] {
        let end = run("fixed_field = 'none'", &message(&[("To", to)], "Hello\r\n"));
        assert!(end.accepted(), "{to}");
        assert_eq!(edits(&end).first().map(String::as_str), expected, "{to}");
    }
}

#[test]
fn the_raw_name_of_a_list_is_encoded() {
    let edits = |value| edits(&run("fixed_field = 'none'", &message(&[("List-Id", value)], "Hello\r\n")));
    assert_eq!(
        edits(" Gr\u{fc}\u{df}e <news.example.com>"),
        ["List-Id: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= <news.example.com>"]
    );
    assert_eq!(edits(" News <gr\u{fc}n.example.com>"), [""; 0]);
}
