use proptest::prelude::*;

use super::*;

/// The findings in a body, with their offsets. They are the same for every way to cut the body.
const MIME: BodyContext = BodyContext { mime: true, fallback: None };

fn found(content_type: &str, body: &str) -> Vec<String> {
    let cuts = [1, 2, 3, 5, 17, 10_000];
    let mut results: Vec<_> = cuts.iter().map(|cut| found_cut(content_type, body.as_bytes(), *cut)).collect();
    results.dedup();
    assert_eq!(results.len(), 1, "it depends on the cuts: {results:?}");
    results.remove(0)
}

fn found_cut(content_type: &str, body: &[u8], cut: usize) -> Vec<String> {
    let mut findings = CheckFindings::default();
    let content_type = ContentType::parse(content_type.as_bytes());
    let mut parts = BodyParts::new(content_type.as_ref(), TransferEncoding::Unnamed, MIME, &mut findings);
    for chunk in body.chunks(cut) {
        parts.push(chunk, chunk.is_ascii(), &mut findings);
    }
    parts.finish(&mut findings);
    let show = |finding: &CheckFinding| format!("{}: {}", finding.check, finding.what);
    findings.list.iter().map(show).collect()
}

const UNCLOSED: &str = "unclosed_multipart: a multipart that is never closed";
const MIXED: &str = "multipart/mixed; boundary=\"b\"";

#[test]
fn parts_are_found() {
    let part =
        |head: &str, text: &str| format!("preamble \u{e4}\r\n--b\r\n{head}\r\n{text}\r\n--b--\r\nepilogue \u{e4}\r\n");
    for (head, text, expected) in [
        ("", "plain", vec![]),
        ("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n", "gr\u{fc}n", vec![]),
        (
            "Content-Type: text/plain;\r\n\tcharset=utf-8\r\nContent-Transfer-Encoding:\r\n 8bit\r\n",
            "gr\u{fc}n",
            vec![],
        ),
        (
            "Content-Type: text/html\r\nContent-Transfer-Encoding: 7bit\r\n",
            "gr\u{fc}n",
            vec![
                "charset_missing: 8-bit text without a charset",
                "transfer_encoding_mismatch: 8-bit text that is named 7bit",
            ],
        ),
        (
            "Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: quoted-printable\r\n",
            "gr=C3=BCn",
            vec!["charset_mismatch: 8-bit text that is named us-ascii"],
        ),
        (
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
            "/PzA\r\nwMA=",
            vec!["charset_mismatch: text that is named UTF-8 and is not"],
        ),
        (
            "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n",
            "YWJ",
            vec!["transfer_encoding_mismatch: not base64"],
        ),
        ("Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n", "iVBORw0KGgo=", vec![]),
        (
            "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n",
            "iVBO!w0KGgo=",
            vec!["transfer_encoding_mismatch: not base64"],
        ),
        (
            "Content-Type: image/png\r\nContent-Transfer-Encoding: uuencode\r\n",
            "x",
            vec!["transfer_encoding_mismatch: a Content-Transfer-Encoding that nobody knows"],
        ),
        ("Content-Type: message/rfc822\r\n", "Subject: a\r\n\r\ngr\u{fc}n", vec![]),
        (
            "Content-Type: text/plain\r\nContent-Type: text/html\r\n",
            "x",
            vec!["mime_structure: a part with several Content-Type fields"],
        ),
    ] {
        assert_eq!(found(MIXED, &part(head, text)), expected, "{head}");
    }
}

#[test]
fn delimiters_and_what_only_looks_like_one() {
    let missing = "charset_missing: 8-bit text without a charset";
    for (body, expected) in [
        // White space may follow, nothing else.
        ("--b \t\r\n\r\n--b--\r\n", vec![]),
        ("--b\r\n\r\n--bb\r\n--b-\r\n-b\r\n --b\r\n\u{e4}\r\n--b--\r\n", vec![missing]),
        ("--b\r\n\r\n\r\n--b--  \r\n\u{e4}\r\n", vec![]),
        // Without an end.
        ("--b\r\n\r\n\u{e4}", vec![missing, UNCLOSED]),
        ("--b\r\nContent-Type: text/plain", vec![UNCLOSED]),
        ("--b", vec![UNCLOSED]),
        ("--b--", vec![]),
    ] {
        let found: Vec<_> = found(MIXED, body).into_iter().filter(|what| !what.starts_with("transfer")).collect();
        assert_eq!(found, expected, "{body:?}");
    }
}

#[test]
fn nested_parts() {
    let inner = |boundary: &str| {
        format!(
            "--b\r\nContent-Type: multipart/alternative; boundary={boundary}\r\n\r\n--{boundary}\r\n\r\n\u{e4}\r\n--b\r\n\r\nx\r\n--b--\r\n"
        )
    };
    let found_in = |boundary| found(MIXED, &inner(boundary));
    assert_eq!(found_in("c")[0], "charset_missing: 8-bit text without a charset");
    assert!(found_in("b").contains(&"mime_structure: a multipart with the boundary of the one around it".to_owned()));
    let digest = "--b\r\n\r\nSubject: x\r\n\r\n\u{e4}\r\n--b\r\nContent-Type: text/plain\r\n\r\n\u{e4}\r\n--b--\r\n";
    assert_eq!(found("multipart/digest; boundary=b", digest).len(), 2);
}

#[test]
fn raw_text_in_the_fields_of_a_part() {
    let part = |fields: &str| found("multipart/mixed; boundary=b", &format!("--b\r\n{fields}\r\n\r\nx\r\n--b--\r\n"));
    for fields in [
        "Content-Type: application/pdf; name=\"Gr\u{fc}\u{df}e.pdf\"",
        "Content-Disposition: attachment;\r\n filename=\"Gr\u{fc}\u{df}e.pdf\"",
        "content-disposition : attachment; filename=Gr\u{fc}\u{df}e.pdf\r\nContent-Description: \u{fc}",
        "Content-Description: Gr\u{fc}\u{df}e",
    ] {
        assert_eq!(part(fields).iter().filter(|one| one.contains("raw_8bit_header")).count(), 1, "{fields}");
    }
    assert_eq!(part("Content-Disposition: attachment; filename*=utf-8''Gr%C3%BC.pdf"), [""; 0]);
}

#[test]
fn an_encoding_for_a_multipart_within() {
    let part = |kind: &str, encoding: &str| {
        let fields = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}");
        found("multipart/mixed; boundary=b", &format!("--b\r\n{fields}\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n"))
    };
    for (kind, encoding, count) in [
        ("multipart/alternative; boundary=c", "base64", 1),
        ("multipart/alternative; boundary=c", "Quoted-Printable", 1),
        ("message/rfc822", "base64", 1),
        ("multipart/alternative; boundary=c", "7bit", 0),
        ("multipart/alternative; boundary=c", "8bit", 0),
        ("message/delivery-status", "quoted-printable", 0),
    ] {
        let found = part(kind, encoding);
        assert_eq!(found.iter().filter(|one| one.contains("transfer_encoding_mismatch")).count(), count, "{found:?}");
    }
}

#[test]
fn structures_that_nobody_reads_alike() {
    for (content_type, body, what) in [
        ("multipart/mixed", "x", "a multipart without a boundary"),
        (MIXED, "--c\r\n\r\nx\r\n", "a multipart whose boundary never comes"),
        (
            "multipart/mixed; boundary=a; boundary=b",
            "--b\r\n\r\n--a\r\n\r\n--a--\r\n",
            "a multipart with several boundaries",
        ),
    ] {
        assert_eq!(found(content_type, body), [format!("mime_structure: {what}")]);
    }
}

#[test]
fn the_deepest_and_the_most() {
    let nested = |depth: usize| {
        let level = |at| format!("--b{at}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", at + 1);
        (0..depth).map(level).collect::<String>() + &format!("--b{depth}\r\n\r\nx\r\n")
    };
    let top = "multipart/mixed; boundary=b0";
    assert_eq!(found_cut(top, nested(63).as_bytes(), 4096), [UNCLOSED]);
    let deep = found_cut(top, nested(64).as_bytes(), 4096);
    assert_eq!(deep, ["mime_structure: multiparts nested more than 64 deep", UNCLOSED]);
    assert_eq!(found_cut(MIXED, "--b\r\n\r\n".repeat(10_000).as_bytes(), 4096), [UNCLOSED]);
    let many = found_cut(MIXED, "--b\r\n\r\n".repeat(10_001).as_bytes(), 4096);
    assert_eq!(many, ["mime_structure: more than 10000 parts"]);
}

#[test]
fn a_line_without_end_is_not_kept() {
    let mut findings = CheckFindings::default();
    let content_type = ContentType::parse(MIXED.as_bytes());
    let mut parts = BodyParts::new(content_type.as_ref(), TransferEncoding::Unnamed, MIME, &mut findings);
    parts.push(b"--b\r\nX: ", true, &mut findings);
    for _ in 0..1000 {
        parts.push(&[b'-'; 1000], true, &mut findings);
        assert!(parts.line.capacity() <= 4 * MAX_KEPT_LINE_OCTETS);
    }
}

proptest! {
    /// The findings are the same however the body is cut.
    #[test]
    fn cuts_change_nothing(
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "--b", "--b--", "--c", "--c--", "", "text", "-", "--", "gr\u{fc}n", "Content-Type: multipart/mixed; boundary=c",
                "Content-Type: text/plain; charset=us-ascii", "Content-Transfer-Encoding: base64", "YWJj", " folded",
            ]),
            0..30,
        ),
        cut in 1usize..30,
    ) {
        let body = lines.join("\r\n");
        let whole = found_cut(MIXED, body.as_bytes(), body.len().max(1));
        prop_assert_eq!(found_cut(MIXED, body.as_bytes(), cut), whole);
    }
}
