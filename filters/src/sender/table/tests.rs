use super::*;

#[test]
fn lines() {
    let text = "# who   what\n\nWeb1  @firma.de, info@kunde.de\n   @.firma.de\n  # still a comment\nbob\t*@b.de\n";
    let Ok(OwnerTable::Lines(lines)) = OwnerTable::parse(text, TableFormat::Lines, None) else { panic!() };
    let shown: Vec<_> = lines
        .iter()
        .map(|(line, user, patterns)| {
            (*line, user.as_str(), patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        })
        .collect();
    assert_eq!(shown, [(3, "web1", "@firma.de info@kunde.de @.firma.de".to_owned()), (6, "bob", "*@b.de".to_owned())]);
}

#[test]
fn postfix() {
    let text = "Info@Firma.DE  Alice@firma.de,bob\n@firma.de alice\n    carol\ninfo@firma.de mallory\nroot root\n";
    let domain = "host.firma.de".parse().unwrap();
    let Ok(OwnerTable::Postfix(map)) = OwnerTable::parse(text, TableFormat::Postfix, Some(&domain)) else { panic!() };
    let logins = |key: &str| {
        let owned = &map[key];
        (owned.line, owned.logins.iter().map(|login| &**login).collect::<Vec<_>>())
    };
    assert_eq!(logins("info@firma.de"), (1, vec!["alice@firma.de", "bob"]));
    assert_eq!(logins("@firma.de"), (2, vec!["alice", "carol"]));
    assert_eq!(logins("root@host.firma.de"), (5, vec!["root"]));
}

#[test]
fn patterns_of_other_kinds_of_tables_are_told() {
    for line in [
        "/^alice@example\\.com$/ alice", "/@example\\.com$/i bob, carol", "!/^a/ bob", "/^a b@/ bob", "if /@example/",
        "IF !/@example/", "endif",
    ] {
        let errors = OwnerTable::parse(line, TableFormat::Postfix, None).unwrap_err();
        let first = line.split(' ').next().unwrap();
        let expected =
            format!("line 1: `{first}` is a pattern of a pcre or regexp table; list addresses and @domains, or");
        assert!(errors[0].to_string().starts_with(&expected), "{}", errors[0]);
    }
    let domain = "example.com".parse().ok();
    for line in ["/C=de/O=x/@gw.example joe", "if joe", "endif@example.com joe", "a/b@example.com joe"] {
        assert!(OwnerTable::parse(line, TableFormat::Postfix, domain.as_ref()).is_ok(), "{line}");
    }
}

#[test]
fn every_bad_line_is_named() {
    let text = "a@b.de\n@-x.de joe\nok@b.de joe\nroot joe";
    let errors = OwnerTable::parse(text, TableFormat::Postfix, None).unwrap_err();
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "line 1: has no logins behind `a@b.de`",
            "line 2: `@-x.de` has a label that begins or ends with a hyphen: `-x.de`",
            "line 4: `root` has no domain; set sender.default_domain to Postfix's $myorigin",
        ]
    );
    let errors = OwnerTable::parse("joe\njoe example.com", TableFormat::Lines, None).unwrap_err();
    assert_eq!(errors[0].to_string(), "line 1: has no addresses behind `joe`");
    assert!(errors[1].to_string().starts_with("line 2: `example.com` has no @;"), "{}", errors[1]);
}
