use super::*;
use crate::connection::MtaKind;
use crate::message::Message;
use postseal_protocol::HeaderField;

fn found(fields: &[(&'static str, &str)], body: &[u8]) -> Vec<String> {
    let mut message = Message::new(MtaKind::Postfix);
    for (name, value) in fields {
        message.fields.receive(HeaderField::new(*name, (*value).to_owned()));
    }
    let section = HeaderSection::of(&message.fields);
    let mut check = BodyCheck::new(&section, MtaKind::Postfix, None);
    body.chunks(7).for_each(|chunk| check.push(chunk));
    check.finish(&section).list.iter().map(|finding| finding.check.to_string()).collect()
}

#[test]
fn html() {
    const HTML: [(&str, &str); 2] = [("MIME-Version", "1.0"), ("Content-Type", "text/html; charset=utf-8")];
    for body in ["<html><p>", " \r\n<!DOCTYPE HTML>", "<Body bgcolor=red>"] {
        assert_eq!(found(&[], body.as_bytes()), ["html_without_mime"], "{body}");
        assert_eq!(found(&HTML, body.as_bytes()), ["html_only"], "{body}");
    }
    assert_eq!(
        found(&[("MIME-Version", "1.0")], b"\xef\xbb\xbf<p>"),
        ["charset_missing", "transfer_encoding_mismatch", "eight_bit_body", "html_without_mime"]
    );
    for body in ["<bodyguard>", "see <html>", "<", ""] {
        assert_eq!(found(&[], body.as_bytes()), [""; 0], "{body}");
    }
    let both = b"--b\r\nContent-Type: text/plain\r\n\r\na\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>a\r\n--b--\r\n";
    assert_eq!(found(&[("MIME-Version", "1.0"), ("Content-Type", "multipart/alternative; boundary=b")], both), [""; 0]);
}

#[test]
fn a_header_section_that_is_cut_may_go_on_for_long() {
    let fields = [("From", "a@example.com"), ("To", "b@example.com")];
    for octets in 1950..2060 {
        let long = format!("X-A: {}\r\nX-B: {}", "x".repeat(900), "x".repeat(octets - 900));
        let body = format!("Broken\r\nMessage-ID: <1@example.com>\r\n{long}\r\nX-Another-Field: y\r\n\r\nHello\r\n");
        assert!(found(&fields, body.as_bytes()).contains(&"field_syntax".to_owned()), "{octets}");
    }
}

#[test]
fn what_endangers_a_signature() {
    let line = [&[b'x'; 999][..], b"\r\n"].concat();
    assert_eq!(found(&[], &line), ["long_body_line"]);
    let eight_bit = "gr\u{fc}n\r\n".as_bytes();
    let fields =
        [("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "8bit")];
    assert_eq!(found(&fields, eight_bit), ["eight_bit_body"]);
    assert_eq!(found(&[], b"a\0b\r\n"), ["nul_or_bare_cr_lf"]);
    assert_eq!(found(&[], b"a\rb\nc\r\n"), ["nul_or_bare_cr_lf"]);
}

#[test]
fn what_may_be_repaired_is_one_text() {
    let one = |fields: &[(&'static str, &str)]| {
        let mut message = Message::new(MtaKind::Postfix);
        for (name, value) in fields {
            message.fields.receive(HeaderField::new(*name, (*value).to_owned()));
        }
        BodyCheck::new(&HeaderSection::of(&message.fields), MtaKind::Postfix, None).one_text
    };
    assert!(one(&[]));
    assert!(one(&[("Content-Type", "text/html"), ("Content-Transfer-Encoding", "binary")]));
    assert!(!one(&[("Content-Type", "text")]));
    assert!(!one(&[("Content-Type", "image/png")]));
    assert!(!one(&[("Content-Type", "multipart/mixed; boundary=b")]));
}
