use super::*;

#[test]
fn mistakes_are_named() {
    for (text, reason) in [
        ("firma.de", "is not an address"),
        ("*@firma.de", "write $1"),
        ("a b@firma.de", "is not an address"),
        ("a@", "is not an address"),
        ("a@-x.de", "hyphen"),
        ("a@$1 x.de", "has ' '"),
    ] {
        let error = text.parse::<Target>().unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn what_is_fixed() {
    let target = |text: &str| text.parse::<Target>().unwrap();
    assert_eq!(target("a@b.de").fixed().unwrap().to_string(), "a@b.de");
    assert_eq!(target("$3@b.de").fixed(), None);
    assert_eq!((target("$3@$2.de").captures(), target("@b.de").captures()), (3, 0));
    assert_eq!((target("$1@b.de").domain(), target("a@$1").domain()), (Some("b.de"), None));
}
