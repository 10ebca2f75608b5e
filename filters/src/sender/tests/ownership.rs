//! The addresses that each submitter may use.

use super::*;

const OWNERS: &str = r#"
default_domain = "host.example.com"
[[owner]]
user = "alice@example.com"
may_use = ["info@example.com", "@sales.example.com", "@.shops.example.com", "team-*@example.com", "a@grüße.example"]
[[owner]]
user = ["web1", "web2"]
may_use = ["@firma.de"]
[[owner]]
user = "*@news.example.com"
may_use = ["@news.example.com"]
in = ["from", "sender"]
[[owner]]
client = "10.1.0.0/16"
may_use = ["@firma.de", "x@kunde.de"]
[[owner]]
client = "10.2.0.0/16"
may_use = ["*"]
"#;

/// Whether the address is accepted in envelope, From and Sender.
fn accepted(filter: &Arc<SenderFilter>, by: By, own: &str, address: &str) -> [bool; 3] {
    let (path, value) = (format!("<{address}>"), format!(" {address}"));
    let own_path = format!("<{own}>");
    let (from, own) = (("From", &*value), format!(" {own}"));
    let envelope = send(filter, by, &path, &[("From", &own)]);
    let in_from = send(filter, by, &own_path, &[from]);
    let sender = send(filter, by, &own_path, &[("From", &own), ("Sender", &value)]);
    for (end, code) in [(&envelope, "envelope"), (&in_from, "from"), (&sender, "sender")] {
        let refused = format!("sender.{code}_mismatch");
        assert_eq!(end.accepted(), !end.reasons().contains(&refused), "{address}: {:?}", end.reasons());
    }
    [envelope.accepted(), in_from.accepted(), sender.accepted()]
}

#[test]
fn by_login() {
    let filter = filter(OWNERS);
    for (user, own, address, expected) in [
        // Her own, in other words too.
        ("alice@example.com", "alice@example.com", "alice@example.com", true),
        ("Alice@Example.com", "alice@example.com", "aLICE@EXAMPLE.COM", true),
        ("alice@example.com", "alice@example.com", "alice+tag@example.com", true),
        ("alice@example.com", "alice@example.com", "\"alice\"@example.com", true),
        ("alice@example.com", "alice@example.com", "bob@example.com", false),
        ("alice@example.com", "alice@example.com", "alice@example.org", false),
        ("alice@example.com", "alice@example.com", "alicex@example.com", false),
        ("alice@example.com", "alice@example.com", "alice@www.example.com", false),
        // An alias, a domain, the domains below one, a pattern.
        ("alice@example.com", "alice@example.com", "info@example.com", true),
        ("alice@example.com", "alice@example.com", "info+x@example.com", true),
        ("alice@example.com", "alice@example.com", "anybody@sales.example.com", true),
        ("alice@example.com", "alice@example.com", "anybody@eu.sales.example.com", false),
        ("alice@example.com", "alice@example.com", "anybody@a.b.shops.example.com", true),
        ("alice@example.com", "alice@example.com", "anybody@shops.example.com", false),
        ("alice@example.com", "alice@example.com", "Team-9@example.com", true),
        ("alice@example.com", "alice@example.com", "team9@example.com", false),
        ("alice@example.com", "alice@example.com", "a@GRÜSSE.example", false),
        ("alice@example.com", "alice@example.com", "a@Grüße.example", true),
        ("alice@example.com", "alice@example.com", "a@XN--GRE-6KA8L.example", true),
        // Somebody else's entries.
        ("alice@example.com", "alice@example.com", "x@firma.de", false),
        ("web1", "web1@host.example.com", "x@firma.de", true),
        ("WEB2", "web2@host.example.com", "\"x y\"@FIRMA.de", true),
        ("web1", "web1@host.example.com", "x@www.firma.de", false),
        ("web3", "web3@host.example.com", "x@firma.de", false),
        ("bob", "bob@host.example.com", "bob@host.example.com", true),
        ("bob", "bob@host.example.com", "bob@example.com", false),
        ("bob", "bob@host.example.com", "bob", true),
        ("bob", "bob@host.example.com", "root", false),
    ] {
        let user = user.to_owned().leak();
        assert_eq!(accepted(&filter, By::User(user), own, address), [expected; 3], "{user} {address}");
    }
}

#[test]
fn by_network_and_place() {
    let filter = filter(OWNERS);
    let web = By::Client([10, 1, 2, 3]);
    assert_eq!(accepted(&filter, web, "a@firma.de", "www@firma.de"), [true; 3]);
    assert_eq!(accepted(&filter, web, "a@firma.de", "x@kunde.de"), [true; 3]);
    assert_eq!(accepted(&filter, web, "a@firma.de", "y@kunde.de"), [false; 3]);
    assert_eq!(accepted(&filter, By::Client([10, 2, 2, 3]), "a@b.de", "whoever@anywhere.example"), [true; 3]);
    let end = send(&filter, By::Client([10, 3, 2, 3]), "<a@firma.de>", &[("From", " a@firma.de")]);
    assert_eq!(
        reply(&end),
        "550 5.7.1 Sender address a@firma.de is not allowed for client 10.3.2.3 without a login (MAIL FROM)"
    );
    let news = By::User("bot@news.example.com");
    assert_eq!(accepted(&filter, news, "bot@news.example.com", "list@news.example.com"), [false, true, true]);
}

#[test]
fn without_conveniences() {
    let filter = filter(
        "own_address = false\ntag_separators = \"\"\n[[owner]]\nuser = 'alice@example.com'\nmay_use = ['a@b.de']",
    );
    assert_eq!(accepted(&filter, ALICE, "a@b.de", "alice@example.com"), [false; 3]);
    assert_eq!(accepted(&filter, ALICE, "a@b.de", "a+x@b.de"), [false; 3]);
    let bare = super::filter("");
    assert_eq!(accepted(&bare, By::User("bob"), "bob", "bob"), [true; 3]);
    assert_eq!(accepted(&bare, By::User("bob"), "bob", "bob@example.com"), [false; 3]);
}

#[test]
fn by_tables() {
    let config = "[[table]]\nfile = 'a'\n[[table]]\nfile = 'b'\nformat = 'postfix'\nin = ['envelope', 'from']";
    let lines = table("alice@example.com info@example.com @.example.org\nbob @example.com");
    let map = table("ceo@firma.de boss\n@firma.de bob, carol\nteam@firma.de bob");
    let filter = filter_with(config, &[lines, map]);
    let bob = By::User("bob");
    for (by, own, address, expected) in [
        (ALICE, "alice@example.com", "info@example.com", [true; 3]),
        (ALICE, "alice@example.com", "x@www.example.org", [true; 3]),
        (ALICE, "alice@example.com", "x@firma.de", [false; 3]),
        (bob, "bob", "x@example.com", [true; 3]),
        (bob, "bob", "x@firma.de", [true, true, false]),
        (bob, "bob", "team+x@firma.de", [true, true, false]),
        // As in Postfix the entry of the address hides that of the domain.
        (bob, "bob", "ceo@firma.de", [false; 3]),
        (bob, "bob", "ceo+x@firma.de", [false; 3]),
        (By::User("boss"), "boss", "ceo@firma.de", [true, true, false]),
        (By::User("boss"), "boss", "x@firma.de", [false; 3]),
        (By::User("carol"), "carol", "team@firma.de", [false; 3]),
    ] {
        assert_eq!(accepted(&filter, by, own, address), expected, "{address}");
    }
}

#[test]
fn every_address_in_every_field_counts() {
    let filter = filter(
        r#"
        [[owner]]
        user = "alice@example.com"
        may_use = ["info@example.com"]
    "#,
    );
    for (fields, allowed) in [
        (&[("From", " alice@example.com, info@example.com")][..], true),
        (&[("From", " alice@example.com, boss@example.com")], false),
        (&[("From", " alice@example.com"), ("From", " boss@example.com")], false),
        (&[("From", " alice@example.com"), ("from ", " boss@example.com")], false),
        (&[("From", " Us: alice@example.com, Info <info@example.com>;")], true),
        (&[("From", " Us: alice@example.com, Info <boss@example.com>;")], false),
        (&[("From", " boss@example.com <alice@example.com>")], false),
        (&[("From", " Alice@example.com <alice@example.com>")], true),
        (&[("From", " a\\\"b <boss@example.com>\" <alice@example.com>")], false),
        (&[("From", " (\") <boss@example.com>, (\") <alice@example.com>")], false),
        (&[("From", " alice@example.com"), ("Sender", " boss@example.com <alice@example.com>")], false),
        (&[("From", " alice@example.com"), ("Reply-To", " boss@example.com <alice@example.com>")], true),
        (&[("From", " \"boss@example.com\" <alice@example.com> (boss@example.com)")], true),
        (&[("From", " alice@example.com <boss@example.com>")], false),
        (&[("From", " Alice <@boss.example,@example.com:alice@example.com>")], true),
        (&[("From", " alice(c)@(boss@)example\n . com")], true),
        (&[("From", " <alice@example.com> <boss@example.com>")], false),
        (&[("From", " <>")], false),
        (&[("From", " alice@example.com"), ("Reply-To", " boss@example.com")], true),
        (&[("From", " alice@example.com"), ("Sender", " info@example.com")], true),
        (&[("From", " alice@example.com"), ("Sender", " what is this")], false),
        (&[("To", " b@dest.example")], true),
        (&[("From", " undisclosed:;")], true),
        (&[("From", " \"a\\\nb\"@example.com")], false),
    ] {
        let end = send(&filter, ALICE, "<alice@example.com>", fields);
        assert_eq!(end.accepted(), allowed, "{fields:?} {:?}", end.reasons());
        assert_eq!(end.modifications, [], "{fields:?}");
    }
}

#[test]
fn envelopes() {
    let filter = filter("");
    for (envelope, reply_text) in [
        ("<>", None),
        ("<ALICE@example.com>", None),
        ("alice@example.com", None),
        ("<@relay.example:alice@example.com>", None),
        ("<boss@example.com>", Some("boss@example.com is not allowed for user alice@example.com (MAIL FROM)")),
        ("<alice@example.com,boss@example.com>", Some("alice@example.com,boss@example.com can't be read")),
        ("<alice>", Some("alice is not allowed")),
    ] {
        let end = send(&filter, ALICE, envelope, &[("From", " alice@example.com")]);
        match reply_text {
            None => assert!(end.accepted(), "{envelope}: {}", reply(&end)),
            Some(text) => assert!(reply(&end).contains(text), "{envelope}: {}", reply(&end)),
        }
    }
}

#[test]
fn mail_that_is_not_ours_is_left_alone() {
    let filter = filter("header_mismatch = 'rewrite'");
    let elsewhere = By::Client([192, 0, 2, 1]);
    let end = send(&filter, elsewhere, "<a@b.example>", &[("From", " whoever@wherever.example")]);
    assert!(end.accepted() && end.modifications.is_empty() && end.reasons().is_empty());
}

#[test]
fn who_asks_is_told_which_entry_decided() {
    let filter = filter_with(
        "[[owner]]\nuser = 'alice@example.com'\nmay_use = ['@example.org']\n[[table]]\nfile = 'x'",
        &[table("\nalice@example.com @example.net")],
    );
    let fields = [("From", " x@example.org"), ("Sender", " alice@example.com")];
    let mut asked = start(&filter, ALICE, Role::Submission, "<>", &[]);
    asked = asked.explain().mail("<x@example.net>").rcpt("<b@dest.example>");
    let asked = fields.iter().fold(asked, |asked, (name, value)| asked.header(name, value));
    let end = asked.body("x\r\n").end();
    let remarks: Vec<_> = end.record.report.remarks.unwrap().into_iter().map(|remark| remark.text).collect();
    assert_eq!(
        remarks,
        [
            "envelope: x@example.net is allowed by owners:2",
            "From: x@example.org is allowed by sender.owner[0]",
            "Sender: alice@example.com is allowed by the user's own address",
        ]
    );
    assert_eq!(send(&filter, ALICE, "<>", &fields).record.report.remarks, None);
}
