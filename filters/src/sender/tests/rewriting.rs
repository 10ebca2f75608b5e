//! Rewritten addresses, octet by octet.

use super::*;

const WEB: By = By::Client([10, 1, 2, 3]);
const FIRMA: &str = r#"
default_domain = "host.firma.de"
[[owner]]
client = "10.1.0.0/16"
may_use = ["@firma.de", "@host.firma.de"]
[[rewrite]]
match = "wwwrun@*.firma.de"
to = "webmaster@firma.de"
[[rewrite]]
match = "*@www.firma.de"
to = "$1@firma.de"
[[rewrite]]
match = "@intern.firma.de"
to = "@firma.de"
fields = ["from", "envelope"]
client = "10.1.2.0/24"
"#;

#[test]
fn envelope_and_fields_change_together() {
    let filter = filter(FIRMA);
    let fields = [
        ("From", " \"Shop, Firma\" <wwwrun@www.firma.de>"),
        ("Sender", " wwwrun@www.firma.de"),
        ("Reply-To", "\n\t=?utf-8?Q?B=C3=BCro?= <Info@WWW.firma.de> (buero),\n other@kunde.de"),
        ("To", " wwwrun@www.firma.de"),
    ];
    let end = send(&filter, WEB, "<wwwrun@www.firma.de>", &fields);
    assert!(end.accepted(), "{}", reply(&end));
    let mut edits = edits(&end);
    edits.sort();
    assert_eq!(
        edits,
        [
            "From: \"Shop, Firma\" <webmaster@firma.de>",
            "Reply-To:\n\t=?utf-8?Q?B=C3=BCro?= <Info@firma.de> (buero),\n other@kunde.de",
            "Sender: webmaster@firma.de",
            "envelope <webmaster@firma.de>",
        ]
    );
    assert_eq!(end.reasons(), ["sender.rewritten"; 4]);
    let detail = end.record.report.reasons[0].detail.as_deref();
    assert_eq!(detail, Some("envelope: wwwrun@www.firma.de -> webmaster@firma.de by sender.rewrite[0]"));
}

#[test]
fn only_addresses_change() {
    let filter = filter(FIRMA);
    for (before, after) in [
        (" wwwrun@www.firma.de", " webmaster@firma.de"),
        ("wwwrun@www.firma.de", "webmaster@firma.de"),
        (" WWWRUN@WWW.Firma.DE (the web server)", " webmaster@firma.de (the web server)"),
        ("\n (c) wwwrun (x) @ www . firma\n . de\t(d)", "\n (c) webmaster@firma.de\t(d)"),
        (" Web: wwwrun@a.firma.de, X <wwwrun@b.firma.de>;", " Web: webmaster@firma.de;"),
        (" G\u{fc}nter <wwwrun@a.firma.de>", " G\u{fc}nter <webmaster@firma.de>"),
        (" wwwrun@a.firma.de <wwwrun@a.firma.de>", " webmaster@firma.de <webmaster@firma.de>"),
        (" 'WWWrun@a.firma.de' (c) <wwwrun@a.firma.de>", " 'webmaster@firma.de' (c) <webmaster@firma.de>"),
        (" \"wwwrun@a.firma.de\" <wwwrun@a.firma.de>", " \"wwwrun@a.firma.de\" <webmaster@firma.de>"),
        (" <@relay.firma.de:wwwrun@a.firma.de>", " <@relay.firma.de:webmaster@firma.de>"),
        (" \"a b\"@www.firma.de", " \"a b\"@firma.de"),
        (" root", " root@host.firma.de"),
        (" Cron Daemon <root>", " Cron Daemon <root@host.firma.de>"),
        (" Kurt.M@Intern.firma.de", " Kurt.M@firma.de"),
    ] {
        let end = send(&filter, WEB, "<>", &[("From", before)]);
        assert!(end.accepted(), "{before:?}: {}", reply(&end));
        assert_eq!(edits(&end), [format!("From:{after}")], "{before:?}");
    }
}

#[test]
fn addresses_that_become_the_same_are_one() {
    let filter = filter(FIRMA);
    for (before, after) in [
        (" wwwrun@a.firma.de, wwwrun@b.firma.de", " webmaster@firma.de"),
        (" A <wwwrun@a.firma.de>,\n\tB <wwwrun@b.firma.de> (b)", " A <webmaster@firma.de>"),
        (" wwwrun@a.firma.de, x@firma.de, wwwrun@b.firma.de", " webmaster@firma.de, x@firma.de"),
        (" webmaster@firma.de, wwwrun@b.firma.de", " webmaster@firma.de"),
        (" wwwrun@b.firma.de, webmaster@firma.de", " webmaster@firma.de"),
        (" root, Root@host.firma.de", " root@host.firma.de"),
        // The only member of a group stays, as the group would be empty.
        (" wwwrun@a.firma.de, G: wwwrun@b.firma.de;", " webmaster@firma.de, G: webmaster@firma.de;"),
        // The sender has written these twice himself.
        (" a@firma.de, a@firma.de, wwwrun@b.firma.de", " a@firma.de, a@firma.de, webmaster@firma.de"),
    ] {
        for name in ["From", "Sender", "Reply-To", "Disposition-Notification-To"] {
            let fields = [("From", " a@firma.de"), (name, before)];
            let fields = if name == "From" { &fields[1..] } else { &fields[..] };
            let end = send(&filter, WEB, "<>", fields);
            assert!(end.accepted(), "{name} {before:?}: {}", reply(&end));
            assert_eq!(edits(&end), [format!("{name}:{after}")], "{name} {before:?}");
        }
    }
}

#[test]
fn receipts_errors_and_answers_are_rewritten_too() {
    for name in [
        "Disposition-Notification-To", "Return-Receipt-To", "Read-Receipt-To", "X-Confirm-Reading-To", "Errors-To",
        "X-Errors-To", "Mail-Reply-To", "Mail-Followup-To", "Resent-From", "Resent-Sender", "Resent-Reply-To",
        "errors-to ",
    ] {
        let fields = [("From", " a@firma.de"), (name, " X <wwwrun@a.firma.de>")];
        let end = send(&filter(FIRMA), WEB, "<>", &fields);
        assert!(end.accepted(), "{name}: {}", reply(&end));
        assert_eq!(edits(&end), [format!("{name}: X <webmaster@firma.de>")]);
        // Anybody may use any address there.
        let end = send(&filter(FIRMA), WEB, "<>", &[("From", " a@firma.de"), (name, " x@victim.example")]);
        assert!(end.accepted() && end.modifications.is_empty());
    }
    let owner = "[[owner]]\nclient = '10.0.0.0/8'\nmay_use = ['@firma.de']\n";
    let rule = |places| format!("{owner}[[rewrite]]\nmatch = '@a.de'\nto = '@firma.de'\nfields = [{places}]");
    let fields =
        [("From", " x@firma.de"), ("Errors-To", " x@a.de"), ("Resent-From", " x@a.de"), ("Reply-To", " x@a.de")];
    for (places, edited) in [("'receipt'", "Errors-To"), ("'resent'", "Resent-From"), ("'reply_to'", "Reply-To")] {
        let end = send(&filter(&rule(places)), WEB, "<>", &fields);
        assert_eq!(edits(&end), [format!("{edited}: x@firma.de")]);
    }
}

#[test]
fn what_no_rule_is_for_stays() {
    let filter = filter(FIRMA);
    let all = [
        ("From", " a@firma.de ,\n <b@firma.de>"),
        ("Reply-To", " not readable ) wwwrun@www.firma.de"),
        ("To", " wwwrun@www.firma.de"),
        ("X-From", " wwwrun@www.firma.de"),
    ];
    let end = send(&filter, WEB, "<a@firma.de>", &all);
    assert!(end.accepted() && edits(&end).is_empty(), "{:?}", edits(&end));
    // A rule with a condition, and one with fields.
    let elsewhere = By::Client([10, 1, 3, 3]);
    assert!(!send(&filter, elsewhere, "<>", &[("From", " a@intern.firma.de")]).accepted());
    let end = send(&filter, WEB, "<>", &[("From", " a@firma.de"), ("Reply-To", " a@intern.firma.de")]);
    assert!(edits(&end).is_empty());
    // The null reverse-path.
    let end = send(&filter, WEB, "<>", &[("From", " a@firma.de")]);
    assert!(edits(&end).is_empty());
}

#[test]
fn an_address_that_is_right_already_keeps_its_spelling() {
    let config =
        "[[owner]]\nclient = '10.1.0.0/16'\nmay_use = ['@b.de']\n[[rewrite]]\nmatch = '*@b.de'\nto = '$1@b.de'";
    let end = send(&filter(config), WEB, "<A@B.de>", &[("From", " A@B.de")]);
    assert!(end.accepted() && edits(&end).is_empty(), "{:?}", edits(&end));
}

#[test]
fn a_rule_gives_no_right() {
    let filter = filter("[[rewrite]]\nmatch = '*@www.firma.de'\nto = 'boss@firma.de'");
    let end = send(&filter, ALICE, "<x@www.firma.de>", &[("From", " x@www.firma.de")]);
    let expected = "550 5.7.1 Sender address boss@firma.de is not allowed for user alice@example.com (MAIL FROM)";
    assert_eq!(reply(&end), expected);
    let end = send(&filter, ALICE, "<>", &[("From", " x@www.firma.de")]);
    assert_eq!(reply(&end), "550 5.7.1 From address boss@firma.de is not allowed for user alice@example.com");
}

#[test]
fn esmtp_arguments_stay() {
    let filter = filter(FIRMA);
    for (postfix, expected) in [
        (true, "envelope <webmaster@firma.de> RET=HDRS envid=x+3D1"),
        (false, "envelope <webmaster@firma.de> SIZE=100 RET=HDRS envid=x+3D1 BODY=8BITMIME"),
    ] {
        let mut settings = testing::settings(TestClock::at(0));
        settings.origin.networks.push("10.0.0.0/8".parse().unwrap());
        let entry = PipelineEntry { filter: filter.clone() as Arc<dyn Filter>, on_error: OnError::Tempfail };
        let mut session = Arc::new(Pipeline::new(settings, vec![entry])).start();
        let mut macros = postseal_protocol::MacroTable::default();
        macros.insert(Stage::Connect, "v", if postfix { "Postfix 3.7.11" } else { "8.17" });
        let peer = postseal_protocol::Peer::Inet((IpAddr::from([10, 1, 2, 3]), 0).into());
        let connect = postseal_protocol::Connect { hostname: "x".into(), peer };
        let arguments = ["SIZE=100", "RET=HDRS", "envid=x+3D1", "BODY=8BITMIME"].map(Into::into).to_vec();
        let sender = Address { path: "<wwwrun@a.firma.de>".into(), arguments };
        let decision = pollster::block_on(async {
            session.connect(connect, &macros).await;
            session.mail(sender, &macros).await;
            session.rcpt(Address::new("<b@dest.example>"), &macros).await;
            session.end_of_message(&macros).await
        });
        let record = *session.take_record().unwrap();
        let end = End { verdict: decision.verdict, modifications: decision.modifications, record };
        assert_eq!(edits(&end), [expected]);
    }
}

#[test]
fn in_shadow_mode_nothing_happens() {
    let filter = filter(&format!("shadow = true\n{FIRMA}"));
    assert_eq!(filter.needs().edits, ActionFlags::empty());
    assert_eq!(filter.needs().answers, Steps::empty());
    let end = send(&filter, WEB, "<wwwrun@www.firma.de>", &[("From", " x@kunde.de")]);
    assert!(end.accepted() && end.modifications.is_empty());
    assert_eq!(end.reasons(), ["sender.rewritten", "sender.from_mismatch"]);
}

#[test]
fn only_the_edits_that_may_come_are_asked_for() {
    let all = ActionFlags::CHANGE_SENDER | ActionFlags::CHANGE_HEADERS | ActionFlags::ADD_HEADERS;
    let rule = |fields: &str| format!("[[rewrite]]\nmatch = '*'\nto = '@b.de'\nfields = [{fields}]");
    for (config, edits) in [
        (String::new(), ActionFlags::empty()),
        ("header_mismatch = 'log'\nenvelope_mismatch = 'log'".to_owned(), ActionFlags::empty()),
        (rule("'envelope'"), ActionFlags::CHANGE_SENDER),
        (rule("'from', 'sender'"), ActionFlags::CHANGE_HEADERS),
        ("[[rewrite]]\nmatch = '*'\nto = '@b.de'".to_owned(), ActionFlags::CHANGE_SENDER | ActionFlags::CHANGE_HEADERS),
        ("default_domain = 'a.de'".to_owned(), ActionFlags::CHANGE_SENDER | ActionFlags::CHANGE_HEADERS),
        ("envelope_mismatch = 'rewrite'".to_owned(), ActionFlags::CHANGE_SENDER),
        ("header_mismatch = 'add_sender'".to_owned(), ActionFlags::CHANGE_HEADERS | ActionFlags::ADD_HEADERS),
        ("sender_field = 'fix'".to_owned(), ActionFlags::CHANGE_HEADERS | ActionFlags::ADD_HEADERS),
        ("[[autoresponder]]\nuser = 'a'\nsender = 'a@b.de'".to_owned(), all),
    ] {
        assert_eq!(filter(&config).needs().edits, edits, "{config}");
    }
}
