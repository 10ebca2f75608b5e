//! The fuzz target of the whole: an MTA that says anything in any order, a session, a pipeline with the signer.

use postseal_protocol::testing::mta::encode_command;
use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use bytes::{Bytes, BytesMut};
use postseal_protocol::testing::mta::OFFER;
use postseal_protocol::testing::{Dialogue, Source};
use postseal_protocol::{Action, Command, CommandKind, Connect, Event, HeaderField, MacroList, Received, Verdict};

use super::model::Model;
use super::{TestClock, block_on, settings};
use crate::connection::MtaKind;
use crate::dkim::{DkimFilter, DkimSettings, KeyTable, NamedKey, Pattern, PrivateKey, SigningRule};
use crate::message::MessageEnd;
use crate::pipeline::{MessageBounds, OnError, Pipeline, PipelineEntry, PipelineSession, Record};

/// Messages, mostly such that something is signed, over a dialogue that holds any surprise. Every message that is
/// accepted is signed or has a reason why not, and every edit is one that the MTA takes.
pub fn fuzz_pipeline(data: &[u8]) {
    let mut source = Source::new(data);
    let pipeline = &*PIPELINE;
    let mut whole = Whole {
        dialogue: Dialogue::new(OFFER, pipeline.wanted()),
        session: pipeline.start(),
        shown: Vec::new(),
        mta: MtaKind::Sendmail,
    };
    while !source.is_empty() {
        let command = command(&mut source);
        let too_long = encode_command(&command, true, &mut BytesMut::new()).is_err();
        if too_long || whole.dialogue.mta.leaves_out(command.kind()) {
            continue;
        }
        let Ok(received) = whole.dialogue.say(&command) else { return };
        if whole.handle(received) {
            return;
        }
    }
}

struct Whole {
    dialogue: Dialogue,
    session: PipelineSession,
    /// Header fields of the open message.
    shown: Vec<HeaderField>,
    mta: MtaKind,
}

impl Whole {
    /// What the connection of the daemon does; true at the end.
    fn handle(&mut self, Received { ended, event }: Received) -> bool {
        let Self { dialogue, session, shown, mta } = self;
        let macros = dialogue.session.macros().clone();
        if ended.is_some() {
            block_on(session.abort(&macros));
            check_record(session.take_record(), None);
            assert!(!session.in_message());
        }
        let verdict = match event {
            Event::Connect(client) => {
                *mta = MtaKind::from_macros(&macros);
                block_on(session.connect(client, &macros))
            }
            Event::Helo(name) => block_on(session.helo(name, &macros)),
            Event::Mail(sender) => {
                shown.clear();
                block_on(session.mail(sender, &macros))
            }
            Event::Rcpt(recipient) => block_on(session.rcpt(recipient, &macros)),
            Event::Data => block_on(session.data(&macros)),
            Event::Header(field) => {
                shown.push(field.clone());
                session.header(field, &macros);
                Verdict::Continue
            }
            Event::EndOfHeaders => block_on(session.end_of_headers(&macros)),
            Event::BodyChunk(chunk) => {
                session.body_chunk(chunk, &macros);
                Verdict::Continue
            }
            Event::EndOfMessage(chunk) => {
                chunk.map(|chunk| session.body_chunk(chunk, &macros));
                let decision = block_on(session.end_of_message(&macros));
                let mut model = Model::new(*mta, shown.drain(..));
                for edit in decision.modifications {
                    model.apply(&edit);
                    self.dialogue.edit(edit).unwrap_or_else(|error| panic!("an edit can't be sent: {error}"));
                }
                check_record(self.session.take_record(), Some(&decision.verdict));
                decision.verdict
            }
            Event::QuitNewConnection => {
                *session = PIPELINE.start();
                Verdict::Continue
            }
            Event::Quit => return true,
            _ => Verdict::Continue,
        };
        if self.dialogue.session.reply_due() {
            self.dialogue.send(Action::Verdict(verdict)).unwrap_or_else(|error| panic!("no reply: {error}"));
        }
        false
    }
}

fn check_record(record: Option<Box<Record>>, verdict: Option<&Verdict>) {
    let Some(record) = record else {
        assert!(verdict.is_none_or(Verdict::is_refusal), "accepted, but not recorded");
        return;
    };
    let broken = |code: &str| DkimFilter::REASONS_OF_SIGNED.contains(&code);
    let told =
        record.report.reasons.iter().filter(|reason| !broken(&reason.code)).count() + record.report.failures.len();
    if record.end == MessageEnd::Accept {
        let signed = !record.report.signatures.is_empty();
        assert_eq!(told, usize::from(!signed), "one reason, if and only if it is not signed");
        // A signature is an edit, and so is a field that is written as Sendmail will write it.
        assert!(record.edits.len() >= record.report.signatures.len());
    } else {
        assert!(record.edits.is_empty());
    }
}

/// Any command, more often one of those that make a message.
fn command(source: &mut Source<'_>) -> Command {
    match source.octet() {
        0..16 => source.command(),
        16..32 => Command::Macros(MacroList {
            command: b'C',
            values: vec![(Bytes::from_static(b"v"), Bytes::from_static(b"Postfix 3.7.11"))],
        }),
        32..40 => Command::Macros(MacroList {
            command: b'M',
            values: vec![(Bytes::from_static(b"{auth_authen}"), source.text())],
        }),
        40..56 => Command::Connect(Connect::local()),
        56..80 => source.command_of(CommandKind::Mail),
        80..96 => source.command_of(CommandKind::Rcpt),
        96..112 => Command::Header(HeaderField::new(&b"From"[..], &b" Me <me@example.com>"[..])),
        112..168 => {
            let name = source.one_of(&NAMES).unwrap_or_default();
            Command::Header(HeaderField::new(name, source.text()))
        }
        168..192 => source.command_of(CommandKind::Header),
        192..200 => Command::EndOfHeaders,
        200..232 => source.command_of(CommandKind::BodyChunk),
        232..248 => source.command_of(CommandKind::EndOfMessage),
        248.. => Command::Abort,
    }
}

const NAMES: [&str; 12] = [
    "From", "from", "Sender", "To", "Cc", "Subject", "Date", "Message-ID", "Received", "DKIM-Signature",
    "Content-Type", "Reply-To",
];

static PIPELINE: LazyLock<Arc<Pipeline>> = LazyLock::new(|| {
    let key = PrivateKey::from_pem(include_bytes!("../dkim/testdata/ed25519.pem"));
    let signer = |private| {
        let domain: crate::dkim::DomainName = "example.com".parse().unwrap_or_else(|_| unreachable!());
        let selector = "s".parse().unwrap_or_else(|_| unreachable!());
        let keys = [NamedKey { selector, private: Arc::new(private), since: 0 }];
        let rule = |pattern| SigningRule::new(pattern, domain.clone().into(), keys.clone());
        let table = KeyTable::new([rule(Pattern::Any), rule(Pattern::Domain(domain.clone()))]);
        let signing = DkimSettings { key_dir: Some("keys".into()), ..DkimSettings::default() }.plan();
        let signing = signing.map(|plan| plan.signing);
        signing.map(|signing| DkimFilter::new(signing, Arc::new(ArcSwap::from_pointee(table))))
    };
    let mut settings = settings(TestClock::at(1_700_000_000));
    settings.bounds =
        MessageBounds { header_octets: 4096, header_fields: 64, recipients: 8, ..MessageBounds::default() };
    let filter = key.map_err(|_| ()).and_then(|key| signer(key).map_err(|_| ()));
    let filter = filter.unwrap_or_else(|()| panic!("the signer of the test has no key"));
    Arc::new(Pipeline::new(settings, vec![PipelineEntry { filter: Arc::new(filter), on_error: OnError::Tempfail }]))
});
