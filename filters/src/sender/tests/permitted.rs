//! No message gets a signature with a `d=` that its submitter may not use, for any settings, users, tables and
//! messages.

use arc_swap::ArcSwap;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::dkim::{self, DkimFilter, KeyTable, NamedKey, Pattern, PrivateKey, SigningRule};
use crate::testing::model::Model;

const DOMAINS: [&str; 4] = ["a.example", "b.example", "www.b.example", "xn--gre-6ka8l.example"];

/// Every domain has a key; mail of b.example and below is signed by c.example.
pub(super) fn signer(domains: &[&str]) -> Arc<DkimFilter> {
    let pem = include_bytes!("../../dkim/testdata/ed25519.pem");
    let private = Arc::new(PrivateKey::from_pem(pem).unwrap());
    let key = NamedKey { selector: "s".parse().unwrap(), private, since: Default::default() };
    let rule = |domain: &&str| {
        let signing = if domain.ends_with("b.example") { "c.example" } else { domain };
        SigningRule::new(Pattern::from_domain(domain).unwrap(), signing.parse().unwrap(), [key.clone()])
    };
    let table = KeyTable::new(domains.iter().map(rule));
    let settings = dkim::DkimSettings { key_dir: Some("keys".into()), ..dkim::DkimSettings::default() };
    Arc::new(DkimFilter::new(settings.plan().unwrap().signing, Arc::new(ArcSwap::from_pointee(table))))
}

#[derive(Clone, Debug)]
struct Case {
    config: String,
    owners: Vec<(Option<&'static str>, Vec<&'static str>, bool)>,
    user: Option<&'static str>,
    envelope: String,
    fields: Vec<(&'static str, String)>,
}

const PATTERNS: [&str; 9] = [
    "alice@a.example", "@a.example", "@b.example", "@.b.example", "bob@*", "b*@a.example", "*", "@grüße.example",
    "bob@Grüße.Example",
];
const USERS: [&str; 4] = ["alice@a.example", "bob", "Bob@b.example", "web1"];

fn address() -> impl Strategy<Value = String> {
    let local = select(vec!["alice", "bob", "BOB", "\"bob\"", "bob+x", "ceo", "alice . x", "(c)bob"]);
    let domain =
        select(vec!["a.example", "A.Example", "b.example", "www.b.example", "grüße.example", "(x) a . example"]);
    let form =
        select(vec!["{}", "X <{}>", "alice@a.example <{}>", "\"bob@b.example\" <{}> (c)", "G: {};", "<@r.example:{}>"]);
    (local, domain, form).prop_map(|(local, domain, form)| form.replace("{}", &format!("{local}@{domain}")))
}

prop_compose! {
    fn case()(
        owners in prop::collection::vec((prop::option::of(select(&USERS[..])), prop::collection::vec(select(&PATTERNS[..]), 1..3), any::<bool>()), 0..4),
        user in prop::option::of(select(&USERS[..])),
        actions in (select(vec!["reject", "rewrite", "log"]), select(vec!["reject", "rewrite", "add_sender", "log"]), select(vec!["keep", "fix"])),
        rule in prop::option::of((select(&PATTERNS[..]), select(vec!["ceo@a.example", "@a.example", "alice@b.example"]))),
        envelope in select(vec!["<>", "<alice@a.example>", "<bob>", "<ceo@b.example>"]),
        from in prop::collection::vec(prop::collection::vec(address(), 1..3), 1..2),
        sender in prop::option::of(address()),
    ) -> Case {
        let (in_envelope, in_header, sender_field) = actions;
        let mut config = format!(
            "default_domain = 'a.example'\nenvelope_mismatch = '{in_envelope}'\nheader_mismatch = '{in_header}'\nsender_field = '{sender_field}'\n"
        );
        for (user, patterns, from) in &owners {
            let who = user.map_or_else(|| "client = '10.0.0.0/8'".to_owned(), |user| format!("user = '{user}'"));
            let places = if *from { "" } else { "in = ['envelope', 'sender']" };
            config += &format!("[[owner]]\n{who}\nmay_use = {patterns:?}\n{places}\n");
        }
        if let Some((pattern, to)) = rule {
            config += &format!("[[rewrite]]\nmatch = '{pattern}'\nto = '{to}'\n");
        }
        let mut fields: Vec<_> = from.into_iter().map(|all| ("From", format!(" {}", all.join(",\n ")))).collect();
        fields.extend(sender.map(|sender| ("Sender", format!(" {sender}"))));
        Case { config, owners, user, envelope: envelope.to_owned(), fields }
    }
}

/// The plainest way to tell whether a submitter may use an address in From.
fn may_use(case: &Case, address: &str) -> bool {
    let (local, domain) = address.rsplit_once('@').unwrap();
    let base = local.split('+').next().unwrap();
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let own = case.user.map(|user| if user.contains('@') { user.to_owned() } else { format!("{user}@a.example") });
    if own.is_some_and(|own| same(&own, address) || same(&own, &format!("{base}@{domain}"))) {
        return true;
    }
    let pattern = |pattern: &&str| match *pattern {
        "alice@a.example" => same(base, "alice") && domain == "a.example",
        "@a.example" => domain == "a.example",
        "@b.example" => domain == "b.example",
        "@.b.example" => domain == "www.b.example",
        "bob@*" => same(local, "bob"),
        "b*@a.example" => local.to_ascii_lowercase().starts_with('b') && domain == "a.example",
        "*" => true,
        "@grüße.example" => domain == "xn--gre-6ka8l.example",
        "bob@Grüße.Example" => same(base, "bob") && domain == "xn--gre-6ka8l.example",
        other => panic!("{other}"),
    };
    case.owners.iter().any(|(user, patterns, from)| {
        let who = match (user, case.user) {
            (Some(one), Some(other)) => same(one, other),
            (None, _) => true,
            (Some(_), None) => false,
        };
        who && *from && patterns.iter().any(pattern)
    })
}

/// The message that leaves, and its signatures.
fn run(case: &Case, signer: &Arc<DkimFilter>) -> Option<(Vec<String>, Vec<String>)> {
    let mut settings = testing::settings(TestClock::at(1_700_000_000));
    settings.origin.networks.push("10.0.0.0/8".parse().unwrap());
    let filters: [Arc<dyn Filter>; 2] = [filter(&case.config), Arc::clone(signer) as Arc<dyn Filter>];
    let entry = |filter| PipelineEntry { filter, on_error: OnError::Tempfail };
    let pipeline = Arc::new(Pipeline::new(settings, filters.map(entry).into()));
    let transaction = Transaction::with(pipeline).client([10, 1, 2, 3].into());
    let transaction = match case.user {
        Some(user) => transaction.user(user),
        None => transaction,
    };
    let transaction = transaction.mail(&case.envelope).rcpt("<x@dest.example>");
    let all = case.fields.iter();
    let end = all.fold(transaction, |end, (name, value)| end.header(name, value)).body("x\r\n").end();
    if !end.accepted() {
        return None;
    }
    let fields = case.fields.iter();
    let fields = fields.map(|(name, value)| postseal_protocol::HeaderField::new(*name, value.clone()));
    let mut model = Model::new(crate::MtaKind::Postfix, fields);
    end.modifications.iter().for_each(|edit| model.apply(edit));
    let from = model.fields().filter(|field| field.is("From")).flat_map(|field| {
        let found = crate::mail::address::mailboxes(&field.value).unwrap();
        found.into_iter().map(|mailbox| AddrSpec::of(mailbox).unwrap().to_string().replace('"', ""))
    });
    let signed = end.record.report.signatures.iter().map(|note| note.domain.to_string()).collect();
    Some((from.collect(), signed))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_signature_for_a_domain_that_the_submitter_may_not_use(case in case()) {
        let signer = signer(&DOMAINS);
        let Some((from, signed)) = run(&case, &signer) else { return Ok(()) };
        for domain in &signed {
            let [from] = &from[..] else { panic!("signed with {from:?}") };
            prop_assert!(may_use(&case, from), "{from} signed by {domain}");
            let of_from = from.rsplit_once('@').unwrap().1;
            let delegated = if of_from.ends_with("b.example") { "c.example" } else { of_from };
            prop_assert_eq!(domain, delegated);
        }
        // And an address that may be used is signed for.
        let ambiguous = case.fields.iter().any(|(_, value)| value.contains("alice@a.example <"));
        if let [from] = &from[..] && may_use(&case, from) && !ambiguous {
            prop_assert_eq!(signed.len(), 1, "{}", from);
        }
    }
}

#[test]
fn a_message_is_not_signed_for_what_comes_after_the_check() {
    let message = |permitted: &[&str]| {
        let mut message = Message::new(crate::MtaKind::Postfix);
        message.permit_signing_for(permitted.iter().map(|address| address.parse().unwrap()).collect());
        message
    };
    let from = |text: &str| crate::mail::address::mailboxes(text.as_bytes()).unwrap().remove(0);
    assert!(Message::new(crate::MtaKind::Postfix).may_be_signed_for(&from("a@b.de")));
    assert!(message(&["a@b.de"]).may_be_signed_for(&from("A <A@B.de>")));
    assert!(!message(&["a@b.de"]).may_be_signed_for(&from("b@b.de")));
    assert!(!message(&[]).may_be_signed_for(&from("a@b.de")));
    assert!(!message(&[]).may_be_signed_for(&from("a")));
}

#[test]
fn in_shadow_mode_the_signer_is_not_kept_from_signing() {
    let case = Case {
        config: "shadow = true".to_owned(),
        owners: Vec::new(),
        user: Some("alice@a.example"),
        envelope: "<>".to_owned(),
        fields: vec![("From", " ceo@b.example".to_owned())],
    };
    assert_eq!(run(&case, &signer(&DOMAINS)).unwrap().1, ["c.example"]);
    let log = Case { config: "header_mismatch = 'log'".to_owned(), ..case };
    assert_eq!(run(&log, &signer(&DOMAINS)).unwrap().1, Vec::<String>::new());
}
