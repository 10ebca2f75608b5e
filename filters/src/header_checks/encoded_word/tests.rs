use proptest::prelude::*;

use super::*;
use crate::MtaKind;
use crate::mail::encoded_word::EncodedWord;
use crate::mail::quoted::tests::text;
use crate::message::Message;

fn found(name: &'static str, value: &str) -> Vec<(Check, &'static str)> {
    let field = HeaderField::new(name, value.to_owned());
    let mut findings = CheckFindings::default();
    let id = Message::new(MtaKind::Postfix).fields.append(field.clone());
    check(id, &field, FieldKind::of(&field), &mut findings);
    findings.list.iter().map(|finding| (finding.check, finding.what)).collect()
}

#[test]
fn what_is_wrong_with_a_word() {
    let long = format!(" =?utf-8?Q?{}?=", "a".repeat(64));
    for (name, value, what) in [
        ("Subject", " =?klingon?Q?a?=", "an encoded-word in a charset that nobody knows"),
        ("Subject", " =?utf-8?X?a?=", "an encoded-word whose encoding is neither B nor Q"),
        ("Subject", " =?utf-8?B?YWJ?=", "an encoded-word that is not base64"),
        ("Subject", " =?utf-8?B?YW%j?=", "an encoded-word that is not base64"),
        ("Subject", " =?utf-8?Q?a=4?=", "an encoded-word that is not Q encoding"),
        ("Subject", " =?utf-8?Q?=FC?=", "an encoded-word that is not in its charset"),
        ("Subject", " =?us-ascii?Q?=FC?=", "an encoded-word that is not in its charset"),
        ("Subject", &long, "an encoded-word of more than 75 characters"),
        ("Subject", " a=?utf-8?Q?b?=", "an encoded-word without white space around it"),
        ("Subject", " =?utf-8?Q?b?=, c", "an encoded-word without white space around it"),
        ("Subject", " =?utf-8?Q?b c?=", "white space in an encoded-word"),
        ("To", " =?utf-8?Q?b?=@example.net", "an encoded-word in an address"),
        ("To", " B <=?utf-8?Q?b?=@example.net>", "an encoded-word in an address"),
        ("To", " <=?utf-8?Q?b=40example.net?=>", "an encoded-word in an address"),
        ("To", " <b@=?utf-8?Q?example.net?=>", "an encoded-word in an address"),
        ("From", " \"=?utf-8?Q?b?=\" <a@b>", "an encoded-word in quotes, where it is not decoded"),
    ] {
        assert_eq!(found(name, value), [(Check::EncodedWord, what)], "{value}");
    }
}

#[test]
fn words_that_are_utf_8_under_another_name() {
    let other = "UTF-8 in an encoded-word that names another charset";
    for (value, what) in [
        (" =?iso-8859-1?Q?J=C3=B6rg?=", other),
        (" =?us-ascii?Q?J=C3=B6rg?=", other),
        (" =?unknown-8bit?Q?J=C3=B6rg?=", other),
        (" =?utf-8?Q?J=C3?= =?utf-8?Q?=B6rg?=", "an encoded-word that ends within a character"),
    ] {
        assert_eq!(found("Subject", value), [(Check::EncodedWord, what)], "{value}");
    }
}

#[test]
fn line_ends_and_controls_are_an_attack() {
    for value in [
        " =?utf-8?Q?a=0D=0ABcc:_x@y?=",
        " =?utf-8?B?YQBi?=",
        " =?utf-8?Q?=1B[2J?=",
        " =?iso-8859-1?Q?=7F?=",
        " =?utf-8?Q?a=C2=85b?=",
        // Words that we could not decode, but some readers decode.
        " =?cp437?Q?x=0D=0ABcc:_x@y?=",
        " =?x-foo?Q?x=0D=0ABcc:_x@y?=",
        " =?utf-8?Q?=FFx=0D=0ABcc:_x@y?=",
        " =?utf-8?Q?x=0D=0ABcc:_x@y=ZZ?=",
        " =?utf-8?B?eA0KQmNjOiB2QHguZXhhbXBsZQ?=",
        " =?utf-8?B?eA==DQo=?=",
        " =?utf-8?B?!eA0K?=",
        " =?utf-16be?B?AHgADQAK?=",
        " =?utf-16le?B?eAANAAoA?=",
        " =?utf-7?Q?x+AA0ACg-Bcc?=",
        " =?iso-2022-jp?Q?=0A?=",
    ] {
        assert_eq!(found("Subject", value)[0].0, Check::EncodedWordControl, "{value}");
    }
}

#[test]
fn near_misses() {
    for (name, value) in [
        ("Subject", " =?utf-8?Q?Gr=C3=BC=C3=9Fe?= and =?ISO-8859-1*de?q?a_b?="),
        ("Subject", " =?utf-8?B?R3LDvMOfZQ==?=\n =?UTF-8?b?w6Q=?="),
        ("Subject", " what is 2=? and =??= or =?a?b or =?utf-8?Q?"),
        ("Subject", " =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?="),
        ("Subject", " =?utf-7?Q?+AOQ-?= =?koi8-r?B?8NLJ18XU?="),
        ("Subject", " =?utf-16be?B?AHgACQ==?="),
        ("From", " =?utf-8?Q?b?= <a@b> (=?utf-8?Q?c?=)"),
        ("From", " \"a\" =?utf-8?Q?b?= \"c\\\"\" <a@b>"),
        ("Subject", " =?utf-8?Q?tab=09is_fine?="),
    ] {
        assert_eq!(found(name, value), [], "{value}");
    }
}

/// The old code: tells whether a place is within a quoted string.
#[derive(Default)]
struct QuotesBefore {
    at: usize,
    open: bool,
}

impl QuotesBefore {
    fn open_at(&mut self, value: &[u8], place: usize) -> bool {
        while self.at < place {
            match value.get(self.at) {
                Some(b'"') => self.open = !self.open,
                Some(b'\\') if self.open => self.at += 1,
                _ => {}
            }
            self.at += 1;
        }
        self.open
    }
}

proptest! {
    #[test]
    fn quotes_as_before(texts in prop::collection::vec(text(), 1..4)) {
        let value = texts.join(" =?utf-8?Q?a?= ");
        let mut quotes = QuotesBefore::default();
        let hidden = |word: &EncodedWord<'_>| word.decode().is_ok() && quotes.open_at(value.as_bytes(), word.start);
        let expected = words(value.as_bytes()).filter(hidden).count();
        let what = "an encoded-word in quotes, where it is not decoded";
        prop_assert_eq!(found("From", &value).iter().filter(|found| found.1 == what).count(), expected);
    }
}

#[test]
fn no_word_may_stand_in_fields_for_programs() {
    let what = "an encoded-word where none may stand";
    for (name, value) in [
        ("Message-ID", " =?utf-8?q?=3C1=40example=2Ecom=3E?="),
        ("In-Reply-To", " =?utf-8?q?=3C1=40example=2Ecom=3E?="),
        ("References", " <1@example.com> =?utf-8?q?=3C2=40example=2Ecom=3E?="),
        ("Date", " =?utf-8?q?Mon=2C_23_Nov_2026_10=3A00=3A00_+0100?="),
        ("List-Unsubscribe", " =?utf-8?q?=3Chttps=3A//a=2Eexample/=3E?="),
        ("List-Id", " <=?utf-8?q?news?=.example.com>"),
        ("MIME-Version", " =?us-ascii?q?1=2E0?="),
        ("Content-Transfer-Encoding", " =?us-ascii?q?7bit?="),
        ("Content-Type", " application/pdf; name==?utf-8?q?=C3=BC=2Epdf?="),
        ("Auto-Submitted", " =?klingon?q?no?="),
    ] {
        assert_eq!(found(name, value), [(Check::EncodedWord, what)], "{name}");
    }
    for (name, value) in [
        ("Date", " Mon, 23 Nov 2026 10:00:00 +0100 (=?utf-8?q?Mitteleurop=C3=A4ische_Zeit?=)"),
        ("List-Id", " =?utf-8?q?Gr=C3=BC=C3=9Fe?= <news.example.com>"),
        ("List-Unsubscribe", " <https://a.example/?a=?b?q?c>"),
    ] {
        assert_eq!(found(name, value), [], "{name}");
    }
    let quoted = [(Check::EncodedWord, "an encoded-word in quotes, where it is not decoded")];
    assert_eq!(found("Content-Disposition", " attachment; filename=\"=?utf-8?q?=C3=BC?=\""), quoted);
}
