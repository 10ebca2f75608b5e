use super::*;

fn repaired(value: &[u8]) -> Option<String> {
    let out = encoded(&HeaderField::new("Content-Type", value.to_vec()), &RawCharset::default()).ok()?;
    Some(String::from_utf8(out).unwrap())
}

#[test]
fn names_of_files_are_encoded() {
    for (value, expected) in [
        (" attachment; filename=\"Grüße.pdf\"", " attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf"),
        (
            " application/pdf;\n\tName=\"a b (ü).pdf\"; x=y (z)",
            " application/pdf;\n\tName*=utf-8''a%20b%20%28%C3%BC%29.pdf; x=y (z)",
        ),
        (
            " text/csv; charset=utf-8; name=\"50%'ü'*.csv\" ",
            " text/csv; charset=utf-8; name*=utf-8''50%25%27%C3%BC%27%2A.csv ",
        ),
        (" attachment; filename = \"ü\"", " attachment; filename*=utf-8''%C3%BC"),
        (" attachment; filename\n =\t\"ü\" ; x=y", " attachment; filename*=utf-8''%C3%BC ; x=y"),
        // The second form says the same, and stays.
        (
            " attachment; filename=\"ü.txt\"; filename*0*=utf-8''%C3%BC; filename*1=\".txt\"",
            " attachment; filename*0*=utf-8''%C3%BC; filename*1=\".txt\"",
        ),
        (" attachment; filename=\"ü\"; filename*=iso-8859-1''%FC", " attachment; filename*=iso-8859-1''%FC"),
        (" attachment; filename=\"ü\"; filename*=utf-8''%C3%BC", " attachment; filename*=utf-8''%C3%BC"),
        (
            " attachment; filename*=UTF-8'de'%c3%bc;\n filename=\"ü\"; x=y",
            " attachment; filename*=UTF-8'de'%c3%bc; x=y",
        ),
        (" inline; filename=\"请柬\"; name=\"é\"", " inline; filename*=utf-8''%E8%AF%B7%E6%9F%AC; name*=utf-8''%C3%A9"),
    ] {
        assert_eq!(repaired(value.as_bytes()).as_deref(), Some(expected));
    }
}

#[test]
fn what_is_not_certain_stays() {
    for value in [
        " attachment; filename=Grüße.pdf",
        " attachment; filename=\"Gr\\üße.pdf\"",
        " attachment; filename=\"ü.pdf",
        " attachment; filename=\"ü\"; filename=\"u\"",
        " attachment; filename=\"ü\"; filename*=utf-8''u",
        " attachment; filename=\"ü\"; filename*0=\"u\"",
        " attachment; filename=\"ü.txt\"; filename*0*=utf-8''%C3%BC; filename*2=\".txt\"",
        " attachment; filename=\"ü.txt\"; filename*0*=utf-8''%C3%BC",
        " attachment; filename=\"=?utf-8?Q?a?= ü\"",
        " attachment; filename=\"ü\n .pdf\"",
        " attachment; filename=\"\u{85}ü.pdf\"",
        " attachment (ü); filename=\"ü\"",
        " multipart/mixed; boundary=\"ü\"",
        " attachment ü; filename=\"ü\"",
        "ü",
    ] {
        assert_eq!(repaired(value.as_bytes()), None, "{value}");
    }
    assert_eq!(repaired(b" attachment; filename=\"Gr\xfc\xdfe.pdf\""), None);
    assert_eq!(repaired(format!(" attachment; filename=\"{}\"", "ü".repeat(200)).as_bytes()), None);
}
