//! Mistakes in the section, and unwise settings.

use super::*;

fn errors(config: &str) -> Vec<String> {
    plan(config).err().unwrap_or_default().into_iter().map(show).collect()
}

fn warnings(config: &str) -> Vec<String> {
    plan(config).unwrap_or_else(|errors| panic!("{errors:?}")).warnings.into_iter().map(show).collect()
}

fn show(found: Problem) -> String {
    format!("{}: {}", found.key.join("."), found.reason)
}

#[test]
fn mistakes_are_named() {
    for (config, expected) in [
        ("[[owner]]\nuser = 'a'", "sender.owner.0.may_use: is missing"),
        ("[[owner]]\nuser = 'a'\nmay_use = ['*']\nin = ['reply_to']", "sender.owner.0.in: anybody may use any"),
        ("[[owner]]\nuser = 'a'\nmay_use = ['*']\nin = []", "sender.owner.0.in: names no place"),
        ("[[rewrite]]\nmatch = '*'\nto = '@b.de'\nfields = []", "sender.rewrite.0.fields: names no place"),
        ("max_addresses = 0", "sender.max_addresses: must be more than 0"),
        ("[[owner]]\nuser = 'a'\nmay_use = ['*']\nin = ['receipt']", "sender.owner.0.in: anybody may use any"),
        ("tag_separators = 'ab'", "sender.tag_separators: is a set of characters"),
        ("[[rewrite]]\nmatch = 'a@b.de'\nto = '$1@c.de'", "sender.rewrite.0.to: $1 has nothing to stand for"),
        (
            "[[rewrite]]\nmatch = '@b.de'\nto = '$2@c.de'",
            "sender.rewrite.0.to: $2 has nothing to stand for: `match` has 1 *",
        ),
    ] {
        let errors = errors(config);
        assert!(errors.len() == 1 && errors[0].starts_with(expected), "{config}: {errors:?}");
    }
    let text = (0..20).map(|line| format!("user{line}\n")).collect::<String>();
    let found = plan_with("[[table]]\nfile = 'x'", &[table(&text)]).err().unwrap();
    assert_eq!(found.len(), 11);
    assert_eq!(show(found[0].clone()), "sender.table.0.file: owners, line 1: has no addresses behind `user0`");
    assert_eq!(show(found[10].clone()), "sender.table.0.file: owners: 10 more lines like that");
}

#[test]
fn patterns_that_must_be_compared_are_limited() {
    let text = |count| table(&(0..count).map(|at| format!("u{at} a*@b.de x*@c.de\n")).collect::<String>());
    assert!(plan_with("[[table]]\nfile = 'x'", &[text(500)]).is_ok());
    let found = plan_with("[[table]]\nfile = 'x'", &[text(501)]).err().unwrap();
    assert!(show(found[0].clone()).starts_with("sender.owner: has 1002 address patterns"), "{found:?}");
}

#[test]
fn a_rule_that_takes_envelope_and_from_apart() {
    let owner = "[[owner]]\nuser = 'w'\nmay_use = ['*']\n";
    for (rule, apart) in [
        ("match = 'a@www.firma.de'\nto = 'a@firma.de'\nfields = ['envelope']", false),
        ("match = 'a@*.firma.de'\nto = 'a@firma.de'\nfields = ['from']", false),
        ("match = 'a@kunde.de'\nto = 'a@firma.de'\nfields = ['envelope']", true),
        ("match = '*@*.de'\nto = 'a@firma.de'\nfields = ['from', 'sender']", true),
        ("match = '*'\nto = 'a@firma.de'\nfields = ['from', 'sender']", true),
        ("match = '*@*.kunden.de'\nto = 'a@$2.de'\nfields = ['from']", true),
        ("match = 'a@kunde.de'\nto = 'a@firma.de'\nfields = ['sender', 'reply_to']", false),
        ("match = 'a@kunde.de'\nto = 'a@firma.de'", false),
        ("match = 'a@kunde.de'\nto = 'a@firma.de'\nfields = ['envelope', 'from']", false),
    ] {
        let warnings = warnings(&format!("{owner}[[rewrite]]\n{rule}"));
        assert_eq!(warnings.iter().any(|warning| warning.contains("fall apart")), apart, "{rule}: {warnings:?}");
    }
}

#[test]
fn what_nobody_may_use() {
    let rule = "[[rewrite]]\nmatch = 'wwwrun@*'\nto = 'webmaster@firma.de'\n";
    let warning = "sender.rewrite.0.to: gives no right, and no [[sender.owner]] lets anybody use webmaster@firma.de";
    assert!(warnings(rule)[0].starts_with(warning));
    for owner in [
        "user = 'web1'\nmay_use = ['@firma.de']",
        "client = '10.0.0.0/8'\nmay_use = ['webmaster@firma.de']",
        "user = 'web*'\nmay_use = ['w*@firma.de']",
        "client = '10.0.0.0/8'\nmay_use = ['@.de']",
        "user = 'web1'\nmay_use = ['*']",
    ] {
        assert_eq!(warnings(&format!("{rule}[[owner]]\n{owner}")), Vec::<String>::new(), "{owner}");
    }
    let postfix = "[[table]]\nfile = 'x'\nformat = 'postfix'\n";
    let with = plan_with(&format!("{rule}{postfix}"), &[table("@firma.de web1")]).ok().unwrap();
    assert!(with.warnings.is_empty());
}

#[test]
fn everybody_and_nobody() {
    let found = warnings("[[owner]]\nmay_use = ['noreply@firma.de']");
    assert!(found[0].starts_with("sender.owner.0.may_use: is for everybody"), "{found:?}");
    let local = |config: &str| {
        let settings: SenderSettings = toml::from_str(config).unwrap();
        settings.plan(&[], &[("local", Role::Local), ("mx", Role::Mx)]).ok().unwrap().warnings
    };
    let found = local("");
    assert!(found.len() == 1 && found[0].reason.contains("mail of listener `local`"), "{found:?}");
    for who in ["listener = 'local'", "client = '127.0.0.1'", "client = '127.0.0.1'\nlistener = 'l*'"] {
        assert!(local(&format!("[[owner]]\n{who}\nmay_use = ['@a.de']")).is_empty(), "{who}");
    }
    assert_eq!(local("[[owner]]\nuser = 'x'\nmay_use = ['@a.de']").len(), 1);
}

#[test]
fn recipes_of_the_readme_load() {
    #[derive(serde::Deserialize)]
    struct Section {
        sender: SenderSettings,
    }
    let text = include_str!("../../../../docs/senders.md");
    let blocks: Vec<_> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 8);
    for block in blocks {
        let section: Section = toml::from_str(block).unwrap_or_else(|error| panic!("{block}: {error}"));
        let tables = vec![table(""); section.sender.table.len()];
        assert!(section.sender.plan(&tables, &[]).is_ok(), "{block}");
    }
}
