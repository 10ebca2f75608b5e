//! One name, one counter: recipients that name several domains, null senders, and keys that people type.

use std::net::IpAddr;

use super::*;

const OVERRIDES: &str = "[[rate_limit]]\nname = \"m\"\ncount = \"messages\"\nlimit = \"1/1h\"\n";

fn codes(transaction: &mut Transaction, recipients: &[&str]) -> Vec<u16> {
    recipients.iter().map(|recipient| code(&transaction.rcpt_verdict(recipient))).collect()
}

#[test]
fn no_spelling_of_a_recipient_passes_a_ramp() {
    let ramp = "[[rate_limit]]\nname = \"warm\"\nkey = [\"recipient_domain\"]\n[[rate_limit.ramp]]\n\
                recipient_domain = [\"big.example\", \".bücher.example\"]\nstart = \"2026-11-22\"\nschedule = [\"2/1d\"]";
    for recipient in [
        "<v@big.example>",
        "<v%big.example@mta.test.example>",
        "<big.example!v>",
        "<big.example!v@mta.test.example>",
        "<a.example!big.example!v>",
        "<v%big.example%localhost@mta.test.example>",
        "<@a.example:v%big.example@localhost>",
        "<\"v@big.example\"@localhost>",
        "<\"v%big.example\"@mta.test.example>",
        "<v@big.example(1)>",
        "V <v@BIG.example.>",
        "<v@a.b\u{fc}cher.example>",
        "<v%a.xn--bcher-kva.example@localhost>",
    ] {
        let rig = Rig::new(ramp);
        let mut transaction = rig.connect().user("alice").mail("<a@b>");
        assert_eq!(codes(&mut transaction, &[recipient; 4]), [0, 0, 450, 450], "{recipient}");
        assert!(transaction.body("x").end().accepted());
        assert_eq!(rig.used("warm:big.example"), [2], "{recipient}");
    }
    let rig = Rig::new(ramp);
    let transaction = rig.connect().user("alice").mail("<a@b>");
    let mut transaction = transaction.macro_value(postseal_protocol::Stage::Rcpt, "{rcpt_addr}", "v@big.example");
    assert_eq!(codes(&mut transaction, &["<v@big>"; 3]), [0, 0, 450], "as the MTA resolves it");
}

#[test]
fn a_recipient_counts_once_for_each_domain_that_it_names() {
    let rig = Rig::new("[[rate_limit]]\nname = \"d\"\nkey = [\"recipient_domain\"]\nlimit = \"3/1h\"");
    let mut transaction = rig.connect().user("alice").mail("<a@b>");
    let recipients = ["<v%x@h>", "<v%X.@h>", "<x!v@y>", "<v@x>", "<v@y>"];
    assert_eq!(codes(&mut transaction, &recipients), [0, 0, 0, 450, 0]);
    assert_eq!((rig.used("d:x"), rig.used("d:h"), rig.used("d:y")), (vec![3], vec![2], vec![2]));
    drop(transaction);
    let left: u64 = ["d:x", "d:h", "d:y"].iter().flat_map(|counter| rig.used(counter)).sum();
    assert_eq!(left, 0, "given back");
}

#[test]
fn a_recipient_that_names_too_many_domains_is_refused_where_the_limit_would_refuse() {
    let rule = "[[rate_limit]]\nname = \"d\"\nkey = [\"recipient_domain\"]\nlimit = \"100/1h\"\n";
    let many: String = (0..9).map(|n| format!("d{n}!")).collect();
    let recipient = format!("<{many}v>");
    let rig = Rig::new(rule);
    let mut transaction = rig.connect().user("alice").mail("<a@b>");
    assert_eq!(codes(&mut transaction, &[&recipient, "<v@x>"]), [550, 0]);
    assert_eq!(transaction.end().reasons(), ["rate_limit.recipient_route"]);
    let rig = Rig::new(&format!("{rule}action = \"log\""));
    let mut transaction = rig.connect().user("alice").mail("<a@b>");
    assert_eq!(codes(&mut transaction, &[&recipient]), [0]);
    let rig = Rig::new("[[rate_limit]]\nname = \"u\"\nlimit = \"100/1h\"");
    let mut transaction = rig.connect().user("alice").mail("<a@b>");
    assert_eq!(codes(&mut transaction, &[&recipient]), [0], "no rule counts by recipient domain");
}

#[test]
fn a_null_sender_is_counted_by_its_user_or_client() {
    let rig = Rig::new(
        "[[rate_limit]]\nname = \"s\"\nkey = [\"sender\"]\ncount = \"messages\"\nlimit = \"3/1h\"\n\
         [[rate_limit]]\nname = \"d\"\nkey = [\"sender_domain\"]\ncount = \"messages\"\nlimit = \"3/1h\"",
    );
    let send = |user: &str, ip: &str, times: usize| {
        let bounce = || {
            let transaction = rig.connect().client(ip.parse().unwrap()).user(user);
            transaction.mail("<>").rcpt("<r@x>").body("x").end().accepted()
        };
        (0..times).filter(|_| bounce()).count()
    };
    assert_eq!((send("", "127.1.1.1", 4), send("", "127.2.2.2", 1)), (3, 1), "another client");
    assert_eq!((send("Alice", "127.1.1.1", 4), send("bob", "127.1.1.1", 1)), (3, 1), "users");
    assert_eq!(rig.used("s:<>127.1.1.1"), [3]);
    assert_eq!((rig.used("s:<>alice"), rig.used("d:<>alice")), (vec![3], vec![3]));
    assert_eq!((send("", "::1", 4), rig.used("s:<>::/64")), (3, vec![3]), "a network");
}

#[test]
fn a_null_sender_has_an_override_of_its_own() {
    let rule = "[[rate_limit]]\nname = \"s\"\nkey = [\"sender\"]\ncount = \"messages\"\nlimit = \"1/1h\"\n";
    for (overrides, expected) in [
        ("", 1),
        ("\"<>\" = \"none\"", 5),
        ("\"<>alice\" = \"2/1h\"", 2),
        ("\"<>\" = \"none\"\n\"<>Alice\" = \"2/1h\"", 2),
        ("\"<>bob\" = \"none\"", 1),
    ] {
        let rig = Rig::new(&format!("{rule}[rate_limit.override]\n{overrides}"));
        let bounce = || rig.connect().user("alice").mail("<>").rcpt("<r@x>").body("x").end().accepted();
        assert_eq!((0..5).filter(|_| bounce()).count(), expected, "{overrides}");
    }
}

#[test]
fn an_override_holds_for_every_spelling_of_its_key() {
    for (key, overridden, user, client) in [
        ("user", "Jörg", "JÖRG", "127.0.0.1"),
        ("user", "dave smith", "Dave Smith ", "127.0.0.1"),
        ("user", "smith%2c dave", "Smith, Dave", "127.0.0.1"),
        ("user", "100%25", "100%", "127.0.0.1"),
        ("user", "Alice@Own.Example", "alice@own.example", "127.0.0.1"),
        ("user", "@BÜCHER.example", "jörg@bücher.example", "127.0.0.1"),
        ("sender", "j@Bücher.example", "", "127.0.0.1"),
        ("sender", "@bücher.example", "", "127.0.0.1"),
        ("sender", ".example.", "", "127.0.0.1"),
        ("sender_domain", "bücher.example", "", "127.0.0.1"),
        ("sender_domain", "@bücher.example", "", "127.0.0.1"),
        ("sender_domain", ".example", "", "127.0.0.1"),
        ("recipient_domain", "bücher.example", "", "127.0.0.1"),
        ("client", "::ffff:127.0.0.1", "", "127.0.0.1"),
        ("client", "::/64", "", "::1"),
        ("client\", \"user", "::1,Jörg", "JÖRG", "::1"),
    ] {
        let toml = format!("{OVERRIDES}key = [\"{key}\"]\n[rate_limit.override]\n\"{overridden}\" = \"3/1h\"");
        let rig = Rig::new(&toml);
        let ip: IpAddr = client.parse().unwrap();
        let send = || {
            let mut transaction = rig.connect().client(ip).user(user).mail("<J@b\u{fc}cher.Example>");
            let refused = transaction.rcpt_verdict("<r@B\u{dc}CHER.example>").is_refusal();
            transaction.body("x").end().accepted() && !refused
        };
        assert_eq!((0..5).filter(|_| send()).count(), 3, "{key} {overridden}");
    }
}

#[test]
fn an_override_that_no_message_can_have_is_an_error() {
    for (key, overridden, reason) in [
        ("user", "", "empty"),
        ("user", "alice,bob", "write a comma in a name as %2c"),
        ("user", "10.0.0.1/8", "bits set behind its prefix"),
        ("user", "10.0.0.0/40", "prefix length"),
        ("user", "<>", "neither sender nor sender_domain"),
        ("user", "a\\u0007", "control character"),
        ("client", "alice", "is no client"),
        ("recipient_domain", "a@big.example", "is no domain"),
        ("sender\", \"client", "a@b,2001:db8::/32", "not counted as one client"),
    ] {
        let toml = format!("{OVERRIDES}key = [\"{key}\"]\n[rate_limit.override]\n\"{overridden}\" = \"3/1h\"");
        let errors = rules(&toml).unwrap_err();
        assert!(errors[0].reason.contains(reason), "{key} {overridden}: {errors:?}");
        assert_eq!(errors[0].key[..3], ["rate_limit", "0", "override"]);
    }
    let twice = format!("{OVERRIDES}[rate_limit.override]\n\"JÖRG\" = \"3/1h\"\n\"jörg\" = \"2/1h\"");
    assert!(rules(&twice).unwrap_err()[0].reason.contains("stands there twice"));
    let ramp = "[[rate_limit]]\nname = \"w\"\nkey = [\"recipient_domain\"]\n[[rate_limit.ramp]]\n\
                recipient_domain = [\"@gmail.com\"]\nstart = \"2026-11-22\"\nschedule = [\"2/1d\"]";
    assert!(rules(ramp).unwrap_err()[0].reason.contains("is no domain"));
}

#[test]
fn a_typed_key_is_the_counter_that_messages_use() {
    let rig = Rig::new("[[rate_limit]]\nname = \"u\"\ncount = \"messages\"\nlimit = \"9/1h\"");
    let rule = &rules("[[rate_limit]]\nname = \"u\"\nlimit = \"9/1h\"").unwrap()[0];
    for user in ["Jörg", "dave smith", "Alice@Own.Example", "2001:db8::5", "100%", &"x".repeat(300)] {
        assert!(rig.send(user, 1));
        let escaped = user.replace('%', "%25");
        for typed in [escaped.clone(), escaped.to_uppercase()] {
            let counter = rule.typed_counter(&typed).unwrap();
            assert_eq!(rig.used(&counter), [1], "{typed}");
            let (_, listed) = counter.split_once(':').unwrap();
            assert_eq!(rule.typed_counter(listed).as_ref(), Ok(&counter), "as a list shows it");
        }
    }
}

#[test]
fn a_typed_domain_of_a_ramp_means_the_counter_of_its_group() {
    let ramp = "[[rate_limit]]\nname = \"w\"\nkey = [\"recipient_domain\"]\n[[rate_limit.ramp]]\n\
                recipient_domain = [\"gmail.com\", \"googlemail.com\"]\nstart = \"2026-11-22\"\nschedule = [\"2/1d\"]";
    let rule = &rules(ramp).unwrap()[0];
    assert_eq!(rule.typed_counter("GoogleMail.com").as_deref(), Ok("w:gmail.com"));
}
