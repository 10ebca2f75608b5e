use super::*;

fn canonical(rule: Canonicalization, name: &'static str, value: &'static str) -> String {
    let mut out = Vec::new();
    write(rule, &HeaderField::new(name, value), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn relaxed_form() {
    for (name, value, form) in [
        // RFC 6376 section 3.4.5
        ("A", " X", "a:X\r\n"),
        ("B ", " Y\t\n\tZ  ", "b:Y Z\r\n"),
        ("SUBJect", " a \t\n \n b", "subject:a b\r\n"),
        ("X", "", "x:\r\n"),
        ("X", " \n\t", "x:\r\n"),
        ("X\t", "no space", "x:no space\r\n"),
        ("X", " a\x0c b\x0b\x0c", "x:a\x0c b\x0b\x0c\r\n"),
        ("X", " a\x0cb", "x:a\x0cb\r\n"),
        ("X", " a\r b\r", "x:a\r b\r\r\n"),
        ("X", " a\r\n b", "x:a\r b\r\n"),
        ("X", " gr\u{fc}n", "x:gr\u{fc}n\r\n"),
    ] {
        assert_eq!(canonical(Canonicalization::Relaxed, name, value), form, "{name:?} {value:?}");
    }
}

#[test]
fn simple_form() {
    for (name, value, form) in [
        ("A", " X", "A: X\r\n"),
        ("B ", " Y\t\n\tZ  ", "B: Y\t\r\n\tZ  \r\n"),
        ("X", "", "X:\r\n"),
        ("X", "no space\n \n x", "X:no space\r\n \r\n x\r\n"),
    ] {
        assert_eq!(canonical(Canonicalization::Simple, name, value), form, "{name:?} {value:?}");
    }
}
