use super::*;
use crate::connection::MtaKind;
use crate::message::Message;

fn message(fields: &[(&'static str, &str)]) -> Message {
    let mut message = Message::new(MtaKind::Postfix);
    for (name, value) in fields {
        message.fields.receive(HeaderField::new(*name, (*value).to_owned()));
    }
    message
}

fn in_fields(fields: &[(&'static str, &str)]) -> Vec<&'static str> {
    let mut findings = CheckFindings::default();
    check_fields(&message(fields).fields, &mut findings);
    findings.list.iter().map(|finding| finding.what).collect()
}

fn in_body(fields: &[(&'static str, &str)], body: &str) -> Vec<Check> {
    let message = message(fields);
    let mut findings = CheckFindings::default();
    check_body(body.as_bytes(), &HeaderSection::of(&message.fields), &mut findings);
    findings.list.iter().map(|finding| finding.check).collect()
}

#[test]
fn a_field_within_a_folded_field() {
    for value in [
        " Contact\n Bcc: a@b, c@d", " Contact\n x\n\tto: a@b", " x\n Content-Type: text/html", " x\n MIME-Version: 1.0",
    ] {
        assert_eq!(in_fields(&[("Subject", value)]), ["a continuation line that is a header field"], "{value:?}");
    }
    for value in [" Re: a\n From: us to you", " Bcc: a@b", " a\n To: do", " a\n b: c@d", " about\n Content-Type: what?"]
    {
        assert_eq!(in_fields(&[("Subject", value)]), [""; 0], "{value:?}");
    }
    assert_eq!(in_fields(&[("X-Debug", " x\n Bcc: a@b")]), [""; 0]);
}

#[test]
fn a_second_address_field_behind_a_folded_subject() {
    let what = ["a second address field behind a folded Subject"];
    assert_eq!(in_fields(&[("To", " a@b"), ("Subject", " x\n y"), ("To", " c@d")]), what);
    assert_eq!(in_fields(&[("To", " a@b"), ("Subject", " x y"), ("To", " c@d")]), [""; 0]);
    assert_eq!(in_fields(&[("To", " a@b"), ("Subject", " x\n y"), ("Cc", " c@d")]), [""; 0]);
}

#[test]
fn a_header_section_in_the_body() {
    let form = [("To", " info@example.com"), ("Subject", " Contact"), ("From", " web@example.com")];
    for body in [
        "Bcc: a@b, c@d\r\n\r\nBuy!\r\n",
        "MIME-Version: 1.0\r\nContent-Type: text/html;\r\n charset=utf-8\r\nX-Mailer: PHP\r\n\r\n<p>Buy!",
        "Content-Type: multipart/mixed; boundary=x\r\n",
        "X-Mailer: PHP\r\nCc: a@b\r\n\r\n",
    ] {
        assert_eq!(in_body(&form, body), [Check::HeaderInjection], "{body:?}");
    }
    let broken = "this is no field\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello\r\n";
    assert_eq!(in_body(&form, broken), [Check::FieldSyntax]);
}

#[test]
fn a_line_without_a_colon_cuts_the_header_section() {
    let cut = [("From", " alice@example.com"), ("To", " bob@example.net"), ("Subject", " x")];
    for body in [
        "Broken header line\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@example.com>\r\nContent-Language: de\r\n\r\nline1\r\n",
        "Broken\r\nMessage-ID: <1@example.com>\r\n\r\nline1\r\n",
        "Broken\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nX-Mailer: a\r\n b\r\n\r\nline1\r\n",
        "Broken line\r\nMIME-Version: 1.0\r\n\r\n",
        "Broken line\r\nContent-Type: text/plain; charset=utf-8\r\nX-Other: y\r\n\r\n",
        "Broken line\r\nReply-To: carl@example.net\r\n\r\n",
        "Broken line\r\n\tand more\r\nMessage-ID: <1@example.com>\r\n\r\n",
        "X Mailer y\r\nX-Priority: 1\r\n\r\n",
        "Broken\r\nIn-Reply-To: <1@example.com>\r\n\r\n",
        "Broken\r\nbroken too\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@example.com>\r\n\r\n",
        "Broken\r\nMessage-ID: <1@example.com>\r\nbroken too\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\n",
    ] {
        assert_eq!(in_body(&cut, body), [Check::FieldSyntax], "{body:?}");
    }
    assert_eq!(in_body(&cut[..2], "Broken\r\nSubject: x\r\nX-Mailer: y\r\n\r\n"), [Check::FieldSyntax]);
    for body in [
        // People forward mail.
        "Forwarded\r\nFrom: carl@example.net\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nSubject: y\r\n\r\n",
        "Forwarded\r\nMessage-ID: <1@example.com>\r\nSubject: y\r\n\r\n",
        // Web forms list what somebody has entered.
        "Contact form\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nName: Carl\r\nEmail: carl@example.net\r\n\r\n",
        "Hello\r\nMessage-ID: unknown\r\n\r\n",
        "Hello\r\nDate: today\r\n\r\n",
        "Hello\r\nReferences: attached\r\n\r\n",
        "Hello\r\nX-Ray: done\r\n\r\n",
        "Ticket 5\r\nPriority: high\r\nComments: none\r\n\r\n",
        "Hello\r\nplease look at\r\nMessage-ID: <1@example.com>\r\nThanks\r\n\r\n",
        "Hello\r\nMessage-ID: <1@example.com>\r\nGoodbye\r\n\r\n",
        "Hello\r\n\r\nMessage-ID: <1@example.com>\r\n\r\n",
    ] {
        assert_eq!(in_body(&cut, body), [], "{body:?}");
    }
}

#[test]
fn near_misses() {
    let form = [("To", " info@example.com"), ("Subject", " Contact"), ("From", " web@example.com")];
    for body in [
        "Name: Bob\r\nFrom: bob@example.net\r\nSubject: question\r\n\r\nHello\r\n",
        "From: bob@example.net\r\nTo: eve@example.net\r\n\r\nforwarded\r\n",
        "Hello,\r\nContent-Type: text/html is what you need\r\n\r\n",
        "Dear Sir\r\n\r\nBcc: a@b\r\n",
        "Note: it is late\r\nBcc: nobody\r\n\r\n",
        "",
    ] {
        assert_eq!(in_body(&form, body), [], "{body:?}");
    }
    // A MIME message that speaks of MIME.
    let mime = [("MIME-Version", " 1.0"), ("Content-Type", " text/plain")];
    assert_eq!(in_body(&mime, "Bcc: a@b\r\nContent-Type: text/html\r\n\r\n"), []);
}
