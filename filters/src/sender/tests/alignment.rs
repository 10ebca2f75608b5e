//! The check behind the signer.

use bytes::Bytes;

use super::*;
use crate::report::{Alignment, AlignmentMode, SignatureNote};

/// Says that it has signed.
struct Signs(&'static [&'static str]);

impl Filter for Signs {
    fn name(&self) -> &'static str {
        "signs"
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(Self(self.0))
    }
}

#[async_trait]
impl FilterSession for Signs {
    async fn end_of_message(&mut self, cx: &mut Context<'_>, _: &mut Message) -> Result<Verdict, FilterError> {
        let note = |domain: &&str| SignatureNote {
            domain: (*domain).into(),
            selector: "s".into(),
            algorithm: "rsa-sha256",
            duration: std::time::Duration::ZERO,
        };
        cx.report.signatures.extend(self.0.iter().map(note));
        Ok(Verdict::Continue)
    }

    fn reset(&mut self) {}
}

fn end(require: bool, signed: &'static [&'static str], envelope: &str, from: Option<&str>) -> End {
    let filters: Vec<Arc<dyn Filter>> =
        vec![Arc::new(Signs(signed)), Arc::new(AlignmentFilter { require_on: require.then(RefuseOn::default) })];
    let transaction = Transaction::new(filters).user("alice").mail(envelope).rcpt("<b@dest.example>");
    let transaction = match from {
        Some(from) => transaction.header("From", Bytes::from(format!(" {from}"))),
        None => transaction,
    };
    transaction.body("x\r\n").end()
}

#[test]
fn what_a_receiver_will_find() {
    use AlignmentMode::{Relaxed, Strict};
    for (signed, envelope, from, dkim, in_envelope) in [
        (&["firma.de"][..], "<a@firma.de>", "a@firma.de", Some(Strict), Some(Strict)),
        (&["firma.de"], "<a@bounces.firma.de>", "a@www.firma.de", Some(Relaxed), Some(Relaxed)),
        (&["esp.example", "firma.de"], "<>", "a@firma.de", Some(Strict), None),
        (&[], "<a@FIRMA.de>", "a@firma.de", None, Some(Strict)),
        (&["esp.example"], "<a@esp.example>", "a@firma.de", None, None),
        (&["co.uk"], "<a@other.co.uk>", "a@firma.co.uk", None, None),
        (&["firma.de"], "<a@firma.de>", "a@firma.de, b@mail.firma.de", Some(Relaxed), Some(Relaxed)),
        (&["firma.de"], "<a@firma.de>", "a@firma.de, b@kunde.de", None, None),
        (&["firma.de"], "<a@firma.de>", "a@firma.de, b", None, None),
        (&["xn--gre-6ka8l.example"], "<a@grüße.example>", "a@GRÜßE.example", Some(Strict), Some(Strict)),
    ] {
        let alignment = end(false, signed, envelope, Some(from)).record.report.alignment;
        // Two addresses without a domain in common are aligned with nothing, the empty set of domains likewise.
        assert_eq!(alignment, Some(Alignment { dkim, envelope: in_envelope }), "{signed:?} {envelope} {from}");
    }
    assert_eq!(end(true, &[], "<a@b.de>", None).record.report.alignment, None);
}

#[test]
fn refused_only_where_it_is_required() {
    let refused = end(true, &[], "<a@esp.example>", Some("a@firma.de"));
    let text = "550 5.7.1 Mail from firma.de would fail DMARC: it is neither signed for that domain nor sent from it";
    assert_eq!(reply(&refused), text);
    for (require, signed, envelope, reasons) in [
        (false, &[][..], "<a@esp.example>", &["alignment.not_aligned"][..]),
        (true, &["firma.de"], "<a@esp.example>", &[]),
        (true, &[], "<a@mail.firma.de>", &["alignment.envelope_only"]),
        (true, &[], "<>", &["alignment.not_aligned"]),
    ] {
        let end = end(require, signed, envelope, Some("a@firma.de"));
        assert!(end.accepted(), "{}", reply(&end));
        assert_eq!(end.reasons(), reasons);
    }
}
