use super::*;

fn on(name: &'static str, value: &str) -> (Option<usize>, Option<&'static str>) {
    let field = HeaderField::new(name, value.to_owned());
    on_raw_text(&field, FieldKind::of(&field))
}

#[test]
fn raw_octets_in_addresses_have_no_encoding() {
    for (value, at) in [
        (" j\u{f6}rg@example.net", 2),
        (" J\u{f6}rg <j\u{f6}rg@example.net>", 9),
        (" info@gr\u{fc}n.example", 8),
        (" bob@example.net\u{a0}", 16),
        (" bob@example.net,\u{a0}ann@example.net", 17),
        (" <bob@example.net\u{a0}>", 17),
        (" <\u{a0}bob@example.net", 2),
        (" \"J\u{f6}rg\" <j\u{f6}rg", 11),
    ] {
        assert_eq!(on("To", value), (Some(at), Some(ADDRESS)), "{value}");
    }
    for value in [
        " J\u{f6}rg <joerg@example.net>",
        " \"j\u{f6}rg@home\" <joerg@example.net>",
        " joerg@example.net (J\u{f6}rg @ home)",
        " J\u{f6}rg, a@b.example",
        " <a@b.example>, J\u{f6}rg <joerg@example.net>",
    ] {
        assert_eq!(on("To", value).1, None, "{value}");
    }
}

#[test]
fn each_field_has_its_own_cure() {
    for (name, hint) in [
        ("Subject", None),
        ("Received", None),
        ("Message-ID", Some(IDENTIFIER)),
        ("References", Some(IDENTIFIER)),
        ("Date", Some(DATE)),
        ("Content-Disposition", Some(FILE_NAME)),
        ("Content-Type", Some(FILE_NAME)),
        ("List-Unsubscribe", Some(LIST)),
        ("MIME-Version", Some(FOR_PROGRAMS)),
    ] {
        assert_eq!(on(name, " a \u{fc}"), (Some(3), hint), "{name}");
    }
}
