use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use postseal_protocol::Verdict;

use super::*;
use crate::filter::{Filter, FilterError, FilterSession, Needs};
use crate::pipeline::{OnError, Pipeline, PipelineEntry};
use crate::testing::{self, TestClock, Transaction};

/// Notes the author of mail that the MTA itself has made.
#[derive(Clone)]
struct Asks(OwnNames);

impl Filter for Asks {
    fn name(&self) -> &'static str {
        "asks"
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl FilterSession for Asks {
    async fn end_of_message(&mut self, cx: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        if self.0.author(cx, message).is_some() {
            cx.note("own");
        }
        Ok(Verdict::Continue)
    }

    fn reset(&mut self) {}
}

/// A bounce of the MTA `mta.own.example`, to be changed.
#[derive(Clone)]
struct Bounce {
    role: Role,
    user: Option<&'static str>,
    sender: &'static str,
    fields: Vec<(&'static str, &'static str)>,
}

const REPORT: (&str, &str) =
    ("Content-Type", " multipart/report; report-type=delivery-status;\n\tboundary=\"BF1.1700000000/mta.own.example\"");
const AUTO: (&str, &str) = ("Auto-Submitted", " auto-replied");
const DAEMON: (&str, &str) = ("From", " MAILER-DAEMON@mta.own.example (Mail Delivery System)");

fn bounce(fields: &[(&'static str, &'static str)]) -> Bounce {
    Bounce { role: Role::Local, user: None, sender: "<>", fields: fields.to_vec() }
}

fn from(value: &'static str) -> Bounce {
    bounce(&[("From", value), AUTO, REPORT])
}

impl Bounce {
    fn by(self, role: Role) -> Self {
        Self { role, ..self }
    }

    fn sent_from(self, sender: &'static str) -> Self {
        Self { sender, ..self }
    }

    fn is_own(&self) -> bool {
        let names: DomainName = "own.example".parse().unwrap();
        let mut settings = testing::settings(TestClock::at(0));
        settings.role = self.role;
        let filter = Arc::new(Asks(OwnNames::new([&names])));
        let pipeline = Pipeline::new(settings, vec![PipelineEntry { filter, on_error: OnError::Tempfail }]);
        let mut transaction = Transaction::with(Arc::new(pipeline)).client(IpAddr::from([127, 0, 0, 1]));
        transaction = transaction.macro_value(Stage::Connect, "j", "MTA.own.example");
        if let Some(user) = self.user {
            transaction = transaction.user(user);
        }
        transaction = transaction.mail(self.sender).rcpt("<b@dest.example>");
        let fields = self.fields.iter();
        let end = fields.fold(transaction, |transaction, (name, value)| transaction.header(name, value));
        end.body("x\r\n").end().reasons() == ["asks.own"]
    }
}

#[test]
fn bounces_and_notices_of_the_mta_are_its_own() {
    let report = bounce(&[DAEMON, ("Subject", " Undelivered Mail Returned to Sender"), AUTO, REPORT]);
    assert!(report.is_own());
    assert!(report.clone().by(Role::Reinject).is_own());
    assert!(report.clone().sent_from("").is_own());
    assert!(report.clone().sent_from("<double-bounce@mta.own.example>").is_own());
    assert!(report.sent_from("<Double-Bounce@own.example>").is_own());
    assert!(bounce(&[DAEMON, REPORT]).is_own());
    assert!(bounce(&[DAEMON, AUTO]).is_own());
    assert!(bounce(&[DAEMON, ("Auto-Submitted", " auto-generated (failure)")]).is_own());
    assert!(bounce(&[DAEMON, ("auto-submitted ", "Auto-Generated; x=y")]).is_own());
    // smtpd_chat.c writes no field beyond these.
    let notice = bounce(&[DAEMON, ("To", " postmaster@mta.own.example (Postmaster)"), ("Subject", " errors")]);
    assert!(notice.clone().sent_from("<double-bounce@mta.own.example>").is_own());
    assert!(!notice.is_own());
    for value in [
        " Mail Delivery Subsystem <MAILER-DAEMON@mta.own.example>",
        " postmaster@own.example",
        " \"Content-filter at mta.own.example\" <Postmaster@Mta.Own.Example>",
        " =?utf-8?Q?Zustellsystem_f=C3=BCr_Post?= <mailer-daemon@own.example>",
        " MAILER-DAEMON (Mail Delivery System)",
    ] {
        assert!(from(value).is_own(), "{value}");
    }
}

#[test]
fn other_domains_and_other_people_are_not() {
    for value in [
        " postmaster@victim.example",
        " MAILER-DAEMON@victim.example (Mail Delivery System)",
        " MAILER-DAEMON@www.own.example",
        " MAILER-DAEMON@mta.own.example.victim.example",
        " MAILER-DAEMON@[127.0.0.1]",
        " ceo@own.example",
        " postmaster+x@own.example",
        " double-bounce@own.example",
        " postmaster@own.example, postmaster@victim.example",
        " \"postmaster@own.example\" <ceo@victim.example>",
        // The address is right, but the name beside it is another address.
        " \"ceo@victim.example\" <postmaster@own.example>",
        " postmaster@own.example (ceo@victim.example)",
        " =?utf-8?Q?ceo=40victim.example?= <postmaster@own.example>",
        " ceo＠victim.example <postmaster@own.example>",
        // A character in two words, and charsets that are not read here.
        " =?utf-8?q?ceo=EF=BC?= =?utf-8?q?=A0victim.example?= <postmaster@own.example>",
        " =?utf-8?b?Y2Vv7w==?= =?utf-8?b?vKB2aWN0aW0uZXhhbXBsZQ==?= <postmaster@own.example>",
        " =?utf-7?q?ceo+AEA-victim.example?= <postmaster@own.example>",
        " =?utf-16be?b?AGMAQAB2?= <postmaster@own.example>",
        " =?cp037?b?fA==?= <postmaster@own.example>",
        " undisclosed:;",
        "",
    ] {
        assert!(!from(value).is_own(), "{value}");
    }
}

#[test]
fn other_ways_and_other_shapes_are_not() {
    let report = bounce(&[DAEMON, AUTO, REPORT]);
    assert!(!report.clone().by(Role::Submission).is_own());
    assert!(!Bounce { user: Some("alice@own.example"), ..report.clone() }.is_own());
    for sender in [
        "<root@mta.own.example>",
        "<double-bounce@victim.example>",
        "<postmaster@mta.own.example>",
        "<double-bounce>x",
        "<double-bounce@mta.own.example,ceo@victim.example>",
    ] {
        assert!(!report.clone().sent_from(sender).is_own(), "{sender}");
    }
    for field in [
        ("From", " ceo@victim.example"),
        ("from ", " MAILER-DAEMON@own.example"),
        ("Reply-To", " ceo@victim.example"),
        ("Sender", " ceo@victim.example"),
        ("Content-Type", " text/plain"),
        ("Auto-Submitted", " no"),
    ] {
        let mut fields = report.fields.clone();
        fields.push(field);
        assert!(!Bounce { fields, ..report.clone() }.is_own(), "{field:?}");
    }
    for fields in [
        &[DAEMON][..],
        &[DAEMON, ("Auto-Submitted", " no")],
        &[DAEMON, ("Auto-Submitted", " auto-repliedx")],
        &[DAEMON, ("Content-Type", " multipart/mixed; report-type=delivery-status; boundary=x")],
        &[DAEMON, ("Content-Type", " multipart/report; boundary=x")],
        &[DAEMON, ("Content-Type", " multipart/report; report-type=feedback-report; boundary=x")],
        &[DAEMON, ("Precedence", " bulk")],
    ] {
        assert!(!bounce(fields).is_own(), "{fields:?}");
    }
    let typed = bounce(&[DAEMON, ("Content-Type", " text/html")]);
    assert!(!typed.sent_from("<double-bounce@mta.own.example>").is_own());
}
