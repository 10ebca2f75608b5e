//! Bodies that were sent through Sendmail 8.17.1, and whether they came out as they were.

use proptest::prelude::*;

use super::*;

const MIXED: &str = "multipart/mixed; boundary=b";
const PART: &str = "--b\r\n\r\nhi\r\n";

fn changed(content_type: &str, body: &str) -> bool {
    in_pieces(content_type, body, body.len().max(1))
}

fn in_pieces(content_type: &str, body: &str, octets: usize) -> bool {
    let mut sent = SentBody::new(&HeaderField::new(&b"Content-Type"[..], format!(" {content_type}").into_bytes()));
    body.as_bytes().chunks(octets).for_each(|piece| sent.update(piece));
    sent.ends_changed()
}

fn nested(levels: usize) -> String {
    let mut body = String::new();
    for level in 1..levels {
        body += &format!("--b{}\r\nContent-Type: multipart/mixed; boundary=b{level}\r\n\r\n", level - 1);
    }
    body += &format!("--b{}\r\n\r\nhi\r\n", levels - 1);
    (0..levels).rev().for_each(|level| body += &format!("--b{level}--\r\n"));
    body
}

#[test]
fn whole_multiparts_stay() {
    let closed = format!("{PART}--b--\r\n");
    for (content_type, body) in [
        ("text/plain", PART),
        ("text/plain; name=\"unclosed", PART),
        ("message/partial; id=x", "From : a\r\n\r\nhi\r\n"),
        (MIXED, &closed),
        (
            MIXED,
            "preamble\r\n--b\r\nContent-Type: text/plain;\r\n\tcharset=x\r\nX:y\r\nEmpty:\r\n\r\nhi\r\n--b--\r\nepilogue",
        ),
        (MIXED, "--b--\r\n--b \r\nno field\r\n"),
        (MIXED, "--bx\r\n\r\nhi\r\n--b-\r\n --b\r\n--B\r\n--b--"),
        (MIXED, "--b\r\nContent-Type: multipart/alternative; boundary=bb\r\n\r\n--bb\r\n\r\nhi\r\n--bb--\r\n--b--\r\n"),
        (MIXED, "--b\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b--\r\n--b--\r\n"),
        (MIXED, "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a. b <x@y>\r\n\r\nhi\r\n--b--\r\n"),
        (
            MIXED,
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA : dns;x\r\nno field\r\n\r\n--b--\r\n",
        ),
        ("multipart/mixed; boundary=\"b\" (c)", &closed),
        ("Multipart/Signed; BOUNDARY = b; micalg=x", &closed),
        ("multipart/mixed; boundary=b=c", "--b=c\r\n\r\nhi\r\n--b=c--\r\n"),
        ("multipart/mixed; boundary=\"b c\"", "--b c\r\n\r\nhi\r\n--b c--\r\n"),
        ("message/rfc822", "From: Dr. A <a@b>\r\nTo: a,b\r\n\r\nhi\r\n"),
        ("multipart/mixed; boundary=b0", &nested(20)),
    ] {
        assert!(!changed(content_type, body), "{content_type} {body}");
    }
}

#[test]
fn broken_multiparts_change() {
    let closed = format!("{PART}--b--\r\n");
    let unclosed_inside = "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nhi\r\n--b--\r\n";
    let other_inside =
        "--b\r\nContent-Type: multipart/alternative; boundary=c=d\r\n\r\n--c=d\r\n\r\n--c=d--\r\n--b--\r\n";
    let long =
        format!("--b\r\nContent-Disposition: attachment; filename=\"{}\"\r\n\r\nhi\r\n--b--\r\n", "f".repeat(1100));
    for (content_type, body) in [
        (MIXED, PART),
        (MIXED, ""),
        (MIXED, "just text\r\n"),
        (MIXED, "--b \r\n\r\nhi\r\n--b--\r\n"),
        (MIXED, "--b\r\n\r\nhi\r\n--b--\t\r\n"),
        (MIXED, "--b\r\n\r\nhi\r\n--b--x\r\n"),
        (MIXED, "--b\r\nhello world\r\n\r\nmore\r\n--b--\r\n"),
        (MIXED, "--b\r\nhttp://x.example/y\r\nmore\r\n\r\nx\r\n--b--\r\n"),
        (MIXED, "--b\r\n folded\r\n\r\nhi\r\n--b--\r\n"),
        (MIXED, "--b\r\nContent-Type: text/plain\r\n \r\nhi\r\n--b--\r\n"),
        (MIXED, "--b\r\nContent-Type : text/plain\r\n\r\nhi\r\n--b--\r\n"),
        (MIXED, "--b\r\nFrom x y\r\n\r\nhi\r\n--b--\r\n"),
        (MIXED, "--b\r\nFoo Bar: x\r\n\r\nhi\r\n--b--\r\n"),
        (MIXED, "--b\r\n: x\r\n\r\nhi\r\n--b--\r\n"),
        (MIXED, "--b\r\nContent-Type: text/plain; name=\"x\r\n\r\nhi\r\n--b--\r\n"),
        (MIXED, "--b\r\n--b\r\n\r\nx\r\n--b--\r\n"),
        (MIXED, "--b\r\nContent-Type: text/plain\r\n"),
        (MIXED, "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom : a\r\n\r\nhi\r\n--b--\r\n"),
        (MIXED, unclosed_inside),
        (MIXED, other_inside),
        (MIXED, &long),
        ("multipart/mixed", &closed),
        ("multipart; boundary=b", PART),
        ("Multipart/mixed; boundary=b; name=\"unclosed", &closed),
        ("multipart/mixed; boundary*=us-ascii''b", &closed),
        ("multipart/mixed; boundary=\"b \"", &closed),
        ("multipart/mixed, boundary=b", &closed),
        ("multipart/digest; boundary=b", &closed),
        ("message/rfc822", "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nhi\r\n"),
        ("multipart/mixed; boundary=b0", &nested(21)),
    ] {
        assert!(changed(content_type, body), "{content_type} {body}");
    }
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        lines in "((--b|--b--|--c|--c--|Content-Type: multipart/mixed; boundary=c|a: b| |x)?\r?\n){0,12}", octets in 1usize..9,
    ) {
        prop_assert_eq!(in_pieces(MIXED, &lines, octets), changed(MIXED, &lines));
    }
}
