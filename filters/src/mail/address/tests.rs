use proptest::prelude::{Strategy, any, prop, prop_assert, proptest};

use crate::mail::address::*;

fn addresses(value: &[u8]) -> Result<Vec<String>, AddressError> {
    let show = |mailbox: Mailbox| match mailbox.domain {
        Some(domain) => format!("{}@{domain}", mailbox.local),
        None => mailbox.local,
    };
    Ok(mailboxes(value)?.into_iter().map(show).collect())
}

#[test]
fn what_is_read() {
    let cases: &[(&str, &[&str])] = &[
        (" joe@example.com", &["joe@example.com"]),
        (" Joe@Example.COM\n", &["Joe@example.com"]),
        (" Joe Q. Public <john.q.public@example.com>", &["john.q.public@example.com"]),
        (" \"Joe Q. Public\" <joe@example.com>", &["joe@example.com"]),
        (" \"a, b <x@y>\" <joe@example.com>", &["joe@example.com"]),
        (" \"say \\\"hi\\\"\" <joe@example.com>", &["joe@example.com"]),
        (" Gr\u{fc}\u{df}e <joe@example.com>", &["joe@example.com"]),
        (" =?utf-8?Q?J=C3=B6?= <joe@example.com>", &["joe@example.com"]),
        (" [Support] Team! <joe@example.com>", &["joe@example.com"]),
        ("<joe@example.com>", &["joe@example.com"]),
        (" joe@example.com (Joe)", &["joe@example.com"]),
        (" (Joe (really) \\) ) joe@example.com", &["joe@example.com"]),
        (" Joe\n <joe@example.com>", &["joe@example.com"]),
        (" Joe\n\t<joe(c)@(c) example . (c)\n com>", &["joe@example.com"]),
        (" joe . doe @ example.com", &["joe.doe@example.com"]),
        // RFC 5322 appendix A.5 and A.6.3
        (" Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", &["pete@silly.test"]),
        (" Mary Smith <@node.test,@other.test:mary@example.net>", &["mary@example.net"]),
        (
            " Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
            &["mary@example.net", "jdoe@test.example"],
        ),
        (" \"joe doe\"@example.com", &["joe doe@example.com"]),
        (" \"joe\".doe@example.com", &["joe.doe@example.com"]),
        (" joe..doe.@example.com", &["joe..doe.@example.com"]),
        (" joe@[192.0.2.1]", &["joe@[192.0.2.1]"]),
        (" joe@[IPv6:2001:DB8::1]", &["joe@[ipv6:2001:db8::1]"]),
        (" a@x.example, B <b@y.example>", &["a@x.example", "b@y.example"]),
        (" a@x.example,,", &["a@x.example"]),
        // RFC 6854
        (" Managers: a@x.example, B <b@y.example>;", &["a@x.example", "b@y.example"]),
        (" G: a@x.example;, c@z.example", &["a@x.example", "c@z.example"]),
        (" G: a@x.example", &["a@x.example"]),
        (" \"G\": <a@x.example>;", &["a@x.example"]),
        (" undisclosed-recipients:;", &[]),
        (" ", &[]),
        ("", &[]),
        (" (only a comment)", &[]),
        // Left to the MTA to complete.
        (" root", &["root"]),
        (" Cron Daemon <root>", &["root"]),
        // The mistakes of agents.
        (" joe@example.com <joe@example.com>", &["joe@example.com"]),
        (" a@b.example via List <list@example.com>", &["list@example.com"]),
        (" @joe <joe@example.com>", &["joe@example.com"]),
        (" ...joe <joe@example.com>", &["joe@example.com"]),
        (" Doe, Joe <joe@example.com>", &["Doe", "joe@example.com"]),
        // RFC 6532
        (" jörg@grüße.example", &["jörg@xn--gre-6ka8l.example"]),
        (" a@GRÜSSE.example", &["a@xn--grsse-lva.example"]),
        (" a@XN--GRE-6KA8L.example", &["a@xn--gre-6ka8l.example"]),
    ];
    for (value, expected) in cases {
        assert_eq!(
            addresses(value.as_bytes()).as_deref(),
            Ok(&expected.iter().map(|&one| one.to_owned()).collect::<Vec<_>>()[..]),
            "{value:?}"
        );
    }
    assert_eq!(addresses(b" J\xf6rg <joe@example.com>"), Ok(vec!["joe@example.com".to_owned()]));
}

#[test]
fn what_is_refused() {
    let cases: &[(&[u8], AddressError)] = &[
        (b" Joe Doe", AddressError::Syntax(8)),
        (b" Joe joe@example.com", AddressError::Syntax(20)),
        (b" joe@example.com Doe", AddressError::Syntax(20)),
        (b" <a@x.example> <b@y.example>", AddressError::Syntax(15)),
        (b" <a@x.example>b@y.example", AddressError::Syntax(14)),
        (b" <a@x.example", AddressError::Syntax(13)),
        (b" <a@x.example,b@y.example>", AddressError::Syntax(13)),
        (b" <a b@x.example>", AddressError::Syntax(4)),
        (b" a@x@y.example", AddressError::Syntax(14)),
        (b" a@x.example; b@y.example", AddressError::Syntax(12)),
        (b" <>", AddressError::Empty(2)),
        (b" <@>", AddressError::Syntax(3)),
        (b" @x.example", AddressError::Syntax(11)),
        (b" a@", AddressError::Domain(3)),
        (b" <a@>", AddressError::Domain(4)),
        (b" a@.x.example", AddressError::Domain(3)),
        (b" a@x.example.", AddressError::Domain(3)),
        (b" a@x..example", AddressError::Domain(3)),
        (b" a@[192.0.2.1", AddressError::Domain(3)),
        (b" a@\"x\"", AddressError::Domain(3)),
        (b" a@x\0y", AddressError::Domain(3)),
        (b" a@\xff.example", AddressError::Domain(3)),
        ("a@\u{3002}".as_bytes(), AddressError::Domain(2)),
        ("a@x.\u{3002}example".as_bytes(), AddressError::Domain(2)),
        ("a@x\u{ff20}y.example".as_bytes(), AddressError::Domain(2)),
        ("a@x\u{ff0c}y.example".as_bytes(), AddressError::Domain(2)),
        (b" a\0b@x.example", AddressError::Syntax(1)),
        (b" \xfc@x.example", AddressError::Encoding(1)),
        (b" \"joe", AddressError::Syntax(1)),
        (b" (joe", AddressError::Syntax(1)),
        (b" joe)", AddressError::Syntax(4)),
        (b" A: B: a@x.example;;", AddressError::Syntax(5)),
        (b" ;", AddressError::Syntax(1)),
    ];
    for (value, expected) in cases {
        assert_eq!(addresses(value), Err(*expected), "{}", String::from_utf8_lossy(value));
    }
    let long = format!("a@{}b", "a.".repeat(128));
    assert_eq!(addresses(long.as_bytes()), Err(AddressError::Domain(2)));
    assert!(addresses(long.replacen("a.a.", "a.", 1).as_bytes()).is_ok());
    assert_eq!(addresses("a@b,".repeat(1001).as_bytes()), Err(AddressError::TooMany));
}

#[test]
fn the_place_of_the_address_is_known() {
    for (value, spec) in [
        (" Joe <joe@example.com> (x)", "joe@example.com"),
        (" joe@example.com (x)", "joe@example.com"),
        (" <@a,@b:\"joe\" . x@ example.com >", "\"joe\" . x@ example.com"),
        (" joe@[::1] ", "joe@[::1]"),
        (" root ", "root"),
    ] {
        let found = mailboxes(value.as_bytes()).unwrap();
        assert_eq!(value.get(found[0].range.clone()), Some(spec));
    }
}

#[test]
fn time_grows_with_the_length_only() {
    for piece in ["(", "a@b <", "\"", "<", "a.", ":", "@", "\\", "[", "a b "] {
        let _ = mailboxes(piece.repeat(500_000).as_bytes());
    }
    let nested = format!("{}{} a@b.example", "(".repeat(500_000), ")".repeat(500_000));
    assert_eq!(mailboxes(nested.as_bytes()).unwrap().len(), 1);
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "a", "joe", "example.com", "@", "<", ">", ",", ";", ":", ".", "(", ")", "\"", "\\", "[", "]", " ", "\n ",
        "\u{fc}",
    ]);
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn anything_is_survived(value in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = mailboxes(&value);
    }

    #[test]
    fn places_lie_in_the_value_and_in_order(value in value()) {
        let mut last = 0;
        for mailbox in mailboxes(&value).unwrap_or_default() {
            prop_assert!(mailbox.range.start >= last && mailbox.range.start < mailbox.range.end);
            prop_assert!(mailbox.range.end <= value.len());
            last = mailbox.range.end;
        }
    }
}
