use proptest::prelude::*;

use super::*;

#[test]
fn dates_of_rfc_5322() {
    for date in [
        " Mon, 23 Nov 2026 10:00:00 +0100",
        " 23 Nov 2026 10:00 -0000",
        "\n Mon, 23 nov 2026 10:00:00 GMT",
        " Thu, 1 Oct 2026 14:40:57 +0200 (Mitteleurop\u{e4}ische Sommerzeit)",
        " Mon , (a) 23 (b) Nov 2026 10 : 00 (c) : 60 Z ",
        " 21 Nov 97 09:55:06 EST",
        " Tue, 29 Feb 2000 00:00:00 +0530",
    ] {
        assert_eq!(fault(date.as_bytes()), None, "{date}");
    }
    for (date, at, what) in [
        (" now", 1, NO_DATE),
        (" 2026-11-23T10:00:00+01:00", 1, NO_DATE),
        (" Mo, 23 Nov 2026 10:00:00 +0100", 1, NO_DATE),
        (" Mon 23 Nov 2026 10:00:00 +0100", 5, NO_DATE),
        (" Mon, 23 M\u{e4}r 2026 10:00:00 +0100", 9, NO_DATE),
        (" Mon, 23 November 2026 10:00:00 +0100", 9, NO_DATE),
        (" Mon, 23 Nov 20260 10:00:00 +0100", 13, NO_DATE),
        (" Mon, 23 Nov 2026 9:00:00 +0100", 18, NO_DATE),
        (" Mon, 23 Nov 2026 10:00:00", 26, NO_DATE),
        (" Mon, 23 Nov 2026 10:00:00 +01:00", 28, NO_DATE),
        (" Mon, 23 Nov 2026 10:00:00 CET", 27, NO_DATE),
        (" Mon, 23 Nov 2026 10:00:00 GMT+0100", 30, "text behind the date"),
        (" Mon, 23 Nov 2026 24:00:00 +0100", 18, "a time that does not exist"),
        (" Mon, 23 Nov 2026 10:00:00 +0160", 27, "a zone that does not exist"),
        (" 30 Feb 2026 10:00:00 +0100", 1, "a day that does not exist, or one before 1970"),
        (" Sun, 23 Nov 2026 10:00:00 +0100", 1, "not the day of the week of this date"),
        (" Mon, 23 Nov 2026 10:00:00 +0100 (CET", 32, "a comment that does not end"),
    ] {
        assert_eq!(fault(date.as_bytes()), Some((at, what)), "{date}");
    }
}

#[test]
fn text_behind_a_zone_in_numbers_is_cut_off() {
    for date in [" Thu, 1 Oct 2026 14:40:57 +0200", " 1 Oct 2026 14:40 -0000"] {
        for text in [" Mitteleurop\u{e4}ische Sommerzeit", " CEST", " (a) CEST (b)"] {
            let cut = cut_behind_zone(format!("{date}{text}").as_bytes()).map(<[u8]>::to_vec);
            assert_eq!(cut.as_deref(), (text != " (a) CEST (b)").then_some(date.as_bytes()), "{text}");
        }
    }
    for date in [" Mon, 23 Nov 2026 10:00:00 GMT+0100", " Mon, 23 Nov 2026 10:00:00 +0100", " Mo, 23 Nov 2026 +0100 x"]
    {
        assert_eq!(cut_behind_zone(date.as_bytes()), None, "{date}");
    }
}

#[test]
fn dates_of_iso_8601_that_name_a_point_in_time() {
    for (iso, date) in [
        (" 2026-11-23T10:00:00+01:00", "Mon, 23 Nov 2026 10:00:00 +0100"),
        ("2026-11-23t10:00:00z", "Mon, 23 Nov 2026 10:00:00 +0000"),
        ("2026-11-23 10:00:00 +0100", "Mon, 23 Nov 2026 10:00:00 +0100"),
        ("2026-11-23 10:00:00 UTC", "Mon, 23 Nov 2026 10:00:00 +0000"),
        ("2026-11-23T10:00-00:00", "Mon, 23 Nov 2026 10:00:00 -0000"),
        ("2026-11-03T23:59:60.123456-05", "Tue, 3 Nov 2026 23:59:60 -0500"),
        ("20261123T100000Z", "Mon, 23 Nov 2026 10:00:00 +0000"),
        ("2026-11-23T10:00:00,5+05:30", "Mon, 23 Nov 2026 10:00:00 +0530"),
    ] {
        assert_eq!(from_iso(iso.as_bytes()).as_deref(), Some(date), "{iso}");
        assert_eq!(fault(date.as_bytes()), None, "{date}");
    }
    for iso in [
        "2026-11-23T10:00:00", "2026-11-23", "2026-11-23T10:00:00+01:00 x", "2026-02-30T10:00:00Z",
        "2026-11-23T24:00:00Z", "2026-11-23T10:60:00Z", "2026-11-23T10:00:00+24:00", "2026-11-23T10:00:00CET",
        "2026-1-23T10:00:00Z", "2026-11-23T10:00:00.Z", "2026-1123T10:00:00Z", "23.11.2026 10:00:00 +0100", "",
    ] {
        assert_eq!(from_iso(iso.as_bytes()), None, "{iso}");
    }
}

proptest! {
    #[test]
    fn any_octets(text in "[ 0-9A-Za-z:,.+()\\\\T-]{0,40}", tail in prop::collection::vec(any::<u8>(), 0..20)) {
        let value = [text.as_bytes(), &tail].concat();
        let _ = fault(&value);
        let _ = from_iso(&value);
        let _ = cut_behind_zone(&value);
        prop_assert!(fault(&value).is_none_or(|(at, _)| at <= value.len()));
    }
}
