//! A message that was repaired is not repaired again, whatever its fields are made of.

use proptest::prelude::*;

const NAMES: [&str; 17] = [
    "To", "Cc", "Bcc", "From", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    "List-Unsubscribe", "References", "Resent-Date", "Subject", "Sender", "Resent-To", "List-Id",
    "Content-Disposition",
];
const PIECES: [&str; 41] = [
    "", " ", "\n ", "\n\t ", "a@b.example", "Ann", "<", ">", ",", ":", ";", "(", ")", "(\u{e4})", "\u{e4}", "\"",
    "=?utf-8?q?=3Chttps=3A//a=3E?=", "=?utf-8?q?a?=", "2026-11-23T10:00:00Z", "Mon, 23 Nov 2026 10:00:00 +0100",
    " CET", "<1@b>", "1.0", "multipart/mixed; boundary=b", "text/plain", "base64", "quoted-printable", "8bit", "x-foo",
    "\u{c}", "=?utf-8?q?a=0A?=", "=?utf-8?b?Cg==?=", "\u{1b}$B$3\u{1b}(B", "Mo, 23 Mai 2026 9:00", " GMT", "+01:00",
    "x:", "attachment", "; filename = \"\u{e4}\"", "; filename*=utf-8''%C3%A4", LONG,
];
const LONG: &str = "LONG";
const BODIES: [&str; 7] = [
    "",
    "x\n",
    "--b\n\nx\n--b--\n",
    "--b\n\n\u{e4}\n--b--\n",
    "--b\nContent-Type: x/y; name=\u{e4}\n\nx\n--b--\n",
    "Broken\nMessage-ID: <1@b>\n\nx\n",
    "<p>x\n",
];

fn field() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..5);
    (prop::sample::select(&NAMES[..]), pieces).prop_map(|(name, pieces)| {
        let value = pieces.concat().replace(LONG, &"x".repeat(600));
        format!("{name}: {value}\n")
    })
}

proptest! {
    #[test]
    fn a_second_pass_changes_nothing(
        from in prop::sample::select(&["", "From: a@b.example\n"][..]), fields in prop::collection::vec(field(), 0..6),
        body in prop::sample::select(&BODIES[..]),
    ) {
        crate::testing::fuzz_header_checks(format!("{from}{}\n{body}", fields.concat()).as_bytes());
    }
}
