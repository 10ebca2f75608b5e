use bytes::Bytes;

use super::command;
use crate::command::Command;
use crate::frame::Frame;
use crate::macros::MacroList;
use crate::parse::ParseError;
use crate::testing::mta::parse_action as action;

fn frame(code: u8, data: &[u8]) -> Frame {
    Frame { code, data: Bytes::copy_from_slice(data) }
}

fn expected(code: u8, data: &[u8]) -> (&'static str, usize) {
    match command(&frame(code, data)) {
        Err(ParseError::Malformed { expected, at, .. }) => (expected, at),
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_say_what_was_expected_and_where() {
    assert_eq!(expected(b'O', b"\0\0\0\x06\0\0"), ("a 32-bit number", 4));
    assert_eq!(expected(b'H', b"mx"), ("a string that ends in NUL", 0));
    assert_eq!(expected(b'H', b"mx\0x"), ("the end", 3));
    assert_eq!(expected(b'L', b"Subject\0hi"), ("a string that ends in NUL", 8));
    assert_eq!(expected(b'L', b"Subject\0hi\0there\0"), ("the end", 11));
    assert_eq!(expected(b'D', b""), ("an octet", 0));
    assert_eq!(expected(b'N', b"x"), ("the end", 0));
    assert_eq!(expected(b'M', b"<>\0SIZE=1"), ("the end", 3));
    let error = command(&frame(b'H', b"mx")).unwrap_err();
    assert_eq!(error.to_string(), "malformed packet 'H': expected a string that ends in NUL at octet 0");
}

#[test]
fn unknown_bytes_are_named() {
    assert_eq!(command(&frame(b'x', b"")), Err(ParseError::UnknownCommand(b'x')));
    assert_eq!(action(&frame(b'C', b"")), Err(ParseError::UnknownAction(b'C')));
    let error = command(&frame(0, b"")).unwrap_err();
    assert_eq!(error.to_string(), "unknown command '\\0'");
}

#[test]
fn parts_are_not_copied() {
    let frame = frame(b'L', b"Subject\0 hi\0");
    let Ok(Command::Header(field)) = command(&frame) else {
        panic!("no header");
    };
    assert_eq!(field.name.as_ptr(), frame.data.as_ptr());
    assert_eq!(field.value.as_ptr(), frame.data[8..].as_ptr());
}

#[test]
fn quirk_01_macros_of_any_command_and_any_number() {
    let list = |data: &[u8]| match command(&frame(b'D', data)) {
        Ok(Command::Macros(MacroList { command, values })) => (command, values.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(list(b"H"), (b'H', 0));
    assert_eq!(list(b"Li\x001\0"), (b'L', 1));
    assert_eq!(list(b"B"), (b'B', 0));
    assert_eq!(list(b"U"), (b'U', 0));
    assert_eq!(list(b"\xff"), (0xff, 0));
    assert_eq!(list(b"M\0\0"), (b'M', 1));
    assert_eq!(list(b"Mi\0"), (b'M', 0));
    assert_eq!(list(b"Mi\x001\0j\0"), (b'M', 1));
    assert_eq!(list(b"Mi\x001\0j"), (b'M', 1));
}

#[test]
fn the_number_of_arguments_is_bounded() {
    let with = |count: usize| {
        let data = [b"<>\0".to_vec(), b"A\0".repeat(count)].concat();
        command(&frame(b'M', &data))
    };
    assert!(with(1_024).is_ok());
    assert_eq!(with(1_025).unwrap_err().kind(), "malformed_packet");
}

#[test]
fn replies_that_an_mta_would_replace() {
    let reply = |text: &[u8]| action(&frame(b'y', text)).map(|_| ());
    assert_eq!(reply(b"451 4.7.1 later\0"), Ok(()));
    assert_eq!(reply(b"550-5.7.1 a\r\n550 5.7.1 b 100%%\0"), Ok(()));
    for text in [
        &b""[..],
        b"451 4.7.1 later",
        b"451 4.7.1 later\0\0",
        b"250 2.0.0 fine\0",
        b"451 5.7.1 class\0",
        b"550 5.7.1 100%\0",
        b"550 5.7.1 a\r\n550 5.7.1 b\0",
        b"550-5.7.1 a\r\n551 5.7.1 b\0",
        b"550-5.7.1 a\0",
        b"550 5.7 a\0",
        b"550 5.7.1.1 a\0",
        b"550\0",
        b"550 5.7.1 \xff\0",
    ] {
        assert!(reply(text).is_err(), "{:?}", text.escape_ascii().to_string());
    }
}
