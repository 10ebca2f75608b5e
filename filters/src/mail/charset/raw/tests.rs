use super::*;

fn charset(name: &str) -> Option<Charset> {
    (!name.is_empty()).then(|| Charset::named(name.as_bytes()))
}

fn read(octets: &[u8], named: &str, fallback: &str) -> Option<String> {
    let raw = RawCharset {
        named: charset(named),
        fallback: Encoding::for_label(fallback.as_bytes()),
        ..RawCharset::default()
    };
    raw.read(octets).map(Cow::into_owned)
}

/// Text in the charsets in which applications write, and nothing that names them.
const RAW: [(&str, &str); 26] = [
    ("iso-8859-1", "Grüße aus Köln"),
    ("windows-1252", "Angebot für „Müller“"),
    ("iso-8859-15", "20 € für Jörg"),
    ("iso-8859-2", "Zamówienie nr 7: część"),
    ("windows-1250", "Potwierdzenie: Łukasz Żak"),
    ("iso-8859-2", "Příloha č. 3"),
    ("iso-8859-2", "Megrendelés: tűző"),
    ("windows-1250", "Árvíztűrő tükörfúrógép"),
    ("iso-8859-9", "Siparişiniz: İğne"),
    ("windows-1254", "TÜRKİYE"),
    ("windows-1251", "Ваш заказ принят"),
    ("koi8-r", "Ваш заказ принят"),
    ("koi8-u", "Ваше замовлення"),
    ("iso-8859-5", "Ваш заказ принят"),
    ("iso-8859-7", "Η παραγγελία σας"),
    ("windows-1253", "Η παραγγελία σας"),
    ("windows-1257", "Jūsų užsakymas"),
    ("iso-8859-4", "Teie tellimus õ"),
    ("windows-1258", "Đơn hàng"),
    ("windows-1255", "ההזמנה שלך"),
    ("iso-8859-6", "طلبك"),
    ("windows-874", "คำสั่งซื้อ"),
    ("gb18030", "您的订单"),
    ("big5", "您的訂單"),
    ("shift_jis", "ご注文"),
    ("euc-kr", "주문 확인"),
];

#[test]
fn without_a_name_no_charset_is_guessed() {
    for (name, text) in RAW {
        let encoding = Encoding::for_label(name.as_bytes()).unwrap();
        let (octets, _, unmappable) = encoding.encode(text);
        assert!(!unmappable, "{name}: {text}");
        for named in ["", "us-ascii", "utf-8", "x-unknown", "utf-7"] {
            assert_eq!(read(&octets, named, ""), None, "{name}, named {named}: {text}");
        }
        assert_eq!(read(&octets, name, "").as_deref(), Some(text), "{name} is what the message names");
        assert_eq!(read(&octets, "utf-8", name).as_deref(), Some(text), "{name} is what the postmaster names");
        assert_eq!(read(text.as_bytes(), "", name).as_deref(), Some(text), "UTF-8 is UTF-8");
    }
}

#[test]
fn a_name_that_does_not_fit_is_not_believed() {
    for (octets, named) in [
        // Polish in ISO-8859-2, under the name that libraries write by default.
        (&b"\xa3ukasz \xafak"[..], "iso-8859-1"),
        (b"cz\xea\xb6\xe6", "iso-8859-1"),
        (b"\xf7\xc1\xdb \xda\xc1\xcb\xc1\xda", "iso-8859-1"),
        (b"\xff\xff", "gb2312"),
        (b"Gr\xfc\xdfe \x81", "windows-1252"),
        // Some of it is UTF-8.
        (b"\xc3\x91and\xc3\xba Gr\xfc\xdfe", "iso-8859-1"),
    ] {
        assert_eq!(read(octets, named, ""), None, "{named}: {octets:?}");
    }
    assert_eq!(read(b"\xa3ukasz", "iso-8859-1", "iso-8859-2").as_deref(), Some("Łukasz"));
    assert_eq!(
        read(b"a 5 \xa3 note, 2\xbdh, 10 m\xb2 \xbfqu\xe9?", "iso-8859-1", "").as_deref(),
        Some("a 5 £ note, 2½h, 10 m² ¿qué?")
    );
}

#[test]
fn valid_utf_8_proves_nothing_where_the_rest_is_something_else() {
    let subject = "Grüße".as_bytes();
    for (named, mixed, expected) in [
        ("", false, true),
        ("us-ascii", false, true),
        ("x-unknown", false, true),
        ("utf-8", false, true),
        ("", true, false),
        ("us-ascii", true, false),
        ("utf-8", true, false),
        // Two readings are plausible.
        ("iso-8859-1", false, false),
        ("windows-1251", false, false),
        ("gb2312", false, false),
    ] {
        let raw = RawCharset { named: charset(named), mixed, ..RawCharset::default() };
        assert_eq!(raw.read(subject).is_some(), expected, "{named}, {mixed}");
    }
    let raw = RawCharset { named: charset("iso-8859-1"), ..RawCharset::default() };
    assert!(raw.read("Schöne Grüße aus Köln".as_bytes()).is_some(), "the other reading is not plausible");
    assert!(RawCharset { mixed: true, ..raw }.read("Schöne Grüße aus Köln".as_bytes()).is_none());
    assert_eq!(raw.read("a\u{85}b".as_bytes()), None);
}

#[test]
fn chance_is_told_from_text() {
    assert_eq!(read(b"SP\xd3\xa3KA", "", ""), None);
    assert_eq!(read(b"SP\xd3\xa3KA", "utf-8", ""), None);
    assert_eq!(read(b"SP\xd3\xa3KA", "", "iso-8859-2").as_deref(), Some("SPÓŁKA"));
    assert_eq!(read(b"Zam\xf3wienie SP\xd3\xa3KA", "", "iso-8859-2").as_deref(), Some("Zamówienie SPÓŁKA"));
    assert_eq!(read("я".as_bytes(), "utf-8", "").as_deref(), Some("я"));
}
