use super::*;

#[test]
fn messages_are_counted_at_mail() {
    let rig = Rig::new("[[rate_limit]]\nname = \"m\"\ncount = \"messages\"\nlimit = \"3/1h\"");
    assert_eq!(rig.accepted("alice", 5), 3);
    assert_eq!(rig.accepted("bob", 2), 2, "others are not touched");
    let end = rig.connect().user("ALICE").mail("<a@example.com>").end();
    let reply = end.record.reply.as_ref().unwrap();
    assert_eq!(reply.to_string(), "450 4.7.1 Sending limit reached (m: 3/1h messages); try again in 60 minutes");
    assert_eq!(end.reasons(), ["rate_limit.m"]);
    let detail = end.record.report.reasons[0].detail.as_deref();
    assert_eq!(detail, Some("m:alice: over 3/1h messages, free in 60 minutes"));
    rig.pass(3600);
    assert_eq!(rig.accepted("alice", 5), 3);
}

#[test]
fn only_recipients_over_the_limit_are_refused() {
    let rig = Rig::new("[[rate_limit]]\nname = \"r\"\nlimit = \"3/1h\"");
    let mut transaction = rig.connect().user("alice").mail("<a@example.com>");
    let codes: Vec<u16> = (0..5).map(|n| code(&transaction.rcpt_verdict(&format!("<{n}@x>")))).collect();
    assert_eq!(codes, [0, 0, 0, 450, 450]);
    let end = transaction.header("Subject", " x").body("x\r\n").end();
    assert!(end.accepted());
    assert_eq!(end.record.rcpt_count, 3);
    assert_eq!(end.reasons(), ["rate_limit.r"], "one reason for all recipients");
    assert_eq!(rig.used("r:alice"), [3]);
}

#[test]
fn octets_are_counted_as_declared_and_then_as_they_are() {
    let rig = Rig::new("[[rate_limit]]\nname = \"b\"\ncount = \"bytes\"\nlimit = \"1000B/1h\"");
    let send = |declared: Option<u32>, body: usize| {
        let mut path = "<a@example.com>".to_owned();
        if let Some(size) = declared {
            path = format!("{path} SIZE={size}");
        }
        rig.connect().user("alice").mail_with_arguments(&path).rcpt("<r@x>").body(vec![b'x'; body]).end()
    };
    assert!(send(Some(300), 98).accepted());
    assert_eq!(rig.used("b:alice"), [100], "too much was declared");
    assert!(send(None, 398).accepted());
    assert_eq!(rig.used("b:alice"), [500]);
    assert!(send(Some(10), 398).accepted());
    assert_eq!(rig.used("b:alice"), [900], "too little was declared");
    let end = send(Some(10), 198);
    assert_eq!((code(&end.verdict), rig.used("b:alice")), (450, vec![900]), "decided at end of message");
    let end = send(Some(101), 99);
    assert_eq!((code(&end.verdict), rig.used("b:alice")), (450, vec![900]), "decided at MAIL");
    assert!(send(Some(100), 98).accepted());
    let end = send(Some(1001), 1);
    assert_eq!(code(&end.verdict), 550, "waiting would not help");
    assert!(end.record.reply.unwrap().to_string().contains("More than the sending limit allows at all"));
}

#[test]
fn a_header_counts_as_it_was_on_the_wire() {
    let rig = Rig::new("[[rate_limit]]\nname = \"b\"\ncount = \"bytes\"\nlimit = \"1MB/1h\"");
    let wire = "From: a@example.com\r\nSubject: one\r\n two\r\n\r\nHello\r\n";
    let transaction = rig.connect().user("a").mail("<a@b>").rcpt("<r@x>");
    let transaction = transaction.header("From", " a@example.com").header("Subject", " one\n two");
    assert!(transaction.body("Hello\r\n").end().accepted());
    assert_eq!(rig.used("b:a"), [wire.len() as u64]);
}

#[test]
fn recipients_that_the_mta_refused_give_a_thief_away() {
    let rig =
        Rig::new("[[rate_limit]]\nname = \"guess\"\ncount = \"rejected_recipients\"\nlimit = \"3/1h\"\nblock = \"1d\"");
    let mut transaction = rig.connect().user("alice").mail("<a@example.com>");
    for n in 0..3 {
        transaction.rejected_rcpt(&format!("<nobody{n}@x>"));
    }
    assert_eq!(code(&transaction.rcpt_verdict("<real@x>")), 450, "no room for another");
    transaction.rejected_rcpt("<nobody3@x>");
    assert_eq!(rig.told.breaches.lock().unwrap().len(), 1);
    let reply = transaction.rcpt_verdict("<real@x>");
    assert!(format!("{reply:?}").contains("Sending is blocked (guess); try again in 24 hours"), "{reply:?}");
    let end = rig.connect().user("alice").mail("<a@example.com>").end();
    assert_eq!(code(&end.verdict), 450);
    assert!(rig.send("bob", 1));
    assert_eq!(rig.used("guess:alice"), [3], "what was refused stays charged when the message is given up");
}

#[test]
fn every_rule_that_fits_counts() {
    let rig = Rig::new(
        "[[rate_limit]]\nname = \"user\"\ncount = \"messages\"\nlimit = \"3/1h\"\n\
         [[rate_limit]]\nname = \"domain\"\nkey = [\"sender_domain\"]\ncount = \"messages\"\nlimit = \"4/1h\"\n\
         [[rate_limit]]\nname = \"client\"\nkey = [\"client\", \"listener\"]\ncount = \"messages\"\nlimit = \"100/1h\"",
    );
    assert_eq!((rig.accepted("alice", 5), rig.accepted("bob", 5)), (3, 1));
    assert_eq!(rig.used("user:bob"), [1], "a message that another rule refuses is not charged");
    assert_eq!(rig.used("domain:example.com"), [4]);
    assert_eq!(rig.used("client:192.0.2.1,test"), [4]);
}

#[test]
fn several_windows_hold_at_once() {
    let rig = Rig::new("[[rate_limit]]\nname = \"w\"\ncount = \"messages\"\nlimit = [\"2/1m\", \"5/1h\"]");
    let mut accepted = Vec::new();
    for _ in 0..4 {
        accepted.push(rig.accepted("alice", 3));
        rig.pass(60);
    }
    assert_eq!(accepted, [2, 2, 1, 0]);
}

#[test]
fn a_message_counts_once_for_each_recipient_domain() {
    let rig =
        Rig::new("[[rate_limit]]\nname = \"d\"\nkey = [\"recipient_domain\"]\ncount = \"messages\"\nlimit = \"1/1h\"");
    let mut transaction = rig.connect().user("alice").mail("<a@example.com>");
    let codes = ["<1@x>", "<2@x>", "<1@Y.>", "<2@y>"].map(|rcpt| code(&transaction.rcpt_verdict(rcpt)));
    assert_eq!(codes, [0, 0, 0, 0]);
    assert!(transaction.body("x").end().accepted());
    let mut transaction = rig.connect().user("alice").mail("<a@example.com>");
    let codes = ["<1@x>", "<1@z>"].map(|rcpt| code(&transaction.rcpt_verdict(rcpt)));
    assert_eq!(codes, [450, 0]);
}

#[test]
fn quarantine_puts_on_hold_and_log_only_tells() {
    let rig = Rig::new(
        "[[rate_limit]]\nname = \"q\"\ncount = \"messages\"\nlimit = \"2/1h\"\naction = \"quarantine\"\n\
         [[rate_limit]]\nname = \"l\"\ncount = \"messages\"\nlimit = \"1/1h\"\naction = \"log\"",
    );
    let mut summaries = Vec::new();
    for _ in 0..3 {
        let end = rig.connect().user("alice").mail("<a@b>").rcpt("<r@x>").body("x").end();
        summaries.push((end.record.end.as_str(), end.reasons()));
    }
    let both = vec!["rate_limit.q".to_owned(), "rate_limit.l".to_owned()];
    assert_eq!(summaries[0], ("accept", vec![]));
    assert_eq!(summaries[1], ("accept", both[1..].to_vec()));
    assert_eq!(summaries[2], ("quarantine", both));
    let outcomes: Vec<_> = rig.outcomes().into_iter().map(|(rule, outcome)| format!("{rule} {outcome}")).collect();
    assert_eq!(outcomes, ["q pass", "l pass", "q pass", "l log", "q quarantine", "l log"]);
    assert_eq!(rig.told.breaches.lock().unwrap().len(), 2);
}

#[test]
fn overrides_and_exemptions() {
    let rig = Rig::new(
        "[[rate_limit]]\nname = \"m\"\ncount = \"messages\"\nlimit = \"1/1h\"\naction = \"reject\"\n\
         override_file = \"table\"\nexempt = [{ user = \"daemon*\" }, { client = \"10.0.0.0/8\", user = \"carl\" }]\n\
         [rate_limit.override]\n\"Dora\" = \"2/1h\"\n\"e@sub.big.example\" = \"3/1h\"\n\".big.example\" = [\"4/1h\"]",
    );
    let accepted = |user: &str| rig.accepted(user, 12);
    assert_eq!((accepted("x"), accepted("dora"), accepted("alice"), accepted("bob")), (1, 2, 5, 12));
    assert_eq!((accepted("a@big.example"), accepted("a@sub.big.example"), accepted("e@sub.big.example")), (9, 4, 3));
    assert_eq!((accepted("daemon7"), accepted("carl")), (12, 1));
}

#[test]
fn rules_are_for_listeners_and_origins() {
    let toml = "[[rate_limit]]\nname = \"m\"\nkey = [\"listener\"]\ncount = \"messages\"\nlimit = \"1/1h\"\n";
    let elsewhere = rules(&format!("{toml}listener = \"other\"")).unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(TestClock::at(0), 10));
    let none = RateLimitFilter::for_listener("test", &elsewhere, store, Arc::new(Told::default()));
    assert!(none.is_none());
    let rig = Rig::new(&format!("{toml}origin = [\"network\"]"));
    assert_eq!(rig.accepted("alice", 3), 3, "authenticated");
    let local = || rig.connect().client([127, 0, 0, 1].into()).mail("<a@b>").rcpt("<r@x>").body("x").end();
    assert!(local().accepted() && !local().accepted());
    let rig = Rig::new(toml);
    let foreign = || rig.connect().mail("<a@b>").rcpt("<r@x>").body("x").end().accepted();
    assert!(foreign() && foreign(), "mail that is not ours is not limited");
}

#[test]
fn a_ramp_grows_with_time() {
    let rig = Rig::new(
        "[[rate_limit]]\nname = \"warm\"\nkey = [\"recipient_domain\"]\n[[rate_limit.ramp]]\n\
         recipient_domain = [\"gmail.com\", \"googlemail.com\"]\nstart = \"2026-11-22\"\n\
         schedule = [\"2/1d\", \"4/1d\", \"8/1d\"]",
    );
    let send = |domain: &str| {
        let mut transaction = rig.connect().user("alice").mail("<a@b>");
        let codes: Vec<u16> = (0..10).map(|n| code(&transaction.rcpt_verdict(&format!("<{n}@{domain}>")))).collect();
        let _ = transaction.body("x").end();
        codes.iter().filter(|code| **code == 0).count()
    };
    assert_eq!((send("gmail.com"), send("googlemail.com"), send("elsewhere.example")), (2, 0, 10));
    rig.pass(86_400);
    assert_eq!((send("gmail.com"), send("googlemail.com")), (4, 0));
    rig.pass(86_400);
    assert_eq!(send("googlemail.com"), 8);
    rig.pass(86_400);
    assert_eq!((send("gmail.com"), send("gmail.com")), (10, 10), "the schedule is over");
}

#[test]
fn a_breach_is_told_once_and_blocks() {
    let rig = Rig::new("[[rate_limit]]\nname = \"m\"\ncount = \"messages\"\nlimit = \"2/1m\"\nblock = \"10m\"");
    assert_eq!(rig.accepted("alice", 6), 2);
    let breaches = std::mem::take(&mut *rig.told.breaches.lock().unwrap());
    let [breach] = breaches.as_slice() else { panic!("{breaches:?}") };
    assert_eq!((&*breach.rule, breach.key.as_str(), breach.limit.as_str(), breach.used), ("m", "m:alice", "2/1m", 2));
    assert_eq!((breach.user.as_deref(), breach.sender.as_str()), (Some("alice"), "alice@example.com"));
    assert_eq!(breach.block, Some(Duration::from_secs(600)));
    rig.pass(599);
    assert_eq!(rig.accepted("alice", 3), 0, "blocked, though the window is free");
    rig.pass(1);
    assert_eq!(rig.accepted("alice", 3), 2);
    assert_eq!(rig.told.breaches.lock().unwrap().len(), 1);
}
