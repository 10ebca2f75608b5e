use super::*;

#[test]
fn a_file_is_read_as_an_mta_would_show_it() {
    for text in [
        &b"From someone Mon\nA: 1\nB:2\n\tfold\nC : 3\n\nbody\nend"[..],
        b"A: 1\r\nB:2\r\n\tfold\r\nC : 3\r\n\r\nbody\r\nend",
    ] {
        let file = MessageFile::parse(text);
        let expected = [("A", " 1"), ("B", "2\n\tfold"), ("C", " 3")];
        assert_eq!(file.fields, expected.map(|(name, value)| HeaderField::new(name, value)));
        assert_eq!(file.body, "body\r\nend");
    }
}

#[test]
fn odd_files_are_read_too() {
    for (text, fields, body) in [
        (&b""[..], 0, &b""[..]),
        (b"\n\nbody", 0, b"\r\nbody"),
        (b"A: 1", 1, b""),
        (b"A: 1\nno field here\nx", 1, b"no field here\r\nx"),
        (b"A: 1\nB\x0c: 2\nC: 3\n\nx", 1, b"B\x0c: 2\r\nC: 3\r\n\r\nx"),
        (b"A \t: 1\n\nx", 1, b"x"),
        (b" leading\nA: 1\n", 0, b" leading\r\nA: 1\r\n"),
    ] {
        let file = MessageFile::parse(text);
        assert_eq!((file.fields.len(), &file.body[..]), (fields, body), "{text:?}");
    }
}
