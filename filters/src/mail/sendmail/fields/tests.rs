//! Forms that were sent through Sendmail 8.17.1 by the mailer esmtp, and what came out.

use proptest::prelude::*;

use super::*;

fn to(value: &str) -> SentField {
    as_written(&HeaderField::new(&b"To"[..], value.as_bytes().to_vec()), Some("sm.test.example"))
}

#[test]
fn lists_leave_in_one_form() {
    for (given, sent) in [
        (" a@x.example,b@x.example", " a@x.example, b@x.example"),
        (" a@x.example , b@x.example", " a@x.example, b@x.example"),
        (" a@x.example\t,\tb@x.example", " a@x.example, b@x.example"),
        (" a@x.example,\n\tb@x.example", " a@x.example, b@x.example"),
        (" a@x.example\n ,b@x.example", " a@x.example, b@x.example"),
        (" a@x.example,,b@x.example,", " a@x.example, b@x.example"),
        (" ,a@x.example", " a@x.example"),
        (" ,,", " "),
        (" a@x.example  ", " a@x.example"),
        ("\n a@dest.example", "  a@dest.example"),
        (" Name\n\t<a@x.example>,\n Other <b@x.example>", " Name\n\t<a@x.example>, Other <b@x.example>"),
        (" Name<a@x.example>,Other<b@x.example>", " Name<a@x.example>, Other<b@x.example>"),
        (" a@x.example (c) , b@x.example (d)", " a@x.example (c), b@x.example (d)"),
        (" g: a@x.example,b@x.example;,c@x.example", " g: a@x.example, b@x.example;, c@x.example"),
    ] {
        assert_eq!(to(given), SentField::Value(sent.as_bytes().to_vec()), "{given}");
        assert_eq!(to(sent), SentField::Same, "{sent}");
    }
}

#[test]
fn a_line_end_that_is_no_fold_is_not_written_back() {
    for value in [" a@x.example,\nb@x.example", "\t:\t\n:", " a@x.example,b@x.example\n", " a@x.example\r,b@x.example"]
    {
        assert_eq!(to(value), SentField::Unknown, "{value:?}");
    }
}

#[test]
fn names_are_quoted_where_sendmail_would_quote_them() {
    for (given, sent) in [
        (" Pat O'Neil <a@x.example>", " \"Pat O'Neil\" <a@x.example>"),
        (" 'Kim Doe' <a@x.example>", " \"'Kim Doe'\" <a@x.example>"),
        ("  Dr. A  <a@x.example>", "  \"Dr. A\"  <a@x.example>"),
        (" Dr. A<a@x.example>", " \"Dr. A\"<a@x.example>"),
        (" Name [x] <a@x.example>", " \"Name [x]\" <a@x.example>"),
        (" Name@work <a@x.example>", " \"Name@work\" <a@x.example>"),
        (" a.b@x.example <a@x.example>", " \"a.b@x.example\" <a@x.example>"),
        (" J. Müller <a@x.example>", " \"J. Müller\" <a@x.example>"),
        (" \"Dr.\" <a@x.example>, Dr. B <b@x.example>", " \"Dr.\" <a@x.example>, \"Dr. B\" <b@x.example>"),
        (" g. h: a@x.example;", " \"g. h\": a@x.example;"),
        (" g: A. B <a@x.example>;", " g: \"A. B\" <a@x.example>;"),
        // Sendmail would put quotes around the encoded-word, which nobody reads then.
        (" Dr. =?utf-8?Q?J=C3=B6rg?= <a@x.example>", " \"Dr.\" =?utf-8?Q?J=C3=B6rg?= <a@x.example>"),
        (" =?utf-8?Q?Dr=2E?= X. <a@x.example>", " =?utf-8?Q?Dr=2E?= \"X.\" <a@x.example>"),
        (" =?utf-8?Q?O'Neil?= <a@x.example>", " =?utf-8?Q?O=27Neil?= <a@x.example>"),
        // Or double the quotes that there are.
        (" Dr. \"Nick\" X <a@x.example>", " \"Dr.\" \"Nick\" X <a@x.example>"),
        (" Dr. X (c.d) <a@x.example>", " \"Dr. X\" (c.d) <a@x.example>"),
        (" b@x.example,Shop; EU <a@x.example>", " b@x.example, \"Shop; EU\" <a@x.example>"),
        (" A; B: C <a@x.example>", " \"A; B\": C <a@x.example>"),
        (" A: B: C <a@x.example>", " A: \"B: C\" <a@x.example>"),
        (" Team: Dr. B <a@x.example>,Other <b@x.example>", " Team: \"Dr. B\" <a@x.example>, Other <b@x.example>"),
        (" A@x.example <a@x.example>;", " \"A@x.example\" <a@x.example>;"),
    ] {
        assert_eq!(to(given), SentField::Value(sent.as_bytes().to_vec()), "{given}");
        assert_eq!(to(sent), SentField::Same, "{sent}");
    }
}

#[test]
fn addresses_are_completed_and_comments_set_apart() {
    for (given, sent) in [
        (" bob, alice", " bob@sm.test.example, alice@sm.test.example"),
        (" Name <bob>", " Name <bob@sm.test.example>"),
        (" < a@x.example >", " <a@x.example>"),
        (" a@x.example(Name)", " a@x.example (Name)"),
        (" a@x.example(c1)(c2)", " a@x.example (c1) (c2)"),
        (" a@x.example.", " a@x.example"),
        (" Root <root@localhost>", " Root <root@sm.test.example>"),
        (" a@SM.Test.Example", " a@sm.test.example"),
        (" (c)a@x.example", " (c) a@x.example"),
        (" (c)\ta@x.example\n (d)", " (c) a@x.example (d)"),
        (" g:  a@x.example  (c) ;", " g:  a@x.example (c);"),
        ("\tbob@x.example ;", " bob@x.example;"),
    ] {
        assert_eq!(to(given), SentField::Value(sent.as_bytes().to_vec()), "{given}");
        assert_eq!(to(sent), SentField::Same, "{sent}");
    }
    let without_host = as_written(&HeaderField::new(&b"To"[..], &b" bob"[..]), None);
    assert_eq!(without_host, SentField::Unknown);
}

#[test]
fn what_sendmail_leaves_alone_stays() {
    for value in [
        "a@x.example",
        "  a@x.example",
        " a@x.example (Name)",
        " (Name) a@x.example",
        " Name  <a@x.example>",
        " A@X.Example",
        " \"Na  me\" <a@x.example>",
        " Name (x) <a@x.example>",
        " undisclosed-recipients:;",
        " undisclosed-recipients: ;",
        " \"a b\"@x.example",
        " a@[192.0.2.1]",
        " a@[IPv6:2001:db8::1]",
        " =?utf-8?Q?J=C3=B6rg?=  =?utf-8?Q?x?= <a@x.example>",
        " Name <a@x.example>(comment)",
        " a%b@x.example",
        " a!b@x.example",
        " Name \"Nick\" Last <a@x.example>",
        " ",
        " Name <>",
        " <>",
        " (only comment)",
        " a@x.example (a (nested) c)",
        " A & B/C=D|E <a@x.example>",
        " X (comm. ent) <a@x.example>",
        " <a@x.example> Name",
        " Name <a@x.example> Tail. x",
        " (A, B) a@x.example, b@x.example",
        " \"a, \\\"b\\\"\" <a@x.example>",
        " o'neil@x.example",
        " \"folded\n name\" <a@x.example>",
        " a@x.example (com\n ment)",
        " Name <a@x.example>;",
        " a..b@x.example",
        " Team: North <a@x.example>",
        " g: Name <a@x.example> ;",
        " (c)(d)  (e)",
        " Team: North <a@x.example>, Other <b@x.example>",
        " g:",
    ] {
        assert_eq!(to(value), SentField::Same, "{value}");
    }
    for name in ["Subject", "X-To", "Mail-Followup-To", "Return-Receipt-To", "References"] {
        let field = HeaderField::new(name.as_bytes().to_vec(), &b" a,b. c <x@y>"[..]);
        assert_eq!(as_written(&field, None), SentField::Same, "{name}");
    }
    for name in ["errors-to", "FROM", "Resent-Reply-To", "Apparently-To", "Disposition-Notification-To", "From "] {
        let field = HeaderField::new(name.as_bytes().to_vec(), &b" a@b.example,c@d.example"[..]);
        assert!(matches!(as_written(&field, None), SentField::Value(_)), "{name}");
    }
}

#[test]
fn the_rest_is_not_foreseen() {
    for value in [
        " a@ x.example",
        " x!a@localhost",
        " x.example!a",
        " <@r.example:a@x.example>",
        " a%b",
        " a@b.uucp",
        " a@x.example b@x.example",
        " a@x.example; b@x.example",
        " g: a@x.example",
        " \"unclosed <a@x.example>",
        " Name <a@x.example",
        " Name a@x.example>",
        " a@x.example (un(closed)",
        " Na<me <a@x.example>",
        " A (x <a@x.example>",
        " mailto:a@x.example",
        " a(c)@x.example",
        " Na\\me <a@x.example>",
        " Name <a@x.example(c)>",
        " << a@x.example >>",
        " Name <a@x.example> Other <b@x.example>",
        " Team: North <a@x.example>, b@x.example",
        " g: A; B <a@x.example>;",
        " g: h: a@x.example;",
        " a@x.example..",
        " (c) (d) a@x.example",
        " a@[192.0.2.1",
        " Name <a@x.example; Other <b@x.example>",
    ] {
        assert_eq!(to(value), SentField::Unknown, "{value}");
    }
}

#[test]
fn long_lists_are_folded_as_sendmail_folds_them() {
    let user = |number: usize| format!("User Number {number} <user{number}@dest.example>");
    let users: Vec<String> = (0..6).map(user).collect();
    let folded = format!(
        " {}, {},\n        {}, {},\n        {}, {}",
        users[0], users[1], users[2], users[3], users[4], users[5]
    );
    assert_eq!(to(&format!(" {}", users.join(", "))), SentField::Value(folded.clone().into_bytes()));
    assert_eq!(to(&folded), SentField::Same);
    let long = format!(" a@dest.example,\n        {} <b@dest.example>,\n        c@dest.example", "y".repeat(90));
    assert_eq!(to(&long), SentField::Same);
}

#[test]
fn long_members_are_not_foreseen() {
    for (octets, foreseen) in [(200, true), (232, true), (240, false), (5000, false)] {
        let name = "n".repeat(octets);
        for value in [
            format!(" {name} <a@x.example>"),
            format!(" a@x.example ({name})"),
            format!(" b, \"{name}\" <a@x.example>"),
        ] {
            assert_eq!(to(&value) != SentField::Unknown, foreseen, "{octets}");
        }
    }
}

#[test]
fn quotes_are_put_around_a_boundary_that_needs_them() {
    let field = |value: &str| as_written(&HeaderField::new(&b"Content-Type"[..], value.as_bytes().to_vec()), None);
    for (given, sent) in [
        (" multipart/mixed; boundary=----=_Part_1", " multipart/mixed; boundary=\"----=_Part_1\""),
        (" multipart/mixed;\n\tboundary=a/b; type=x/y", " multipart/mixed;\n\tboundary=\"a/b\"; type=x/y"),
        (" multipart/mixed; boundary=a(b", " multipart/mixed; boundary=\"a(b\""),
    ] {
        assert_eq!(field(given), SentField::Value(sent.as_bytes().to_vec()), "{given}");
        assert_eq!(field(sent), SentField::Same, "{sent}");
    }
    for value in [" multipart/mixed; boundary=a'b+c", " multipart/mixed; boundary=\"a=b\"", " text/plain; type=a/b"] {
        assert_eq!(field(value), SentField::Same, "{value}");
    }
}

#[test]
fn empty_fields_that_sendmail_writes_itself_are_not_foreseen() {
    for name in ["Date", "message-id", "Resent-From"] {
        let field =
            |value: &str| as_written(&HeaderField::new(name.as_bytes().to_vec(), value.as_bytes().to_vec()), None);
        assert_eq!(field(" \n "), SentField::Unknown, "{name}");
        assert_eq!(field(" x@y.example"), SentField::Same, "{name}");
    }
    assert_eq!(to(" "), SentField::Same);
}

#[test]
fn mime_fields_that_are_cut_are_not_foreseen() {
    let field = |value: &str| as_written(&HeaderField::new(&b"Content-Type"[..], value.as_bytes().to_vec()), None);
    for value in [
        " text/plain; charset=utf-8",
        " text/plain (a)",
        &format!(" a/b; name=\"{}\"; x=y", "n".repeat(900)),
        " a/b; x=\"<;>\"",
    ] {
        assert_eq!(field(value), SentField::Same, "{value}");
    }
    let many = " x=\"y\";".repeat(300);
    for value in [
        &format!(" a/b; name=\"{}\"", "n".repeat(1100)),
        " text/plain; name=\"unclosed",
        " text/plain; (comment",
        &many,
    ] {
        assert_eq!(field(value), SentField::Unknown, "{value}");
    }
}

proptest! {
    #[test]
    fn a_field_is_written_once(value in "[ -~\n]{0,60}", list in "( ?(a@b.example|A. B <c@d.example>|g:|;|,|\"q, r\" <e@f.example>|bob|[(]c[)]|\n )){0,6}") {
        for text in [value, list] {
            if let SentField::Value(sent) = to(&text) {
                let again = as_written(&HeaderField::new(&b"To"[..], sent.clone()), Some("sm.test.example"));
                prop_assert_eq!(again, SentField::Same, "{:?}", String::from_utf8_lossy(&sent));
            }
        }
    }
}
