//! The changes for a mismatch, and those of Sender.

use super::*;

/// `verdict`, or the edits.
fn outcome(config: &str, envelope: &str, fields: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let end = send(&filter(config), ALICE, envelope, fields);
    if end.accepted() { Ok(edits(&end)) } else { Err(reply(&end)) }
}

fn ok(edits: &[&str]) -> Result<Vec<String>, String> {
    Ok(edits.iter().map(|&edit| edit.to_owned()).collect())
}

const OWN: &str = "<alice@example.com>";
const BOSS: (&str, &str) = ("From", "\n \"The Boss\" <boss@example.org> (really)");

#[test]
fn rewrite_shows_the_account_and_keeps_the_old_in_sight() {
    let config = "header_mismatch = 'rewrite'\nenvelope_mismatch = 'rewrite'";
    let (new, old) =
        ("From:\n \"The Boss\" <alice@example.com> (really)", "\n \"The Boss\" <boss@example.org> (really)");
    let (original, reply_to) = (format!("+X-Original-From:{old}"), format!("+Reply-To:{old}"));
    assert_eq!(
        outcome(config, "<boss@example.org>", &[BOSS]),
        ok(&[new, &reply_to, &original, "envelope <alice@example.com>"])
    );
    assert_eq!(outcome(config, OWN, &[BOSS, ("Reply-To", " x@y.de")]), ok(&[new, &original]));
    // Only addresses that are not allowed.
    assert_eq!(
        outcome(config, OWN, &[("From", " alice+x@example.com, boss@example.org")]).unwrap()[0],
        "From: alice+x@example.com, alice@example.com"
    );
    assert_eq!(
        outcome(config, OWN, &[("From", " alice@example.com"), ("Sender", " X <boss@example.org>")]),
        ok(&["Sender: X <alice@example.com>"])
    );
    assert_eq!(
        outcome(config, OWN, &[("From", " alice@example.com"), ("Sender", " what is this")]),
        ok(&["Sender: alice@example.com"])
    );
    let refused = outcome(config, OWN, &[("From", " what is this")]);
    assert_eq!(refused, Err("550 5.7.1 From address what is this can't be read for user alice@example.com".to_owned()));
    assert_eq!(outcome(config, "<what is this>", &[]), ok(&["envelope <alice@example.com>"]));
}

#[test]
fn the_old_from_is_shown_as_the_rules_have_rewritten_it() {
    let config = "header_mismatch = 'rewrite'\n[[rewrite]]\nmatch = '*@*.internal.example'\nto = 'web@example.org'";
    let edits = outcome(config, OWN, &[("From", " root <root@h1.internal.example>")]).unwrap();
    assert!(edits.iter().all(|edit| !edit.contains("internal")), "{edits:?}");
    assert!(edits.contains(&"+Reply-To: root <web@example.org>".to_owned()), "{edits:?}");
}

#[test]
fn answers_go_to_the_old_from_unless_reply_to_has_an_address() {
    let config = "header_mismatch = 'rewrite'";
    let old = "\n \"The Boss\" <boss@example.org> (really)";
    for empty in [" ", "", " <>", " (nobody)", " undisclosed:;", "\n\t"] {
        let edits = outcome(config, OWN, &[BOSS, ("Reply-To", empty)]).unwrap();
        assert_eq!(edits.iter().filter(|edit| **edit == format!("Reply-To:{old}")).count(), 1, "{empty:?} {edits:?}");
        assert_eq!(edits.len(), 3, "{empty:?} {edits:?}");
    }
    let edits = outcome(config, OWN, &[BOSS, ("Reply-To", " "), ("reply-to", " ")]).unwrap();
    assert!(edits.contains(&format!("Reply-To:{old}")) && edits.contains(&"-reply-to".to_owned()), "{edits:?}");
    for full in [" x@y.de", " root", " Us: x@y.de;", " not readable )"] {
        let edits = outcome(config, OWN, &[BOSS, ("Reply-To", " "), ("Reply-To", full)]).unwrap();
        assert!(!edits.iter().any(|edit| edit.contains("Reply-To")), "{full:?} {edits:?}");
    }
}

#[test]
fn a_forged_original_from_is_removed_where_we_write_the_field() {
    let forged = ("X-Original-From", " ceo@victim.example");
    let config = "header_mismatch = 'rewrite'";
    let original = "+X-Original-From:\n \"The Boss\" <boss@example.org> (really)";
    let edits = outcome(config, OWN, &[BOSS, forged, ("Reply-To", " x@y.de")]).unwrap();
    assert!(edits.contains(&"-X-Original-From".to_owned()) && edits.contains(&original.to_owned()), "{edits:?}");
    assert_eq!(outcome(config, OWN, &[("From", " alice@example.com"), forged]), ok(&["-X-Original-From"]));
    let end = send(&filter(config), ALICE, OWN, &[("From", " alice@example.com"), forged]);
    assert_eq!(end.reasons(), ["sender.foreign_removed"]);
    assert_eq!(outcome("", OWN, &[("From", " alice@example.com"), forged]), ok(&[]));
    let many = [&[("From", " alice@example.com")], &vec![forged; 1000][..]].concat();
    assert_eq!(outcome(config, OWN, &many).unwrap_err().split(' ').next(), Some("550"));
}

#[test]
fn a_redirected_message_may_pass_by_its_resent_from() {
    let others = [("From", " X <x@other.example>"), ("Sender", " y@other.example")];
    let with = |resent: &[(&'static str, &'static str)]| [&others[..], resent].concat();
    let mine = ("Resent-From", " Alice <alice@example.com>");
    let theirs = ("Resent-From", " z@other.example");
    let accepts = "accept_resent = true\n";
    for (resent, passes) in [
        (&[mine][..], true),
        (&[("resent-from ", " alice+x@example.com")], true),
        (&[mine, theirs], true),
        (&[theirs, mine], false),
        (&[theirs], false),
        (&[("Resent-From", " alice@example.com, z@other.example")], false),
        (&[("Resent-From", " z@other.example <alice@example.com>"), mine], false),
        (&[("Resent-From", " ")], false),
        (&[("Resent-Sender", " alice@example.com")], false),
        (&[], false),
    ] {
        for action in ["reject", "rewrite", "add_sender"] {
            let config = format!("{accepts}header_mismatch = '{action}'\nsender_field = 'fix'");
            let end = send(&filter(&config), ALICE, OWN, &with(resent));
            let redirected = end.accepted() && end.modifications.is_empty() && end.reasons() == ["sender.redirected"];
            assert_eq!(redirected, passes, "{resent:?} {action} {:?}", end.reasons());
        }
        assert!(!send(&filter(""), ALICE, OWN, &with(resent)).accepted(), "{resent:?}");
    }
    // Her own mail is no case for the exception.
    let end = send(&filter(accepts), ALICE, OWN, &[("From", " alice@example.com"), mine]);
    assert!(end.accepted() && end.reasons().is_empty());
    // A redirected message is not signed for From, though there is a key.
    let signer = super::permitted::signer(&["other.example", "example.com"]);
    let filters: Vec<Arc<dyn Filter>> = vec![filter(accepts), signer];
    let transaction = Transaction::new(filters).user("alice@example.com").mail(OWN).rcpt("<b@dest.example>");
    let transaction = with(&[mine]).iter().fold(transaction, |all, (name, value)| all.header(name, value));
    let end = transaction.body("x\r\n").end();
    assert!(end.accepted() && end.record.report.signatures.is_empty());
    assert_eq!(end.reasons(), ["sender.redirected", "dkim.sender_not_permitted"]);
}

#[test]
fn who_has_no_address_is_refused() {
    let config = "header_mismatch = 'rewrite'\nenvelope_mismatch = 'rewrite'\n\
                  [[owner]]\nclient = '10.1.0.0/16'\nmay_use = ['@firma.de']\naddress = 'web@firma.de'";
    let end = send(&filter(config), By::User("bob"), "<>", &[BOSS]);
    assert_eq!(reply(&end), "550 5.7.1 From address boss@example.org is not allowed for user bob");
    let end = send(&filter(config), By::User("bob"), "<bob@example.org>", &[]);
    assert!(reply(&end).starts_with("550 5.7.1 Sender address bob@example.org"));
    let end = send(&filter(config), By::Client([10, 1, 2, 3]), "<x@firma.de>", &[("From", " x@kunde.de")]);
    assert_eq!(edits(&end)[0], "From: web@firma.de");
    assert!(send(&filter(config), By::Client([10, 1, 2, 3]), "<>", &[("From", " web@firma.de")]).accepted());
}

#[test]
fn add_sender_names_the_account() {
    let config =
        "header_mismatch = 'add_sender'\n[[owner]]\nuser = 'alice@example.com'\nmay_use = ['info@example.com']";
    assert_eq!(outcome(config, OWN, &[BOSS]), ok(&["+Sender: alice@example.com"]));
    assert_eq!(outcome(config, OWN, &[BOSS, ("Sender", " info@example.com")]), ok(&[]));
    assert_eq!(
        outcome(config, OWN, &[BOSS, ("Sender", " Boss <boss@example.org>")]),
        ok(&["Sender: Boss <alice@example.com>"])
    );
    assert_eq!(outcome(config, OWN, &[("From", " info@example.com")]), ok(&[]));
}

#[test]
fn log_only_tells() {
    let config = "header_mismatch = 'log'\nenvelope_mismatch = 'log'";
    let end = send(&filter(config), ALICE, "<boss@example.org>", &[BOSS, ("Sender", " boss@example.org")]);
    assert!(end.accepted() && end.modifications.is_empty());
    let reasons = ["sender.envelope_mismatch", "sender.from_mismatch", "sender.sender_mismatch"];
    assert_eq!(end.reasons(), reasons);
    let detail = end.record.report.reasons[1].detail.as_deref();
    assert_eq!(detail, Some("boss@example.org is not allowed for user alice@example.com"));
}

#[test]
fn sender_is_as_it_should_be() {
    let config = "sender_field = 'fix'\n[[owner]]\nuser = 'alice@example.com'\nmay_use = ['@example.com']";
    let from = |address: &'static str| ("From", address);
    for (fields, expected) in [
        (&[from(" alice@example.com")][..], &[][..]),
        (&[from(" Alice <ALICE@example.com>"), ("Sender", " alice@example.com")], &["-Sender"]),
        (&[from(" info@example.com")], &["+Sender: alice@example.com"]),
        (&[from(" info@example.com"), ("Sender", " alice@example.com")], &[]),
        (&[from(" info@example.com"), ("Sender", " desk@example.com")], &[]),
        (&[from(" info@example.com"), ("Sender", " x@y.example")], &["-Sender", "+Sender: alice@example.com"]),
        (&[from(" alice@example.com"), ("Sender", " x@y.example")], &["-Sender"]),
        (&[from(" alice@example.com"), ("Sender", " no address")], &["-Sender"]),
        (
            &[from(" info@example.com"), ("Sender", " a@example.com, b@example.com")],
            &["-Sender", "+Sender: alice@example.com"],
        ),
        (&[from(" info@example.com"), ("Sender", " a@example.com"), ("Sender", " b@example.com")], &["-Sender"]),
        (&[from(" alice@example.com, info@example.com")], &["+Sender: alice@example.com"]),
        (&[("To", " b@dest.example")], &[]),
        // Lists and automatons.
        (&[from(" info@example.com"), ("List-Id", " <x.example.com>")], &[]),
        (&[from(" info@example.com"), ("list-unsubscribe", " <mailto:x@example.com>")], &[]),
        (&[from(" info@example.com"), ("Precedence", " List")], &[]),
        (&[from(" info@example.com"), ("Precedence", " normal")], &["+Sender: alice@example.com"]),
        (&[from(" info@example.com"), ("Auto-Submitted", " auto-replied")], &[]),
        (&[from(" info@example.com"), ("Auto-Submitted", " no")], &["+Sender: alice@example.com"]),
        (&[from(" info@example.com"), ("Sender", " info@example.com"), ("List-Post", " x")], &[]),
    ] {
        assert_eq!(outcome(config, OWN, fields), ok(expected), "{fields:?}");
    }
    // Nobody gets past the check by calling it a list.
    assert!(outcome(config, OWN, &[from(" info@example.com"), ("Sender", " x@y.de"), ("List-Id", " <x>")]).is_err());
}

#[test]
fn fields_of_lists_and_automatons_are_left_alone() {
    let config = "header_mismatch = 'rewrite'\nsender_field = 'fix'\n[[owner]]\nuser = 'alice@example.com'\n\
                  may_use = ['*']\n[[rewrite]]\nmatch = '*@old.example'\nto = '$1@new.example'";
    let fields = [
        ("From", " Member <member@old.example>"),
        ("Sender", " list-bounces@lists.example"),
        ("List-Id", " <list.lists.example>"),
        ("List-Post", " <mailto:list@old.example>"),
        ("Precedence", " list"),
        ("Auto-Submitted", " auto-generated"),
    ];
    assert_eq!(outcome(config, "<list-bounces@lists.example>", &fields), ok(&["From: Member <member@new.example>"]));
}

#[test]
fn autoresponder() {
    let config = "sender_field = 'fix'\n\
                  [[owner]]\nuser = 'vacation@example.com'\nmay_use = ['@example.com']\nin = ['from']\n\
                  [[autoresponder]]\nuser = 'vacation@example.com'\nsender = 'vacation@example.com'";
    let filter = filter(config);
    let by = By::User("vacation@example.com");
    let fields = [("From", " Alice <alice@example.com>"), ("Auto-Submitted", " auto-replied")];
    let end = send(&filter, by, "<whatever@example.com>", &fields);
    assert_eq!(edits(&end), ["+Sender: vacation@example.com", "envelope <>"]);
    let end = send(&filter, by, "<>", &[fields[0], ("Sender", " x@y.de")]);
    assert_eq!(edits(&end), ["-Sender", "+Sender: vacation@example.com"]);
    assert!(!send(&filter, by, "<>", &[("From", " boss@example.org")]).accepted());
    let end = send(&filter, ALICE, OWN, &[("From", " alice@example.com")]);
    assert!(end.accepted() && edits(&end).is_empty());
}

#[test]
fn nothing_of_a_message_gets_into_a_reply() {
    let end = send(&filter(""), ALICE, OWN, &[("From", " \"a\r\nb\u{e4}\"@example.org")]);
    let text = reply(&end);
    assert!(text.starts_with("550 5.7.1 From address") && text.is_ascii() && !text.contains(['\r', '\n']), "{text:?}");
}
