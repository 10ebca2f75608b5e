//! The fuzz targets of this crate on inputs that are the same in each run. The fuzzer itself is in `tests/fuzz`.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use postseal_filters::testing::{fuzz_addresses, fuzz_header_checks, fuzz_pipeline};

const CASES: u32 = 20_000;

/// xorshift64*: the same numbers everywhere.
fn numbers() -> impl FnMut() -> u64 {
    let mut state = 0x5eed_5eed_5eed_5eed_u64;
    move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

#[test]
fn any_dialogue() {
    let mut number = numbers();
    for _ in 0..CASES {
        let length = (number() >> 32) % 400;
        // A client, MAIL and From first, so that most cases get as far as a signature.
        let mut data = vec![16, 40, 32, 3, b'm', b'e', b'!', 56, 3, b'a', b'@', b'b', 0, 96];
        data.extend((0..length).map(|_| number().to_be_bytes()[0]));
        data.push(240);
        fuzz_pipeline(&data);
    }
}

#[test]
fn any_address() {
    // What addresses are made of, so that most cases are nearly some.
    const PIECES: [&str; 24] = [
        "a", "Bob", ".", "@", "@", "x.example", "b.example", "<", ">", ",", ":", ";", "(c)", "(", ")", "\"q q\"", "\"",
        " ", "\n ", "\\", "*", "$1", "\u{fc}", "[192.0.2.1]",
    ];
    let mut number = numbers();
    for _ in 0..CASES {
        let length = (number() >> 32) % 16;
        let pieces = (0..length).filter_map(|_| PIECES.get((number() >> 32) as usize % PIECES.len()));
        fuzz_addresses(pieces.copied().collect::<String>().as_bytes());
    }
}

#[test]
fn any_message() {
    let mut number = numbers();
    let mut pick = |below: usize| (number() >> 32) as usize % below;
    for _ in 0..CASES / 5 {
        let mut message = MESSAGES[pick(MESSAGES.len())].as_bytes().to_vec();
        for _ in 0..pick(6) {
            let (at, piece) = (pick(message.len()), PIECES[pick(PIECES.len())]);
            match pick(4) {
                0 => message[at] = u8::try_from(pick(256)).unwrap_or_default(),
                1 => drop(message.splice(at..at, piece.iter().copied())),
                2 => drop(message.splice(at..message.len().min(at + pick(40) + 1), piece.iter().copied())),
                _ => drop(message.splice(at..at, [b'x'; 1100])),
            }
            if message.is_empty() {
                break;
            }
        }
        fuzz_header_checks(&message);
    }
}

/// What is repaired once needs no second repair, whatever the charsets are.
#[test]
fn any_charset() {
    let mut number = numbers();
    let mut pick = |below: usize| (number() >> 32) as usize % below;
    for _ in 0..CASES / 5 {
        let mut text = |words: usize| -> Vec<u8> {
            (0..=pick(words)).flat_map(|_| [TEXTS[pick(TEXTS.len())], b" "].concat()).collect()
        };
        let (from, subject, name, body) = (text(2), text(4), text(1), [text(6), b"\r\n".to_vec(), text(6)].concat());
        let mut message = [b"From: ", &*from, b"<a@example.com>\nSubject: ", &*subject, b"\n"].concat();
        for lines in [&CHARSETS[..], &ENCODINGS, &["", "MIME-Version: 1.0\n"]] {
            message.extend_from_slice(lines[pick(lines.len())].as_bytes());
        }
        if pick(3) == 0 {
            message.extend([b"Content-Disposition: attachment; filename=\"", name.trim_ascii(), b"\"\n"].concat());
        }
        message.extend([b"\n", &*body, b"\r\n"].concat());
        fuzz_header_checks(&message);
    }
}

const TEXTS: [&[u8]; 24] = [
    b"plain",
    b"text",
    "Grüße".as_bytes(),
    "Привет".as_bytes(),
    "你好".as_bytes(),
    b"Gr\xfc\xdfe",
    b"Zam\xf3wienie",
    b"SP\xd3\xa3KA",
    b"\xcf\xf0\xe8\xe2\xe5\xf2",
    b"\xc4\xe3\xba\xc3",
    b"\x82\xb1\x92\x8d",
    b"=?iso-8859-1?Q?J=C3=B6rg?=",
    b"=?iso-8859-1?Q?J=F6rg?=",
    b"=?iso-8859-1?B?R3LDvMOfZSBhdXMgS8O2bG4=?=",
    b"=?us-ascii?Q?Gr=C3=BC=C3=9Fe?=",
    b"=?unknown-8bit?Q?Gr=C3=BC=C3=9Fe?=",
    b"=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=",
    b"=?utf-8?Q?a_b?=",
    b"=?utf-8?Q?half",
    b"\"quoted\"",
    b"(comment \xfc)",
    b"\"=?iso-8859-1?Q?J=C3=B6rg?=\"",
    b"wordwordwordwordwordwordwordwordwordwordwordwordwordword",
    b"\n\t",
];

const CHARSETS: [&str; 9] = [
    "",
    "Content-Type: text/plain\n",
    "Content-Type: text/plain; charset=iso-8859-1\n",
    "Content-Type: text/plain; charset=\"utf-8\"; format=flowed\n",
    "Content-Type: text/html; charset=us-ascii\n",
    "Content-Type: text/plain; charset=unknown-8bit\n",
    "Content-Type: text/plain; charset=\"\"\n",
    "Content-Type: text/plain; charset=gb2312\n",
    "Content-Type: text/plain; charset=iso-8859-2\n",
];

const ENCODINGS: [&str; 4] = [
    "", "Content-Transfer-Encoding: 7bit\n", "Content-Transfer-Encoding: 8bit\n", "Content-Transfer-Encoding: binary\n",
];

const MESSAGES: [&str; 4] = [
    "From: Jörg <j@example.com>\nTo: \"Müller, A\" <a@example.net>, b@example.org\nSubject: Grüße =?utf-8?Q?=C3=A4?=\n\tüber alles\n\nHällo\n",
    "From: a@example.com\r\nTo: b@example.net\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\nContent-Type: text/html; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n<p>Gr\u{fc}\u{df}e\r\n",
    "From: a@example.com\nSubject: =?iso-8859-1?B?R3L832U=?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC\n--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nx\n--c--\n--b--\n",
    "To: shop@example.com\nSubject: a\n Bcc: b@example.net\nFrom: web@example.com\n\nMIME-Version: 1.0\nContent-Type: text/html\n\n<html>\n",
];

const PIECES: [&[u8]; 16] = [
    b"",
    b"\n",
    b"\r\n",
    b"\r",
    b"\n ",
    b"\n \n ",
    b"\xe4\xf6",
    "ü".as_bytes(),
    b"=?utf-8?Q?",
    b"?=",
    b"\"",
    b"<",
    b"--b\r\n",
    b"=",
    b"\0",
    b" ",
];
