//! Signed messages are verified by another implementation.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use postseal_protocol::{ActionFlags, Address, HeaderField, MacroTable, Modification, Stage, Verdict};
use proptest::prelude::{Strategy, any, prop, proptest};

use super::support::{
    ED25519, Mail, NOW, RSA, SMALL_RSA, assert_verified, example, filter, inserted, key, pipeline, table, tags, verify,
};
use crate::dkim::{Canonicalizations, DkimFilter, DkimSettings, KeyTable, SigningRule, UnsignedPolicy};
use crate::filter::{BodyNeed, Context, Filter, FilterError, FilterSession, Needs, Steps};
use crate::message::{Body, Message};
use crate::testing::Transaction;

#[test]
fn an_ordinary_mail() {
    let mail = Mail::ordinary();
    let end = mail.send(&pipeline([filter(&example())]));
    assert_verified(&mail.delivered(&end));
    assert!(end.reasons().is_empty());
    let [rsa, ed] = &inserted(&end)[..] else { panic!("two fields") };
    let (rsa, ed) = (tags(rsa), tags(ed));
    assert_eq!((&*rsa["a"], &*rsa["s"]), ("rsa-sha256", "rsa"));
    assert_eq!((&*ed["a"], &*ed["s"]), ("ed25519-sha256", "ed"));
    for tags in [rsa, ed] {
        let expected = [("v", "1"), ("d", "example.com"), ("c", "relaxed/relaxed")];
        assert!(expected.iter().all(|(name, value)| tags[*name] == *value));
        assert_eq!(tags["t"], NOW.to_string());
        assert_eq!(tags["x"], (NOW + 7 * 86_400).to_string());
        assert!(!tags.contains_key("l") && !tags.contains_key("i"));
        let signed = "From:From:Reply-To:Subject:Subject:Date:Date:To:To:Cc:In-Reply-To:References:Message-ID:Message-ID:\
                      MIME-Version:Content-Type:Content-Transfer-Encoding:Content-Disposition:Autocrypt";
        assert_eq!(tags["h"], signed);
    }
    let notes: Vec<_> = end.record.report.signatures.iter().map(|note| (&*note.selector, note.algorithm)).collect();
    assert_eq!(notes, [("rsa", "rsa-sha256"), ("ed", "ed25519-sha256")]);
}

#[test]
fn the_field_is_in_the_form_that_mtas_take() {
    let end = Mail::ordinary().send(&pipeline([filter(&example())]));
    for field in inserted(&end) {
        assert_eq!(field.name, "DKIM-Signature");
        let text = std::str::from_utf8(&field.value).unwrap();
        assert!(text.starts_with(" v=1; a=") && text.ends_with(';') && !text.contains('\r'), "{text:?}");
        assert!(text.lines().skip(1).all(|line| line.starts_with('\t')), "{text:?}");
        assert!(text.lines().all(|line| line.len() <= 78), "{text:?}");
    }
}

#[test]
fn every_canonicalization_and_every_kind_of_body() {
    let bodies: [&[u8]; 16] = [
        b"",
        b"\r\n",
        b"\r\n\r\n",
        b" \r\n\t\r\n",
        b"a",
        b"a \r\n",
        b"a\r\n \r\n\t \r\n",
        b"a\r\n\r\n\r\n\r\n",
        b"\r\n\r\n  a \t b\r\n",
        b"NUL \0 inside\r\n",
        b"8-bit gr\xfc\xdfe\r\n",
        b"vertical \x0b tab, form \x0c feed \x0c\r\n\x0c\r\n",
        b".\r\n..\r\n",
        b"no line end",
        b"bare\nline\nfeeds \n\n",
        &[b'x'; 5000],
    ];
    for form in ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"] {
        let canonicalization = form.parse::<Canonicalizations>().unwrap();
        let settings = DkimSettings { canonicalization, sign_unsafe_octets: true, ..example() };
        let pipeline = pipeline([filter(&settings)]);
        for body in bodies {
            for length in [1, 2, 3, 65_535] {
                let mut mail = Mail::ordinary();
                mail.body = body.to_vec();
                mail.fields.push(("Subject".to_owned(), b"  folded \n\t and  \n  white  ".to_vec()));
                mail.fields.push(("X-Other".to_owned(), b"none".to_vec()));
                let end = mail.send_in_pieces(&pipeline, length);
                assert_verified(&mail.delivered(&end));
                assert_eq!(tags(&inserted(&end)[0])["c"], form);
            }
        }
    }
}

#[test]
fn names_with_white_space_and_odd_case() {
    let mail = Mail::new(&[("from ", "joe@example.com"), ("SUBJECT\t", "x"), ("to", "a@b.example")], "x\r\n");
    let end = mail.send(&pipeline([filter(&example())]));
    assert_verified(&mail.delivered(&end));
    assert!(tags(&inserted(&end)[0])["h"].starts_with("From:From:Reply-To:Subject:Subject:Date:To:To:"));
}

#[test]
fn identity_and_third_party_domain_and_u_labels() {
    let mut settings = example();
    settings.domain[0].identity = Some("@sub.example.com".parse().unwrap());
    let mail = Mail::ordinary();
    let end = mail.send(&pipeline([filter(&settings)]));
    assert_eq!(tags(&inserted(&end)[0])["i"], "@sub.example.com");
    assert_verified(&mail.delivered(&end));

    // The identity is in one piece at any length.
    for length in 1..=70 - "@example.com".len() {
        let identity = format!("{}@example.com", "x".repeat(length));
        settings.domain[0].identity = Some(identity.parse().unwrap());
        let end = mail.send(&pipeline([filter(&settings)]));
        assert!(inserted(&end)[1].value.windows(identity.len()).any(|text| text == identity.as_bytes()));
        assert_verified(&mail.delivered(&end));
    }

    settings.domain[0].identity = None;
    settings.domain[0].signing_domain = Some("agency.example".parse().unwrap());
    let end = mail.send(&pipeline([filter(&settings)]));
    let verdicts = verify(&mail.delivered(&end));
    assert!(verdicts.iter().all(|(domain, _, passed)| domain == "agency.example" && *passed));

    settings.domain[0].signing_domain = None;
    settings.domain[0].domain = Some(crate::dkim::Pattern::from_domain("grüße.example").unwrap());
    for from in ["joe@Grüße.example", "joe@XN--GRE-6KA8L.example"] {
        let mail = Mail::new(&[("From", from)], "x\r\n");
        let verdicts = verify(&mail.delivered(&mail.send(&pipeline([filter(&settings)]))));
        assert!(verdicts.iter().all(|(domain, _, passed)| domain == "xn--gre-6ka8l.example" && *passed));
        assert_eq!(verdicts.len(), 2);
    }
}

fn domains(settings: &DkimSettings, from: &str) -> Vec<(String, String, bool)> {
    let mail = Mail::new(&[("From", from)], "x\r\n");
    verify(&mail.delivered(&mail.send(&pipeline([filter(settings)]))))
}

#[test]
fn two_domains_sign_one_message() {
    let mut settings = example();
    let second = crate::dkim::DomainSettings {
        signing_domain: Some("agency.example".parse().unwrap()),
        identity: Some("@mail.agency.example".parse().unwrap()),
        ..settings.domain[0].clone()
    };
    settings.domain.push(second);
    let all = [("example.com", "rsa"), ("example.com", "ed"), ("agency.example", "rsa"), ("agency.example", "ed")];
    let expected = all.map(|(domain, selector)| (domain.to_owned(), selector.to_owned(), true));
    assert_eq!(domains(&settings, "joe@example.com"), expected);
    let end = Mail::ordinary().send(&pipeline([filter(&settings)]));
    let identities: Vec<_> = inserted(&end).iter().map(|field| tags(field).get("i").cloned()).collect();
    let agency = || Some("@mail.agency.example".to_owned());
    assert_eq!(identities, [None, None, agency(), agency()]);
}

#[test]
fn one_key_signs_as_the_domain_in_from() {
    for (pattern, given) in [("*", None), ("*", Some("*")), (".example.com", Some("*")), ("example.com", Some("*"))] {
        let mut settings = example();
        settings.domain[0].domain = Some(crate::dkim::Pattern::from_domain(pattern).unwrap());
        settings.domain[0].signing_domain = given.map(|text| text.parse().unwrap());
        settings.domain[0].keys = vec![crate::dkim::KeySettings { selector: "rsa".parse().unwrap(), file: "f".into() }];
        for from in ["example.com", "agency.example", "Grüße.example", "a.example.com"] {
            let verdicts = domains(&settings, &format!("joe@{from}"));
            let fits = pattern == "*" || pattern == from || pattern == ".example.com" && from == "a.example.com";
            let name = from.parse::<crate::dkim::DomainName>().unwrap();
            assert_eq!(verdicts.len(), if fits { 2 } else { 0 }, "{pattern} {from}");
            // The verifier knows no key of a.example.com.
            let passed = from != "a.example.com";
            assert!(
                verdicts.iter().all(|(domain, _, pass)| *domain == name.as_str() && *pass == passed),
                "{verdicts:?}"
            );
        }
        let long = format!("joe@{}.example", ["abcdefg"; 30].join("."));
        for from in ["joe@localhost", "joe@[192.0.2.1]", &long] {
            let end = Mail::new(&[("From", from)], "").send(&pipeline([filter(&settings)]));
            assert_eq!(end.reasons(), ["dkim.no_key_for_domain"], "{pattern} {from}");
        }
    }
}

#[test]
fn without_expiry() {
    let settings = DkimSettings { expiry: None, ..example() };
    let mail = Mail::ordinary();
    let end = mail.send(&pipeline([filter(&settings)]));
    assert!(!tags(&inserted(&end)[0]).contains_key("x"));
    assert_verified(&mail.delivered(&end));
}

#[test]
fn three_keys_with_a_small_one() {
    let keys = [key("ed", ED25519), key("small", SMALL_RSA), key("rsa", RSA)];
    let rule = SigningRule::for_domain("example.com".parse().unwrap(), keys);
    let table = Arc::new(ArcSwap::from_pointee(KeyTable::new([rule])));
    let filter: Arc<dyn Filter> = Arc::new(DkimFilter::new(example().plan().unwrap().signing, table));
    let mail = Mail::ordinary();
    let verdicts = verify(&mail.delivered(&mail.send(&pipeline([filter]))));
    let selectors: Vec<_> = verdicts.iter().map(|(_, selector, passed)| (&**selector, *passed)).collect();
    assert_eq!(selectors, [("small", true), ("rsa", true), ("ed", true)]);
}

#[test]
fn foreign_signatures_are_kept_below_ours() {
    let foreign = "v=1; a=rsa-sha256; d=list.example; s=x; h=from; bh=AAAA; b=BBBB";
    let mut mail = Mail::ordinary();
    mail.fields.insert(0, ("DKIM-Signature".to_owned(), format!(" {foreign}").into_bytes()));
    let delivered = mail.delivered(&mail.send(&pipeline([filter(&example())])));
    let verdicts = verify(&delivered);
    let domains: Vec<_> = verdicts.iter().map(|(domain, _, passed)| (&**domain, *passed)).collect();
    assert_eq!(domains, [("example.com", true), ("example.com", true), ("list.example", false)]);
}

#[test]
fn messages_on_one_connection_know_nothing_of_each_other() {
    let mut transaction = Transaction::with(pipeline([filter(&example())])).user("joe");
    for body in ["first\r\n", "", "third\r\n"] {
        let mut mail = Mail::ordinary();
        mail.body = body.as_bytes().to_vec();
        transaction = mail.through(transaction, 4);
        assert_verified(&mail.delivered(&transaction.end_and_go_on()));
    }
}

#[test]
fn a_message_that_was_given_up_leaves_nothing() {
    let pipeline = pipeline([filter(&example())]);
    let mut session = pipeline.start();
    let mut macros = MacroTable::default();
    macros.insert(Stage::Mail, "{auth_authen}", "joe");
    let mail = Mail::ordinary();
    let mut send = |body: &[u8]| {
        let _ = pollster::block_on(session.mail(Address::new("<joe@example.com>"), &macros));
        for (name, value) in &mail.fields {
            session.header(HeaderField::new(name.clone(), value.clone()), &macros);
        }
        let _ = session.body_chunk(body.to_vec().into(), &macros);
        if body == b"given up\r\n" {
            pollster::block_on(session.abort(&macros));
            return Vec::new();
        }
        pollster::block_on(session.end_of_message(&macros)).modifications
    };
    assert!(send(b"given up\r\n").is_empty());
    let [_, Modification::InsertHeader { field, .. }] = &send(&mail.body)[..] else { panic!("two fields") };
    let alone = mail.send(&pipeline);
    assert_eq!(tags(field)["bh"], tags(&inserted(&alone)[0])["bh"]);
}

#[test]
fn new_keys_count_from_the_next_message_on() {
    let plan = example().plan().unwrap();
    let keys = table(&[]);
    let filter: Arc<dyn Filter> = Arc::new(DkimFilter::new(plan.signing, Arc::clone(&keys)));
    let mut transaction = Transaction::with(pipeline([filter])).user("joe");
    let mail = Mail::ordinary();
    transaction = mail.through(transaction, 9);
    assert_eq!(transaction.end_and_go_on().reasons(), ["dkim.no_key_for_domain"]);
    // The body of the next one is on its way before there is a key.
    transaction = mail.through(transaction, 9);
    keys.store(table(&plan.rules).load_full());
    assert_verified(&mail.delivered(&transaction.end_and_go_on()));
}

/// Edits everything it can, as late as it can.
struct LateEditor {
    replaces_body: bool,
}

struct LateSession(bool);

impl Filter for LateEditor {
    fn name(&self) -> &'static str {
        "late"
    }

    fn needs(&self) -> Needs {
        let body = if self.replaces_body { BodyNeed::Buffer { max_octets: 1 << 20 } } else { BodyNeed::Skip };
        let edits = ActionFlags::ADD_HEADERS | ActionFlags::CHANGE_HEADERS | ActionFlags::CHANGE_BODY;
        Needs { sees: Steps::empty(), edits, body, ..Needs::default() }
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(LateSession(self.replaces_body))
    }
}

#[async_trait]
impl FilterSession for LateSession {
    async fn end_of_message(&mut self, _: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        let find = |name: &str| message.fields.named(name).next().map(|(id, _)| id);
        let (from, to, date) = (find("From"), find("To"), find("Date"));
        message.fields.replace(from.unwrap(), " New <new@example.com>");
        message.fields.delete(to.unwrap());
        message.fields.replace(date.unwrap(), " Sat, 12 Jul 2003\n\t21:00:37 -0700");
        message.fields.append(HeaderField::new("Cc", " late@example.net"));
        message.fields.insert_top(HeaderField::new("Subject", " second subject"));
        if self.0 {
            let Body::Whole(body) = message.body() else { panic!("no body") };
            message.replace_body([&body[..], b"-- \r\nfooter  \r\n\r\n"].concat());
        }
        Ok(Verdict::Continue)
    }

    fn reset(&mut self) {}
}

#[test]
fn late_edits_are_signed() {
    let mut mail = Mail::ordinary();
    mail.fields[0].1 = b" Joe <joe@elsewhere.example>".to_vec();
    for replaces_body in [false, true] {
        let editor: Arc<dyn Filter> = Arc::new(LateEditor { replaces_body });
        for mail in [mail.clone(), mail.clone().by_sendmail()] {
            let end = mail.send_in_pieces(&pipeline([Arc::clone(&editor), filter(&example())]), 7);
            let delivered = mail.delivered(&end);
            assert_verified(&delivered);
            let text = String::from_utf8(delivered).unwrap();
            assert_eq!(text.contains("footer"), replaces_body);
            assert!(text.contains("From: New <new@example.com>") && !text.contains("\r\nTo:"));
        }
    }
}

fn any_mail() -> impl Strategy<Value = Mail> {
    let names = ["Subject", "To", "Cc", "X-Other", "Received", "Reply-To", "Sender", "Date", "References", "subject"];
    let text = prop::collection::vec(prop::sample::select(b"ab \t\xfc.\x0b".to_vec()), 0..20);
    let value = prop::collection::vec(text, 1..4).prop_map(|lines| lines.join(&b"\n "[..]));
    let fields = prop::collection::vec((prop::sample::select(names.to_vec()), value), 0..12);
    let body = prop::collection::vec(prop::sample::select(b"ab \t\r\n\xfc".to_vec()), 0..300);
    (fields, body, any::<bool>()).prop_map(|(fields, body, sendmail)| {
        let mut mail = Mail::new(&[("From", "joe@example.com")], "");
        mail.fields.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
        // The verifier forgets bare CRs.
        mail.body = String::from_utf8_lossy(&body).replace('\r', "").replace('\n', "\r\n").into_bytes();
        if sendmail { mail.by_sendmail() } else { mail }
    })
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_mail_verifies(mail in any_mail(), length in 1usize..80, simple in any::<bool>()) {
        let form = if simple { "simple/simple" } else { "relaxed/relaxed" };
        let canonicalization = form.parse().unwrap();
        let settings = DkimSettings {
            canonicalization, on_too_many_fields: UnsignedPolicy::Pass, sign_unsafe_octets: true, ..example()
        };
        let end = mail.send_in_pieces(&pipeline([filter(&settings)]), length);
        assert_verified(&mail.delivered(&end));
    }
}
