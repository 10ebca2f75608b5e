use super::*;

fn mistakes(text: &str) -> Vec<String> {
    let settings: HeaderCheckSettings = toml::from_str(text).unwrap();
    settings.plan().map(drop).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn the_defaults_fit_together_and_are_written_as_they_are_read() {
    let settings = HeaderCheckSettings::default();
    settings.plan().unwrap();
    let text = toml::to_string(&settings).unwrap();
    assert!(text.contains("raw_8bit_header = \"fix\"\n"), "{text}");
    assert_eq!(toml::from_str::<HeaderCheckSettings>(&text).unwrap(), settings);
}

#[test]
fn a_check_is_an_action_or_a_table() {
    let text = "html_only = \"off\"\ncharset_missing = { action = \"fix\", otherwise = \"reject\", shadow = true }\n\
                many_recipients = { action = \"reject\", max = 7 }\nurl = \"none\"\ntag_field = \"none\"";
    let settings: HeaderCheckSettings = toml::from_str(text).unwrap();
    assert_eq!(settings.html_only, CheckRule::plain(CheckAction::Off));
    let expected =
        CheckRule { action: CheckAction::Fix, otherwise: Some(CheckAction::Reject), shadow: true, max: None };
    assert_eq!(settings.charset_missing, expected);
    assert_eq!(settings.many_recipients.max, Some(7));
    assert_eq!((settings.url, settings.tag_field), (OrNone(None), OrNone(None)));
}

#[test]
fn what_does_not_fit_together_is_told() {
    for (text, mistake) in [
        ("html_only = \"fix\"", "header_checks.html_only: `fix` is not possible"),
        ("html_only = { action = \"log\", otherwise = \"tag\" }", "header_checks.html_only.otherwise: has no effect"),
        ("blank_fold = { action = \"fix\", otherwise = \"off\" }", "header_checks.blank_fold.otherwise: must be log,"),
        ("html_only = { action = \"log\", max = 1 }", "header_checks.html_only.max: has no effect"),
        ("many_recipients = { action = \"log\", max = 0 }", "header_checks.many_recipients.max: must be more than 0"),
        ("fixed_field = \"a b\"", "header_checks.fixed_field: is not the name of a header field"),
        ("url = \"a b\"", "header_checks.url: must be at most 200"),
        ("[[exception]]\naction = \"off\"", "header_checks.exception[0]: is for everybody"),
        (
            "[[exception]]\nuser = \"a\"\nchecks = [\"html_only\"]\naction = \"fix\"",
            "header_checks.exception[0].action: `fix` is not possible",
        ),
    ] {
        let mistakes = mistakes(text);
        assert!(mistakes.len() == 1 && mistakes[0].starts_with(mistake), "{text}: {mistakes:?}");
    }
}

#[test]
fn what_can_t_be_read_is_told() {
    for (text, mistake) in [
        ("html_only = \"ignore\"", "unknown variant `ignore`"),
        ("html_only = 1", "an action in quotes, or a table"),
        ("html_only = { shadow = true }", "missing field `action`"),
        ("html_oly = \"log\"", "unknown field `html_oly`"),
        ("[[exception]]\nuser = \"a\"\nchecks = [\"html_oly\"]\naction = \"off\"", "unknown variant `html_oly`"),
    ] {
        let error = toml::from_str::<HeaderCheckSettings>(text).unwrap_err().to_string();
        assert!(error.contains(mistake), "{error}");
    }
}

#[test]
fn the_fallback_is_a_charset_that_can_be_decoded() {
    let fallback = |name: &str| {
        let settings: HeaderCheckSettings = toml::from_str(&format!("fallback_charset = \"{name}\"")).unwrap();
        settings
            .plan()
            .map(|plan| plan.fallback.map(encoding_rs::Encoding::name))
            .map_err(|errors| errors[0].to_string())
    };
    assert_eq!(fallback("none"), Ok(None));
    for (name, encoding) in [
        ("ISO-8859-2", "ISO-8859-2"),
        ("windows-1250", "windows-1250"),
        ("latin1", "windows-1252"),
        ("koi8-r", "KOI8-R"),
        ("gb2312", "GBK"),
    ] {
        assert_eq!(fallback(name), Ok(Some(encoding)));
    }
    for (name, what) in [
        ("utf-8", "has no effect"),
        ("us-ascii", "has no effect"),
        ("klingon", "is no charset"),
        ("utf-16le", "is no charset"),
        ("iso-2022-jp", "is no charset"),
        ("x-user-defined", "is no charset"),
        ("", "is no charset"),
    ] {
        let error = fallback(name).unwrap_err();
        assert!(error.contains("header_checks.fallback_charset") && error.contains(what), "{error}");
    }
}

#[test]
fn the_authors_signature_is_kept_unless_told_otherwise() {
    let read = |text: &str| toml::from_str::<HeaderCheckSettings>(text);
    assert_eq!(read("").unwrap().author_signed, AuthorSignedPolicy::Keep);
    assert_eq!(read("author_signed = \"repair\"").unwrap().author_signed, AuthorSignedPolicy::Repair);
    assert!(read("author_signed = \"maybe\"").unwrap_err().to_string().contains("maybe"));
}
