use super::*;

fn tally(octets: &[u8]) -> Utf8Tally {
    let whole = Utf8Tally::of(octets);
    for cut in 1..octets.len().min(9) {
        let mut judge = Utf8Judge::new(true);
        for piece in octets.chunks(cut) {
            if piece.is_ascii() { judge.push_ascii(piece) } else { judge.push(piece) }
        }
        assert_eq!(judge.finish(), whole, "in pieces of {cut}: {octets:?}");
    }
    whole
}

#[test]
fn text_that_makes_sense() {
    for text in [
        "Grüße aus Köln", "für 5 €", "Order – confirmed", "20 °C", "Æ", "Über", "å", "Husk å betale", "è", "Привет",
        "я и ты", "Καλημέρα", "שלום", "הWindows הגיע", "مرحبا", "你好", "新Windows版", "こんにちは", "안녕하세요",
        "สวัสดี", "Tiếng Việt", "u\u{308}ber", "SPÓŁKA", "İSTANBUL’DA", "Ó", "IRMÃ…", "Ģirts", "naïve café", "😀",
    ] {
        assert!(tally(text.as_bytes()).is_plausible(), "{text}");
    }
}

#[test]
fn text_in_another_charset_that_is_valid_by_chance() {
    for (text, octets) in [
        ("SPÓŁKA Z O.O., ISO-8859-2", &b"SP\xd3\xa3KA Z O.O."[..]),
        ("LÍŠKA, ISO-8859-2", b"L\xcd\xa9KA"),
        ("VÝŠKA, windows-1250", b"V\xdd\x8aKA"),
        ("WĘŻ, ISO-8859-2", b"W\xca\xaf"),
        ("KOCAELİ’DE, windows-1254", b"KOCAEL\xdd\x92DE"),
        ("Ні, windows-1251", b"\xcd\xb3"),
        ("Re: её, KOI8-R", b"Re: \xc5\xa3"),
        ("ลด 50%, TIS-620", b"\xc5\xb4 50%"),
        ("IRMÃ…, windows-1252", b"IRM\xc3\x85"),
        ("allé…”, windows-1252", b"CAF\xc9\xbb"),
        ("nothing", b"a \xef\xbf\xbf"),
    ] {
        assert!(!tally(octets).broken && !tally(octets).is_plausible(), "{text}");
    }
    for text in [&b"Gr\xfc\xdfe"[..], b"\xc3", b"a\xe2\x82", b"\xed\xa0\x80", b"plain"] {
        assert!(!tally(text).is_plausible(), "{text:?}");
    }
}

#[test]
fn the_name_of_another_charset_asks_for_more() {
    for text in ["Grüße aus Köln, schöne Grüße", "Привет", "你好", "don’t and can’t"] {
        assert!(tally(text.as_bytes()).is_certain(), "{text}");
    }
    for text in ["Ã¼", "für", "Müller", "What do ü, ö, ä and ß mean in my mail?", "20 °C, 30 °C, 40 °C, 50 °C, 60 °C"]
    {
        assert!(tally(text.as_bytes()).is_plausible() && !tally(text.as_bytes()).is_certain(), "{text}");
    }
}

#[test]
fn a_mixture_is_found_behind_other_octets() {
    assert!(tally(b"Gr\xfc\xdfe \xc3\x91and\xc3\xba").is_mixture());
    assert!(!tally(b"Gr\xfc\xdfe").is_mixture());
    assert!(!tally(b"Zam\xf3wienie SP\xd3\xa3KA").is_mixture());
}
