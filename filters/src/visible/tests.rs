use super::*;

#[test]
fn hidden_characters_become_escapes() {
    for (text, shown) in [
        ("\x1b]0;PWNED\x07", "\\u{1b}]0;PWNED\\u{7}"),
        ("alice\nsignature", "alice\\nsignature"),
        ("a\r\tb\0", "a\\r\\tb\\u{0}"),
        ("\x7f\u{80}\u{9b}31m\u{85}", "\\u{7f}\\u{80}\\u{9b}31m\\u{85}"),
        ("\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}", "\\u{202a}\\u{202b}\\u{202c}\\u{202d}\\u{202e}"),
        ("\u{2066}\u{2067}\u{2068}\u{2069}", "\\u{2066}\\u{2067}\\u{2068}\\u{2069}"),
        ("\u{200e}\u{200f}\u{61c}", "\\u{200e}\\u{200f}\\u{61c}"),
        ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
    ] {
        assert_eq!(visible(text), shown);
    }
}

#[test]
fn other_text_stays_as_it_is() {
    for text in ["", "Jörg <joerg@example.com>", "العربية", "日本語 \\n", "👩\u{200d}💻", "\u{a0}"] {
        assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
    }
}
