//! Mail that the MTA itself has made, and mail that only pretends to be; refusals on listeners where nothing is refused.

use super::permitted::signer;
use super::*;

const REPORT: (&str, &str) = ("Content-Type", " multipart/report; report-type=delivery-status; boundary=x");
const AUTO: (&str, &str) = ("Auto-Submitted", " auto-replied");
const OWNER: &str = "[[owner]]\nlistener = 'test'\nmay_use = ['alice@own.example']";
const EVERYWHERE: &str = "refuse_on = ['submission', 'local', 'reinject']\n";

/// A message of a local program, by the check and the signer. The MTA is `mta.own.example`.
fn send_local(config: &str, role: Role, envelope: &str, fields: &[(&str, &str)]) -> End {
    let mut settings = testing::settings(TestClock::at(1_700_000_000));
    settings.role = role;
    let signer = signer(&["mta.own.example", "own.example", "victim.example"]);
    let filters: [Arc<dyn Filter>; 2] = [filter(config), signer];
    let entry = |filter| PipelineEntry { filter, on_error: OnError::Tempfail };
    let pipeline = Arc::new(Pipeline::new(settings, filters.map(entry).into()));
    let transaction = Transaction::with(pipeline).client(IpAddr::from([127, 0, 0, 1]));
    let transaction = transaction.macro_value(Stage::Connect, "j", "mta.own.example");
    let transaction = transaction.mail(envelope).rcpt("<b@dest.example>");
    let all = fields.iter();
    all.fold(transaction, |transaction, (name, value)| transaction.header(name, value)).body("x\r\n").end()
}

fn signed(end: &End) -> Vec<String> {
    end.record.report.signatures.iter().map(|note| note.domain.to_string()).collect()
}

#[test]
fn bounces_notices_and_double_bounces_pass_and_are_signed() {
    for role in [Role::Local, Role::Reinject] {
        for (envelope, value, domain) in [
            ("<>", " MAILER-DAEMON@mta.own.example (Mail Delivery System)", "mta.own.example"),
            ("", " Mail Delivery Subsystem <MAILER-DAEMON@mta.own.example>", "mta.own.example"),
            ("<double-bounce@mta.own.example>", " MAILER-DAEMON@mta.own.example", "mta.own.example"),
            ("<double-bounce@own.example>", " postmaster@own.example", "own.example"),
        ] {
            let config = format!("{EVERYWHERE}own_names = ['own.example']\n{OWNER}");
            let end = send_local(&config, role, envelope, &[("From", value), AUTO, REPORT]);
            assert!(end.accepted(), "{envelope} {value}: {}", reply(&end));
            assert_eq!((signed(&end), end.reasons()), (vec![domain.to_owned()], vec![]), "{envelope} {value}");
        }
    }
    // What smtpd(8) tells the postmaster is plain text.
    let notice = [("From", " MAILER-DAEMON@mta.own.example"), ("To", " postmaster@own.example (Postmaster)")];
    let end = send_local(EVERYWHERE, Role::Local, "<double-bounce@mta.own.example>", &notice);
    assert_eq!((end.accepted(), signed(&end)), (true, vec!["mta.own.example".to_owned()]));
    // default_domain is a name of the MTA too.
    let config = format!("{EVERYWHERE}default_domain = 'own.example'");
    let end = send_local(&config, Role::Local, "<>", &[("From", " MAILER-DAEMON@own.example"), AUTO]);
    assert_eq!(signed(&end), ["own.example"]);
}

#[test]
fn nobody_gets_a_signature_for_the_daemon_of_another_domain() {
    for role in [Role::Local, Role::Reinject] {
        for value in [
            " \"Payroll of victim.example\" <postmaster@victim.example>",
            " MAILER-DAEMON@victim.example (Mail Delivery System)",
            " \"ceo@victim.example\" <postmaster@victim.example>",
            " postmaster@victim.example, postmaster@mta.own.example",
            " ceo@victim.example",
        ] {
            for envelope in ["<>", "<double-bounce@mta.own.example>", "<double-bounce@victim.example>"] {
                let fields = [("From", value), AUTO, REPORT];
                let end = send_local(&format!("own_names = ['own.example']\n{OWNER}"), role, envelope, &fields);
                assert!(end.accepted(), "{value}: {}", reply(&end));
                assert_eq!(signed(&end), Vec::<String>::new(), "{value}");
                assert!(end.reasons().contains(&"sender.from_mismatch".to_owned()), "{value}");
                let end = send_local(&format!("{EVERYWHERE}{OWNER}"), role, envelope, &fields);
                assert!(!end.accepted(), "{value}");
            }
        }
    }
}

#[test]
fn vacation_mail_passes_with_an_address_that_may_be_used() {
    let vacation = |from| [("From", from), ("Auto-Submitted", " auto-replied (vacation)")];
    let config = format!("{EVERYWHERE}{OWNER}");
    let end = send_local(&config, Role::Local, "<>", &vacation(" Alice <alice@own.example>"));
    assert_eq!((end.accepted(), signed(&end)), (true, vec!["own.example".to_owned()]));
    assert!(!send_local(&config, Role::Local, "<>", &vacation(" bob@own.example")).accepted());
    let end = send_local(OWNER, Role::Local, "<>", &vacation(" bob@own.example"));
    assert_eq!((end.accepted(), signed(&end).len()), (true, 0));
}

#[test]
fn a_notice_that_is_none_is_judged_like_any_mail() {
    let config = format!("{EVERYWHERE}{OWNER}");
    let end = send_local(&config, Role::Local, "<double-bounce@mta.own.example>", &[("From", " alice@own.example")]);
    let who = "mail of listener test without a login";
    assert_eq!(
        reply(&end),
        format!("550 5.7.1 Sender address double-bounce@mta.own.example is not allowed for {who} (MAIL FROM)")
    );
    let end = send_local(OWNER, Role::Local, "<double-bounce@mta.own.example>", &[("From", " alice@own.example")]);
    assert!(end.accepted() && end.reasons() == ["sender.envelope_mismatch"], "{:?}", end.reasons());
    // A login may be anything but the MTA.
    let daemon = [("From", " MAILER-DAEMON@mta.own.example"), AUTO];
    assert!(!send(&filter(""), ALICE, "<>", &daemon).accepted());
}

#[test]
fn where_nothing_is_refused_mail_passes_unsigned_with_its_reason() {
    let from = |value| [("From", value)];
    for (config, envelope, value, reasons) in [
        ("", "<x@y.example>", " alice@own.example", &["sender.envelope_mismatch"][..]),
        ("", "<>", " ceo@victim.example", &["sender.from_mismatch", "dkim.sender_not_permitted"]),
        ("", "<>", " what is this", &["sender.from_mismatch", "dkim.from_invalid"]),
        (
            "header_mismatch = 'rewrite'\n",
            "<>",
            " ceo@victim.example",
            &["sender.from_mismatch", "dkim.sender_not_permitted"],
        ),
        ("envelope_mismatch = 'rewrite'\n", "<x@y.example>", " alice@own.example", &["sender.envelope_mismatch"]),
    ] {
        let config = format!("{config}{OWNER}");
        for role in [Role::Local, Role::Reinject] {
            let end = send_local(&config, role, envelope, &from(value));
            assert!(end.accepted() && edits(&end).iter().all(|edit| edit.contains("DKIM")), "{value}: {}", reply(&end));
            assert_eq!(end.reasons(), reasons, "{value}");
            assert!(!send_local(&format!("{EVERYWHERE}{config}"), role, envelope, &from(value)).accepted(), "{value}");
        }
    }
}
