//! Replies as servers send them, in pieces, and as nobody should.

use super::*;

fn text(text: &str) -> RespValue {
    RespValue::Text(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn replies() {
    let cases: [(&str, RespValue); 9] = [
        ("+OK\r\n", text("OK")),
        ("-NOSCRIPT No matching script.\r\n", RespValue::Error("NOSCRIPT No matching script.".to_owned())),
        (":-12\r\n", RespValue::Integer(-12)),
        ("$5\r\na\r\nbc\r\n", text("a\r\nbc")),
        ("$0\r\n\r\n", text("")),
        ("$-1\r\n", RespValue::Nil),
        ("*-1\r\n", RespValue::Nil),
        ("*0\r\n", RespValue::List(Vec::new())),
        (
            "*3\r\n:1\r\n*1\r\n$1\r\nx\r\n$-1\r\n",
            RespValue::List(vec![RespValue::Integer(1), RespValue::List(vec![text("x")]), RespValue::Nil]),
        ),
    ];
    for (bytes, value) in cases {
        for cut in 0..bytes.len() {
            let mut input = BytesMut::from(&bytes.as_bytes()[..cut]);
            assert_eq!(take(&mut input), Ok(None), "{bytes:?} cut at {cut}");
            assert_eq!(&input[..], &bytes.as_bytes()[..cut], "nothing is taken");
        }
        let mut input = BytesMut::from(bytes);
        input.put_slice(b"+next");
        assert_eq!(take(&mut input), Ok(Some(value)), "{bytes:?}");
        assert_eq!(&input[..], b"+next");
    }
}

#[test]
fn garbage() {
    let deep = "*1\r\n".repeat(MAX_LIST_DEPTH + 1);
    let wide = format!("*{}\r\n", MAX_REPLY_ELEMENTS + 1);
    let twice = format!("*2\r\n*{MAX_REPLY_ELEMENTS}\r\n");
    let line = format!("+{}", "x".repeat(MAX_LINE_OCTETS));
    let bulk = format!("${}\r\n", MAX_REPLY_OCTETS + 1);
    for bytes in [
        "HTTP/1.1 400 Bad Request\r\n", "\0\0\0\0", ":12a\r\n", ":1\n", "$-2\r\n", "$99999999999999999999\r\n",
        "$1\r\nabc", "*-7\r\n", &deep, &wide, &twice, &line, &bulk,
    ] {
        assert_eq!(take(&mut BytesMut::from(bytes)), Err(MalformedReply), "{:?}", bytes.get(..30).unwrap_or(bytes));
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let mut state: u32 = 7;
    let alphabet = b"+-:$*_0123456789\r\n\r\nab-1";
    for _ in 0..200_000 {
        let mut input = BytesMut::new();
        for _ in 0..24 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            input.put_u8(alphabet[(state >> 16) as usize % alphabet.len()]);
        }
        let _ = take(&mut input);
    }
}

#[test]
fn commands() {
    let mut out = BytesMut::new();
    command(&mut out, [&b"SET"[..], b"key", b"a\r\nb", b""]);
    assert_eq!(&out[..], b"*4\r\n$3\r\nSET\r\n$3\r\nkey\r\n$4\r\na\r\nb\r\n$0\r\n\r\n");
    out.clear();
    command(&mut out, [&[b'x'; 1234][..]]);
    assert!(out.starts_with(b"*1\r\n$1234\r\nx"));
}

#[test]
fn numbers_from_one_digit_to_the_most() {
    for number in [0, 9, 10, usize::MAX] {
        let mut out = BytesMut::new();
        header(&mut out, b'*', number);
        assert_eq!(out, format!("*{number}\r\n"));
    }
}
