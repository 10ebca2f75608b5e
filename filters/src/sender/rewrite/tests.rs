use serde::Deserialize;

use super::*;

fn rules(text: &str) -> Rules {
    #[derive(Deserialize)]
    struct Section {
        rewrite: Vec<RewriteSettings>,
    }
    Rules::new(&toml::from_str::<Section>(text).unwrap().rewrite)
}

fn nobody() -> Submitter<'static> {
    Submitter {
        user: None,
        client: Some([10, 1, 2, 3].into()),
        listener: "local",
        certificate: None,
        fingerprint: None,
    }
}

fn rewritten(rule: &str, address: &str) -> Option<String> {
    let rules = rules(&format!("[[rewrite]]\n{rule}"));
    let address = address.parse().unwrap();
    rules.rewrite(&nobody(), AddressField::From, &address).map(|(_, address)| address.to_string())
}

#[test]
fn what_addresses_become() {
    for (rule, from, to) in [
        ("match = 'wwwrun@*.firma.de'\nto = 'webmaster@firma.de'", "WWWrun@a.firma.de", "webmaster@firma.de"),
        ("match = '*@www.firma.de'\nto = '$1@firma.de'", "Info.Desk@www.firma.de", "Info.Desk@firma.de"),
        ("match = '@www.firma.de'\nto = '@firma.de'", "\"a b\"@www.firma.de", "\"a b\"@firma.de"),
        ("match = '*@*.firma.de'\nto = '$2-$1@firma.de'", "info@www.firma.de", "www-info@firma.de"),
        ("match = '*@*.kunden.de'\nto = '$1@$2.de'", "a@maier.kunden.de", "a@maier.de"),
        ("match = '*-*@a.de'\nto = '$2@b.de'", "x-y@a.de", "y@b.de"),
        ("match = '*@a.de'\nto = 'a$b@grüße.de'", "x@a.de", "a$b@xn--gre-6ka8l.de"),
        ("match = '*'\nto = 'x@[192.0.2.1]'", "x@a.de", "x@[192.0.2.1]"),
    ] {
        assert_eq!(rewritten(rule, from).as_deref(), Some(to), "{rule}");
    }
}

#[test]
fn what_is_left_alone() {
    for (rule, from) in [
        ("match = '*@www.firma.de'\nto = '$1@firma.de'", "info@firma.de"),
        ("match = '*'\nto = 'a@b.de'\nclient = '192.0.2.0/24'", "info@firma.de"),
        ("match = '*'\nto = 'a@b.de'\nfields = ['envelope']", "info@firma.de"),
        // No domain would come of it.
        ("match = '*@*'\nto = 'a@$1.de'", "in_fo!@firma.de"),
        ("match = '*@*'\nto = 'a@$2.de'", "a@[192.0.2.1]"),
    ] {
        assert_eq!(rewritten(rule, from), None, "{rule}");
    }
}

#[test]
fn the_first_that_fits_counts() {
    let rules = rules(
        "[[rewrite]]\nmatch = 'a@*'\nto = 'one@x.de'\nuser = 'web1'\n\
         [[rewrite]]\nmatch = 'a@b.de'\nto = 'two@x.de'\n\
         [[rewrite]]\nmatch = 'two@x.de'\nto = 'three@x.de'",
    );
    let address = "a@b.de".parse().unwrap();
    let (number, to) = rules.rewrite(&nobody(), AddressField::Envelope, &address).unwrap();
    assert_eq!((number, to.to_string().as_str()), (1, "two@x.de"));
    let web1 = Submitter { user: Some(b"WEB1"), ..nobody() };
    assert_eq!(rules.rewrite(&web1, AddressField::Envelope, &address).unwrap().0, 0);
}
