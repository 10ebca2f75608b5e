use bytes::{Bytes, BytesMut};

use super::action;
use crate::action::{Action, Modification};
use crate::command::{Address, HeaderField};
use crate::encode::EncodeError;
use crate::frame::MAX_DATA_OCTETS;

fn encoded(edit: Modification, leading_space: bool) -> Result<Bytes, EncodeError> {
    let mut out = BytesMut::from(&b"before"[..]);
    let result = action(&Action::Modify(edit), leading_space, &mut out);
    assert!(out.starts_with(b"before"));
    match result {
        Ok(()) => Ok(out.freeze().slice(6 + 5..)),
        Err(error) => {
            assert_eq!(out.len(), 6, "{error} left something behind");
            Err(error)
        }
    }
}

fn header(name: &'static str, value: &[u8], leading_space: bool) -> Result<Bytes, EncodeError> {
    let field = HeaderField::new(name, value.to_vec());
    encoded(Modification::AddHeader(field), leading_space)
}

#[test]
fn quirk_08_crlf_becomes_lf() {
    let folded = header("A", b" b\r\n c\r\n\td\n e", true);
    assert_eq!(folded.unwrap(), &b"A\0 b\n c\n\td\n e\0"[..]);
}

#[test]
fn a_line_break_must_be_a_fold() {
    for value in [&b" b\nc"[..], b" b\r\nc", b" b\n", b" b\r\n", b" b\n\n c", b" b\r\n\r\n c"] {
        assert_eq!(header("A", value, true), Err(EncodeError::NotAFold), "{value:?}");
    }
}

#[test]
fn no_nul_and_no_lone_cr() {
    let refused = |octet| Err(EncodeError::Octet { what: "header value", octet });
    assert_eq!(header("A", b" b\0c", true), refused(0));
    assert_eq!(header("A", b" b\rc", true), refused(b'\r'));
    assert_eq!(header("A", b" b\r", true), refused(b'\r'));
    assert_eq!(header("A", b" b\r\r\n c", true), refused(b'\r'));
}

#[test]
fn quirk_09_the_leading_space_goes_over_the_wire_once() {
    assert_eq!(header("A", b" b", true).unwrap(), &b"A\0 b\0"[..]);
    assert_eq!(header("A", b" b", false).unwrap(), &b"A\0b\0"[..]);
    assert_eq!(header("A", b"  b", false).unwrap(), &b"A\0 b\0"[..]);
    assert_eq!(header("A", b"b", false).unwrap(), &b"A\0b\0"[..]);
    assert_eq!(header("A", b"\tb", false).unwrap(), &b"A\0\tb\0"[..]);
}

#[test]
fn a_blank_value_does_not_become_an_empty_one() {
    let change = |value| Modification::ChangeHeader { occurrence: 1, field: HeaderField::new("A", value) };
    assert_eq!(encoded(change(" "), false).unwrap(), &b"\0\0\0\x01A\0 \0"[..]);
    assert_eq!(encoded(change(""), false).unwrap(), &b"\0\0\0\x01A\0\0"[..]);
}

#[test]
fn field_names() {
    assert_eq!(header("", b" b", true), Err(EncodeError::Empty("field name")));
    for (name, octet) in [("A B", b' '), ("A:", b':'), ("A\nB", b'\n'), ("Ä", 0xc3), ("A\0", 0)] {
        let what = "field name";
        assert_eq!(header(name, b" b", true), Err(EncodeError::Octet { what, octet }));
    }
}

#[test]
fn occurrences_count_from_1() {
    let field = HeaderField::new("A", " b");
    let edit = Modification::ChangeHeader { occurrence: 0, field };
    assert_eq!(encoded(edit, true), Err(EncodeError::Occurrence));
}

#[test]
fn paths_get_their_brackets() {
    let sender = |path: &'static str| encoded(Modification::ChangeSender(Address::new(path)), true);
    assert_eq!(sender("a@b").unwrap(), &b"<a@b>\0"[..]);
    assert_eq!(sender("<a@b>").unwrap(), &b"<a@b>\0"[..]);
    assert_eq!(sender("").unwrap(), &b"<>\0"[..]);
    assert_eq!(sender("<>").unwrap(), &b"<>\0"[..]);
    assert_eq!(sender("<\"a b>\\\"\"@c>").unwrap(), &b"<\"a b>\\\"\"@c>\0"[..]);
    let what = "sender";
    for (path, octet) in
        [("<a@b> <c@d>", b'>'), ("a@b>,<c@d", b'>'), ("a b", b' '), ("<a\nb@c>", b'\n'), ("\"a", b'"'), ("a\\", b'"')]
    {
        assert_eq!(sender(path), Err(EncodeError::Octet { what, octet }), "{path:?}");
    }
}

#[test]
fn there_is_no_null_recipient() {
    let empty = Err(EncodeError::Empty("recipient"));
    assert_eq!(encoded(Modification::AddRecipient(Address::new("<>")), true), empty);
    assert_eq!(encoded(Modification::DeleteRecipient("".into()), true), empty);
}

#[test]
fn arguments_are_one_string() {
    let address = |arguments: &[&'static str]| Address {
        path: "<a@b>".into(),
        arguments: arguments.iter().map(|argument| Bytes::from(*argument)).collect(),
    };
    let recipient = |arguments| encoded(Modification::AddRecipient(address(arguments)), true);
    let two = recipient(&["NOTIFY=NEVER", "ORCPT=rfc822;x"]);
    assert_eq!(two.unwrap(), &b"<a@b>\0NOTIFY=NEVER ORCPT=rfc822;x\0"[..]);
    assert_eq!(recipient(&[""]), Err(EncodeError::Empty("ESMTP argument")));
    let what = "ESMTP argument";
    assert_eq!(recipient(&["A B"]), Err(EncodeError::Octet { what, octet: b' ' }));
}

#[test]
fn a_reason_is_one_line() {
    let reason = |text: &'static str| encoded(Modification::Quarantine(text.into()), true);
    assert_eq!(reason("too many\tmails").unwrap(), &b"too many\tmails\0"[..]);
    let what = "reason";
    assert_eq!(reason("a\nb"), Err(EncodeError::Octet { what, octet: b'\n' }));
}

#[test]
fn a_large_body_is_cut_into_packets() {
    let lengths = |length: usize| {
        let mut out = BytesMut::new();
        let piece = Bytes::from(vec![b'x'; length]);
        action(&Action::Modify(Modification::ReplaceBody(piece)), true, &mut out).unwrap();
        let mut lengths = Vec::new();
        while let Some(frame) = crate::frame::cut(&mut out, MAX_DATA_OCTETS + 1).unwrap() {
            assert_eq!(frame.code, b'b');
            lengths.push(frame.data.len());
        }
        assert!(out.is_empty());
        lengths
    };
    assert_eq!(lengths(0), [0]);
    assert_eq!(lengths(1), [1]);
    assert_eq!(lengths(MAX_DATA_OCTETS), [MAX_DATA_OCTETS]);
    assert_eq!(lengths(MAX_DATA_OCTETS + 1), [MAX_DATA_OCTETS, 1]);
    assert_eq!(lengths(2 * MAX_DATA_OCTETS + 10), [MAX_DATA_OCTETS, MAX_DATA_OCTETS, 10]);
}

#[test]
fn a_header_must_fit_into_a_packet() {
    let value = vec![b'x'; MAX_DATA_OCTETS - 3];
    assert_eq!(header("A", &value, true).unwrap().len(), MAX_DATA_OCTETS);
    let value = vec![b'x'; MAX_DATA_OCTETS - 2];
    let error = header("A", &value, true).unwrap_err();
    assert_eq!(error.to_string(), "add header of 65536 octets, more than the 65535 of a packet");
}
