use super::*;

#[test]
fn pieces_that_name_one_point_in_time() {
    for (value, date) in [
        (" Mo, 23 Nov 2026 10:00:00 +0100", "Mon, 23 Nov 2026 10:00:00 +0100"),
        (" Mo., 23. November 2026 9:00 +01:00", "Mon, 23 Nov 2026 09:00:00 +0100"),
        (" Mon, 23 Nov 2026 10:00:00 GMT+0100", "Mon, 23 Nov 2026 10:00:00 +0100"),
        (" Mon Nov 23 2026 10:00:00 GMT+0100 (Mitteleurop\u{e4}ische Zeit)", "Mon, 23 Nov 2026 10:00:00 +0100"),
        (" Mon Nov 23 10:00:00 GMT 2026", "Mon, 23 Nov 2026 10:00:00 +0000"),
        (" Mon, 23 Nov 2026 10:00:00 UTC", "Mon, 23 Nov 2026 10:00:00 +0000"),
        (" 23 Nov 2026 10:00:00 GMT -0530", "Mon, 23 Nov 2026 10:00:00 -0530"),
        (" Di, 3 M\u{e4}r 2026 10:00:00 +0100", "Tue, 3 Mar 2026 10:00:00 +0100"),
        (" lun., 23 nov. 2026 10:00:00 +0100", "Mon, 23 Nov 2026 10:00:00 +0100"),
        (" Do, 31 Dez 2026 23:59:60 +0000", "Thu, 31 Dec 2026 23:59:60 +0000"),
        (" s\u{f8}n, 1 Mai 2026 10:00:00 +0200", "Fri, 1 May 2026 10:00:00 +0200"),
    ] {
        assert_eq!(from_words(value.as_bytes()).as_deref(), Some(date), "{value}");
        assert_eq!(super::super::header::fault(date.as_bytes()), None);
    }
    assert_eq!(
        from_words(b" Di, 3 M\xe4r 2026 10:00:00 +0100").as_deref(),
        Some("Tue, 3 Mar 2026 10:00:00 +0100"),
        "the charset does not matter"
    );
}

#[test]
fn nothing_is_guessed() {
    for value in [
        " Mon Nov 23 10:00:00 2026", " Mon, 23 Nov 2026 10:00:00 CET", " Mon, 23 Nov 2026 10:00:00 PM +0100",
        " Tue, 23 Nov 2026 10:00:00 GMT+0100", " Tuesday, 23 Nov 2026 10:00:00 +0100", " 23.11.2026 10:00:00 +0100",
        " 23 11 2026 10:00:00 +0100", " Mon, 23 Nov 26 10:00:00 +01:00", " Mon, 30 Feb 2026 10:00:00 +01:00",
        " Mon, 23 Nov 2026 25:00:00 +01:00", " Mon, 23 Nov 2026 10:00:00 +0160",
        " Mon, 23 Nov 2026 10:00:00 +0100 +0200", " Mon, 23 Nov 2026 2026 10:00:00 +0100",
        " Mon, 23 Nov 2026 10:00:00 GMT+01", " Mo, 23 Xyz 2026 10:00:00 +0100", " 23 Nov 2026 +0100", " now", "",
    ] {
        assert_eq!(from_words(value.as_bytes()), None, "{value}");
    }
}
