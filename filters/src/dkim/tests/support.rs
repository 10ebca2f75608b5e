//! A mail on its way through the filter, and a verifier that knows some keys and has no network.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use arc_swap::ArcSwap;
use mail_auth::dkim::DomainKey;
use mail_auth::dns::TxtRecordParser as _;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::{
    AuthenticatedMessage, DkimResult, DnsCache, MessageAuthenticator, NoCache, Parameters, ResolverCache, TxtRecord,
};
use postseal_protocol::{HeaderField, Stage};

use crate::connection::MtaKind;
use crate::dkim::{DkimFilter, DkimSettings, KeyTable, NamedKey, PlannedRule, PrivateKey};
use crate::filter::Filter;
use crate::pipeline::{Pipeline, PipelineEntry};
use crate::testing::model::Model;
use crate::testing::{End, TestClock, Transaction, settings};

/// When all test mail is signed: 2096, since the verifier has its own clock.
pub(super) const NOW: u64 = 4_000_000_000;

pub(super) const RSA: &[u8] = include_bytes!("../testdata/rsa2048.pkcs8.pem");
pub(super) const SMALL_RSA: &[u8] = include_bytes!("../testdata/rsa1024.pem");
pub(super) const ED25519: &[u8] = include_bytes!("../testdata/ed25519.pem");

pub(super) fn key(selector: &str, pem: &[u8]) -> NamedKey {
    let private = Arc::new(PrivateKey::from_pem(pem).unwrap());
    NamedKey { selector: selector.parse().unwrap(), private, since: 0 }
}

/// Settings that sign for example.com.
pub(super) fn example() -> DkimSettings {
    let domain = crate::dkim::DomainSettings {
        domain: Some(crate::dkim::Pattern::from_domain("example.com").unwrap()),
        ..Default::default()
    };
    DkimSettings { key_dir: Some("keys".into()), domain: vec![domain], ..DkimSettings::default() }
}

/// Both keys for every rule, Ed25519 first on purpose.
pub(super) fn table(rules: &[PlannedRule]) -> Arc<ArcSwap<KeyTable>> {
    let keys = || [key("ed", ED25519), key("rsa", RSA)];
    let table = KeyTable::new(rules.iter().map(|rule| rule.with_keys(keys())));
    Arc::new(ArcSwap::from_pointee(table))
}

pub(super) fn filter(settings: &DkimSettings) -> Arc<dyn Filter> {
    let plan = settings.plan().unwrap();
    let keys = table(&plan.rules);
    Arc::new(DkimFilter::new(plan.signing, keys))
}

pub(super) fn pipeline(filters: impl IntoIterator<Item = Arc<dyn Filter>>) -> Arc<Pipeline> {
    let entry = |filter| PipelineEntry { filter, on_error: Default::default() };
    Arc::new(Pipeline::new(settings(TestClock::at(NOW)), filters.into_iter().map(entry).collect()))
}

#[derive(Clone, Debug)]
pub(super) struct Mail {
    pub(super) fields: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    pub(super) mta: MtaKind,
}

impl Mail {
    /// A mail with these fields, each with a space after its colon, and LF at folds.
    pub(super) fn new(fields: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let field = |(name, value): &(&str, &str)| ((*name).to_owned(), format!(" {value}").into_bytes());
        Self { fields: fields.iter().map(field).collect(), body: body.as_ref().to_vec(), mta: MtaKind::Postfix }
    }

    /// As people write them.
    pub(super) fn ordinary() -> Self {
        let fields = [
            ("From", "Joe <joe@example.com>"),
            ("To", "Suzie <suzie@example.net>"),
            ("Subject", "Is dinner ready?"),
            ("Date", "Fri, 11 Jul 2003 21:00:37 -0700"),
            ("Message-ID", "<1@example.com>"),
        ];
        Self::new(&fields, "Hi.\r\n\r\nWe lost  the game.\r\n\r\nJoe.\r\n")
    }

    pub(super) fn by_sendmail(self) -> Self {
        Self { mta: MtaKind::Sendmail, ..self }
    }

    /// Through the pipeline, with the body in pieces of this length.
    pub(super) fn send_in_pieces(&self, pipeline: &Arc<Pipeline>, length: usize) -> End {
        let mut transaction = Transaction::with(Arc::clone(pipeline)).user("joe");
        if self.mta == MtaKind::Sendmail {
            transaction = transaction.macro_value(Stage::Connect, "v", "8.17.1.9");
            transaction = transaction.macro_value(Stage::Connect, "j", "example.com");
        }
        self.through(transaction, length).end()
    }

    pub(super) fn send(&self, pipeline: &Arc<Pipeline>) -> End {
        self.send_in_pieces(pipeline, 65_535)
    }

    pub(super) fn through(&self, transaction: Transaction, length: usize) -> Transaction {
        let mut transaction = transaction.mail("<joe@example.com>").rcpt("<suzie@example.net>");
        for (name, value) in &self.fields {
            transaction = transaction.header(name, value);
        }
        transaction.body_pieces(self.body.chunks(length))
    }

    /// The message that the MTA delivers.
    pub(super) fn delivered(&self, end: &End) -> Vec<u8> {
        assert!(end.accepted(), "{:?}", end.verdict);
        let fields = self.fields.iter().map(|(name, value)| HeaderField::new(name.clone(), value.clone()));
        let mut model = Model::new(self.mta, fields);
        end.modifications.iter().for_each(|modification| model.apply(modification));
        let mut out = Vec::new();
        for field in model.fields() {
            out.extend([field.name.trim_ascii_end(), b":"].concat());
            out.extend(field.value.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]));
            out.extend(b"\r\n");
        }
        out.extend(b"\r\n");
        out.extend(model.body.as_ref().unwrap_or(&self.body));
        out
    }
}

/// Values of the tags of a signature, without white space.
pub(super) fn tags(field: &HeaderField) -> HashMap<String, String> {
    let text: String = String::from_utf8(field.value.to_vec()).unwrap().split_ascii_whitespace().collect();
    let pair = |tag: &str| tag.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.split(';').filter_map(pair).collect()
}

/// The fields that were inserted, topmost first.
pub(super) fn inserted(end: &End) -> Vec<HeaderField> {
    use postseal_protocol::Modification::InsertHeader;
    let field = |edit: &_| match edit {
        InsertHeader { position: 0, field } => Some(field.clone()),
        _ => None,
    };
    end.modifications.iter().rev().filter_map(field).collect()
}

/// Verdicts of mail-auth on the signatures of a message, from the top: domain, selector, passed or not.
pub(super) fn verify(message: &[u8]) -> Vec<(String, String, bool)> {
    static RESOLVER: LazyLock<MessageAuthenticator> =
        LazyLock::new(|| MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).unwrap());
    static KEYS: LazyLock<Cache> = LazyLock::new(Cache::new);
    let parsed = AuthenticatedMessage::parse(message).unwrap();
    let results = pollster::block_on(RESOLVER.verify_dkim(Parameters::new(&parsed).with_cache(&*KEYS)));
    let told = |output: mail_auth::DkimOutput<'_>| {
        let signature = output.signature().expect("a signature that can be read");
        (signature.d.clone(), signature.s.clone(), output.result() == &DkimResult::Pass)
    };
    results.into_iter().map(told).collect()
}

/// RSA and Ed25519 of example.com, in this order, and both pass.
pub(super) fn assert_verified(message: &[u8]) {
    let both = ["rsa", "ed"].map(|selector| ("example.com".to_owned(), selector.to_owned(), true));
    assert_eq!(verify(message), both, "{}", String::from_utf8_lossy(message));
}

struct Cache(HashMap<Box<str>, TxtRecord>);

impl Cache {
    fn new() -> Self {
        let mut records = HashMap::new();
        for (selector, pem) in [("rsa", RSA), ("small", SMALL_RSA), ("ed", ED25519)] {
            let record = key(selector, pem).private.dns_record();
            for domain in ["example.com", "xn--gre-6ka8l.example", "agency.example"] {
                let name = format!("{selector}._domainkey.{domain}.").into_boxed_str();
                records.insert(name, DomainKey::parse(record.as_bytes()).unwrap().into());
            }
        }
        Self(records)
    }
}

impl ResolverCache<Box<str>, TxtRecord> for Cache {
    fn get<Q>(&self, name: &Q) -> Option<TxtRecord>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.get(name).cloned()
    }

    fn remove<Q>(&self, _: &Q) -> Option<TxtRecord>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: TxtRecord, _: Instant) {}
}

impl DnsCache for Cache {
    type Txt = Self;
    type Mx = NoCache;
    type Ipv4 = NoCache;
    type Ipv6 = NoCache;
    type Ptr = NoCache;

    fn txt(&self) -> Option<&Self> {
        Some(self)
    }

    fn mx(&self) -> Option<&NoCache> {
        None
    }

    fn ipv4(&self) -> Option<&NoCache> {
        None
    }

    fn ipv6(&self) -> Option<&NoCache> {
        None
    }

    fn ptr(&self) -> Option<&NoCache> {
        None
    }
}
