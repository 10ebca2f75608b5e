//! Messages that are not signed: the reason, and the reply.

use std::sync::Arc;

use arc_swap::ArcSwap;
use postseal_protocol::{ActionFlags, ProtocolFlags, Stage, Verdict};

use super::support::{Mail, example, filter, inserted, pipeline, table};
use crate::connection::Role;
use crate::dkim::{DkimFilter, DkimSettings, KeyTable, Pattern, SigningRule, Unsigned, UnsignedPolicy};
use crate::filter::Filter;
use crate::pipeline::PipelineSettings;
use crate::pipeline::{OnError, Pipeline, PipelineEntry};
use crate::testing::{End, TestClock, Transaction, settings as pipeline_settings};

fn reply(end: &End) -> String {
    match &end.verdict {
        Verdict::Reply(reply) => reply.to_string(),
        other => other.name().to_owned(),
    }
}

fn all(policy: UnsignedPolicy) -> DkimSettings {
    DkimSettings {
        on_missing_key: policy,
        on_from_missing: policy,
        on_from_multiple_fields: policy,
        on_from_multiple_addresses: policy,
        on_too_many_fields: policy,
        ..example()
    }
}

/// Fields, why they are not signed, and the text.
type Case<'a> = (&'a [(&'a str, &'a str)], Unsigned, &'a str);

#[test]
fn every_reason_and_every_policy() {
    let many = vec![("Subject", "x"); 33];
    let from = ("From", "joe@example.com");
    let cases: &[Case<'_>] = &[
        (
            &[("From", "joe@other.example")],
            Unsigned::NoKeyForDomain,
            "7.1 No DKIM key for other.example: send from a domain of this server, or have a key added",
        ),
        (&[("Subject", "x")], Unsigned::FromMissing, "6.0 The message has no From field"),
        (
            &[("From", "Joe Doe")],
            Unsigned::FromInvalid,
            "6.0 The From field can't be understood: no address can be read at octet 8",
        ),
        (&[("From", "root")], Unsigned::FromInvalid, "6.0 The address in the From field has no domain"),
        (&[("From", "nobody:;")], Unsigned::FromInvalid, "6.0 The From field has no address"),
        (
            &[from, ("from ", "eve@example.com")],
            Unsigned::FromMultiple,
            "6.0 The message has 2 From fields; one is allowed (RFC 5322)",
        ),
        (
            &[("From", "joe@example.com, Suzie <suzie@example.com>")],
            Unsigned::FromAddresses,
            "6.0 The From field has 2 addresses; many servers refuse such mail",
        ),
        (&[&[from], &many[..]].concat(), Unsigned::TooManyFields, "6.0 The message has too many Subject fields"),
    ];
    for (fields, reason, text) in cases {
        let mail = Mail::new(fields, "x\r\n");
        for (policy, code) in
            [(UnsignedPolicy::Pass, ""), (UnsignedPolicy::Tempfail, "451 4."), (UnsignedPolicy::Reject, "550 5.")]
        {
            let end = mail.send(&pipeline([filter(&all(policy))]));
            assert_eq!(end.reasons(), [format!("dkim.{}", reason.as_str())]);
            assert!(end.modifications.is_empty() && end.record.report.signatures.is_empty());
            match policy {
                UnsignedPolicy::Pass => assert!(end.accepted()),
                _ => assert_eq!(reply(&end), format!("{code}{text}")),
            }
        }
    }
}

#[test]
fn mail_that_was_accepted_already_passes_unsigned_with_its_reason() {
    let many = [&[("From", "joe@example.com")], &vec![("Subject", "x"); 33][..]].concat();
    let send = |role, settings: &DkimSettings, fields: &[(&str, &str)]| {
        let entry = PipelineEntry { filter: filter(settings), on_error: OnError::Tempfail };
        let pipeline = Pipeline::new(PipelineSettings { role, ..pipeline_settings(TestClock::at(0)) }, vec![entry]);
        Mail::new(fields, "x\r\n").send(&Arc::new(pipeline))
    };
    for (fields, reason) in [
        (&[("From", "joe@other.example")][..], Unsigned::NoKeyForDomain),
        (&[("Subject", "x")], Unsigned::FromMissing),
        (&[("From", "carol@author.example"), ("From", "news@author.example")], Unsigned::FromMultiple),
        (&[("From", "joe@example.com, suzie@example.com")], Unsigned::FromAddresses),
        (&many, Unsigned::TooManyFields),
    ] {
        for policy in [UnsignedPolicy::Tempfail, UnsignedPolicy::Reject] {
            for role in [Role::Local, Role::Reinject] {
                let end = send(role, &all(policy), fields);
                assert!(end.accepted() && end.modifications.is_empty(), "{reason:?}");
                assert_eq!(end.reasons(), [format!("dkim.{}", reason.as_str())]);
                let everywhere = toml::from_str("refuse_on = ['local', 'reinject']").unwrap();
                let DkimSettings { refuse_on, .. } = everywhere;
                let settings = DkimSettings { refuse_on, ..all(policy) };
                assert!(!send(role, &settings, fields).accepted(), "{reason:?}");
                assert!(send(Role::Submission, &settings, fields).accepted(), "{reason:?}");
            }
        }
    }
}

#[test]
fn defaults() {
    for (fields, expected) in [
        (&[("From", "joe@other.example")][..], "accept"),
        (&[("Subject", "no From, which Sendmail adds later")], "accept"),
        (&[("From", "root")], "accept"),
        (
            &[("From", "a@example.com"), ("From", "b@example.com")],
            "550 5.6.0 The message has 2 From fields; one is allowed (RFC 5322)",
        ),
        (&[("From", "a@example.com, b@example.com")], "accept"),
    ] {
        assert_eq!(reply(&Mail::new(fields, "").send(&pipeline([filter(&example())]))), expected);
    }
}

#[test]
fn what_is_not_ours_is_let_through_whatever_it_is() {
    let pipeline = pipeline([filter(&all(UnsignedPolicy::Reject))]);
    let end = Mail::ordinary().through(Transaction::with(Arc::clone(&pipeline)), 10).end();
    assert!(end.accepted() && end.modifications.is_empty());
    assert_eq!(end.reasons(), ["dkim.not_origin"]);
    // The next mail on the connection is outgoing, the one after it is not.
    let mut transaction = Transaction::with(pipeline);
    for (user, signed) in [("", false), ("joe", true), ("", false)] {
        transaction = Mail::ordinary().through(transaction.macro_value(Stage::Mail, "{auth_authen}", user), 10);
        let end = transaction.end_and_go_on();
        assert_eq!(inserted(&end).len(), if signed { 2 } else { 0 });
    }
}

#[test]
fn the_domain_in_a_reply_is_printable() {
    let mail = Mail::new(&[("From", &format!("joe@[{}]", "x".repeat(250)))], "");
    let text = reply(&mail.send(&pipeline([filter(&all(UnsignedPolicy::Reject))])));
    assert!(text.len() < 500 && text.starts_with("550 5.7.1 No DKIM key for [xxx"), "{text}");
}

/// With one rule that has lost its keys.
fn without_keys(settings: &DkimSettings) -> Arc<dyn Filter> {
    let domain = "example.com".parse().unwrap();
    let table = KeyTable::new([SigningRule::for_domain(domain, [])]);
    Arc::new(DkimFilter::new(settings.plan().unwrap().signing, Arc::new(ArcSwap::from_pointee(table))))
}

#[test]
fn keys_that_should_be_there_are_our_fault() {
    for (on_error, expected) in [
        (OnError::Tempfail, "451 4.3.0 The mail filter of this server has a problem; try again later"),
        (OnError::Reject, "554 5.3.0 The mail filter of this server can't process this message"),
        (OnError::Pass, "accept"),
    ] {
        let entry = PipelineEntry { filter: without_keys(&example()), on_error };
        let pipeline = Arc::new(Pipeline::new(crate::testing::settings(TestClock::at(0)), vec![entry]));
        let end = Mail::ordinary().send(&pipeline);
        assert_eq!(reply(&end), expected);
        let [failure] = &end.record.report.failures[..] else { panic!("one failure") };
        assert_eq!((failure.filter, failure.code), ("dkim", "key_unusable"));
        assert_eq!(failure.detail, "none of the keys of example.com can be used");
        assert!(end.reasons().is_empty());
    }
}

#[test]
fn a_message_is_not_signed_by_half_of_its_domains() {
    let rules = [("first.example", vec![super::support::key("rsa", super::support::RSA)]), ("second.example", vec![])];
    let rule = |(domain, keys): (&str, Vec<_>)| {
        SigningRule::new(Pattern::from_domain("example.com").unwrap(), domain.parse().unwrap(), keys)
    };
    let table = Arc::new(ArcSwap::from_pointee(KeyTable::new(rules.map(rule))));
    let filter = DkimFilter::new(example().plan().unwrap().signing, table);
    let end = Mail::ordinary().send(&pipeline([Arc::new(filter) as Arc<dyn Filter>]));
    let [failure] = &end.record.report.failures[..] else { panic!("one failure") };
    assert_eq!((failure.code, &*failure.detail), ("key_unusable", "none of the keys of second.example can be used"));
}

#[test]
fn octets_that_mtas_change_are_not_signed() {
    for sign_unsafe_octets in [false, true] {
        let pipeline = pipeline([filter(&DkimSettings { sign_unsafe_octets, ..all(UnsignedPolicy::Reject) })]);
        let from = ("From", "joe@example.com");
        for mail in [
            Mail::new(&[from], "a\0b\r\n"),
            Mail::new(&[from], "a\rb\r\n"),
            Mail::new(&[from], "a\nb\r\n"),
            Mail::new(&[from], "a\r"),
            Mail::new(&[from, ("Subject", "a\rb")], ""),
            Mail::new(&[from, ("X-Unsigned", "a\r")], ""),
        ] {
            let end = mail.send(&pipeline);
            let expected: &[&str] = if sign_unsafe_octets { &[] } else { &["dkim.unsafe_octets"] };
            assert!(end.accepted() && end.reasons() == expected, "{mail:?}: {:?}", end.reasons());
            assert_eq!(inserted(&end).is_empty(), !sign_unsafe_octets, "{mail:?}");
        }
        let end = Mail::new(&[from, ("Subject", "a\n b")], "a\r\nb\x0c\x0b\r\n").send(&pipeline);
        assert!(end.reasons().is_empty() && inserted(&end).len() == 2);
        let end = Mail::new(&[("From", "a@other.example")], "\0").send(&pipeline);
        assert_eq!(end.reasons(), ["dkim.no_key_for_domain"], "the first reason counts");
    }
}

#[test]
fn shadow_mode_decides_and_changes_nothing() {
    let shadow = DkimSettings { shadow: true, ..all(UnsignedPolicy::Reject) };
    let pipeline_of = |filter| pipeline([filter]);
    for (filter, mail, reason) in [
        (filter(&shadow), Mail::ordinary(), "dkim.shadow"),
        (filter(&shadow), Mail::new(&[("From", "a@other.example")], ""), "dkim.no_key_for_domain"),
        (filter(&shadow), Mail::new(&[], ""), "dkim.from_missing"),
        (without_keys(&shadow), Mail::ordinary(), "dkim.key_unusable"),
    ] {
        let end = mail.send(&pipeline_of(filter));
        assert!(end.accepted() && end.modifications.is_empty());
        assert!(end.record.report.signatures.is_empty() && end.record.report.failures.is_empty());
        assert_eq!(end.reasons(), [reason]);
    }
}

#[test]
fn the_longest_match_signs() {
    let mut settings = example();
    let template = settings.domain[0].clone();
    for (pattern, signing_domain) in
        [("*", "any.example"), (".example.com", "below.example"), (".b.example.com", "deeper.example")]
    {
        settings.domain.push(crate::dkim::DomainSettings {
            domain: Some(Pattern::from_domain(pattern).unwrap()),
            signing_domain: Some(signing_domain.parse().unwrap()),
            ..template.clone()
        });
    }
    let pipeline = pipeline([filter(&settings)]);
    for (from, domain) in [
        ("joe@example.com", "example.com"),
        ("joe@a.example.com", "below.example"),
        ("joe@a.b.example.com", "deeper.example"),
        ("joe@b.example.com", "below.example"),
        ("joe@com", "any.example"),
        ("joe@[192.0.2.1]", "any.example"),
    ] {
        let end = Mail::new(&[("From", from)], "").send(&pipeline);
        let domains: Vec<_> = end.record.report.signatures.iter().map(|note| &*note.domain).collect();
        assert_eq!(domains, [domain; 2], "{from}");
    }
}

#[test]
fn asks_the_mta_for_no_more_than_it_needs() {
    let pipeline = Pipeline::new(
        pipeline_settings(TestClock::at(0)),
        vec![PipelineEntry { filter: filter(&example()), on_error: OnError::default() }],
    );
    let wanted = pipeline.wanted();
    assert!(wanted.actions.contains(ActionFlags::ADD_HEADERS));
    assert!(wanted.actions.contains(ActionFlags::CHANGE_HEADERS), "for Sendmail");
    assert!(!wanted.actions.contains(ActionFlags::CHANGE_BODY));
    let waived = ProtocolFlags::NO_END_OF_HEADERS
        | ProtocolFlags::NO_DATA
        | ProtocolFlags::NO_REPLY_HEADER
        | ProtocolFlags::NO_REPLY_BODY;
    assert!(wanted.protocol.contains(waived));
    assert!(!wanted.protocol.contains(ProtocolFlags::NO_BODY));
}

#[test]
fn every_reason_has_a_code_of_its_own() {
    let codes: std::collections::BTreeSet<_> = Unsigned::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(codes.len(), Unsigned::ALL.len());
    assert!(table(&[]).load().is_empty());
}

#[test]
fn a_listener_whose_mail_is_never_ours_asks_for_no_body() {
    let no_body = |role| {
        let entry = PipelineEntry { filter: filter(&example()), on_error: OnError::default() };
        let pipeline = Pipeline::new(PipelineSettings { role, ..pipeline_settings(TestClock::at(0)) }, vec![entry]);
        pipeline.wanted().protocol.contains(ProtocolFlags::NO_BODY)
    };
    assert_eq!([no_body(Role::Mx), no_body(Role::Submission)], [true, false]);
}
