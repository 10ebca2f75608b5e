//! A milter for tests: edits each message as its own `X-Orders` field says, and prints what should come of it.
//!
//! `editor inet:127.0.0.1:PORT`. Orders are separated by `;`, their arguments by `|`, octets written as `%0A`:
//! `top|NAME|VALUE`, `below|NAME|VALUE`, `append|NAME|VALUE`, `replace|N|VALUE`, `delete|N` (N counts the fields as they
//! stand at that moment), `sender|PATH`, `add|PATH`, `remove|MAILBOX`, `body|TEXT`, `repeat|TEXT|N`, `hold|REASON`, `reject`, `tempfail`,
//! `discard`. For every message a JSON line with the expected result goes to stdout.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use postseal::clock::SystemClock;
use postseal::connection::{ConnectionBounds, ConnectionObserver, serve};
use postseal::stream::MtaStream;
use postseal_filters::{
    BodyNeed, Context, Filter, FilterError, FilterSession, Message, MessageBounds, Needs, OnError, OriginPolicy,
    Pipeline, PipelineEntry, PipelineSettings, Record, Role, Steps,
};
use postseal_protocol::{ActionFlags, Address, HeaderField, Verdict};
use tokio::sync::watch;

struct Editor;

impl Filter for Editor {
    fn name(&self) -> &'static str {
        "editor"
    }

    fn needs(&self) -> Needs {
        Needs {
            sees: Steps::empty(),
            edits: ActionFlags::from_bits_retain(0xff),
            body: BodyNeed::Buffer { max_octets: 10 << 20 },
            ..Needs::default()
        }
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(Self)
    }
}

#[async_trait]
impl FilterSession for Editor {
    async fn end_of_message(&mut self, _: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        let orders = message.fields.named("X-Orders").map(|(_, field)| text(&field.value)).collect::<String>();
        let mut verdict = Verdict::Continue;
        for order in orders.split(';').map(str::trim).filter(|order| !order.is_empty()) {
            let parts: Vec<Bytes> = order.split('|').map(decoded).collect();
            verdict = obey(message, &parts).unwrap_or(verdict);
        }
        report(message);
        Ok(verdict)
    }

    fn reset(&mut self) {}
}

fn obey(message: &mut Message, order: &[Bytes]) -> Option<Verdict> {
    let part = |n: usize| order.get(n).cloned().unwrap_or_default();
    let field = || HeaderField::new(part(1), part(2));
    let nth = |message: &Message| {
        let n: usize = text(&part(1)).parse().ok()?;
        message.fields.iter().nth(n).map(|(id, _)| id)
    };
    match &*text(&part(0)) {
        "top" => drop(message.fields.insert_top(field())),
        "below" => drop(message.fields.insert_below_received(field())),
        "append" => drop(message.fields.append(field())),
        "replace" => {
            if let Some(id) = nth(message) {
                message.fields.replace(id, part(2));
            }
        }
        "delete" => {
            if let Some(id) = nth(message) {
                message.fields.delete(id);
            }
        }
        "sender" => message.envelope.set_sender(Address::new(part(1))),
        "add" => message.envelope.add_recipient(Address::new(part(1))),
        "remove" => message.envelope.delete_recipient(&part(1)),
        "body" => message.replace_body(part(1)),
        "repeat" => {
            let times = text(&part(2)).parse().unwrap_or_default();
            message.replace_body(part(1).repeat(times));
        }
        "hold" => message.quarantine(text(&part(1))),
        "reject" => return Some(Verdict::Reject),
        "tempfail" => return Some(Verdict::TempFail),
        "discard" => return Some(Verdict::Discard),
        other => panic!("unknown order {other:?}"),
    }
    None
}

fn report(message: &Message) {
    let fields: Vec<_> = message.fields.iter().map(|(_, field)| (latin1(&field.name), latin1(&field.value))).collect();
    let result = serde_json::json!({
        "fields": fields,
        "sender": message.envelope.sender().map(|sender| latin1(sender.mailbox())),
        "recipients": message.envelope.recipients().map(|to| latin1(to.mailbox())).collect::<Vec<_>>(),
        "body": message.new_body().map(|body| latin1(body)),
    });
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{result}").and_then(|()| out.flush());
}

/// Octets as characters of the same number: JSON knows no octets.
fn latin1(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn decoded(text: &str) -> Bytes {
    let mut out = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        if octet == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            let digits = String::from_utf8_lossy(&digits).into_owned();
            out.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
        } else {
            out.push(octet);
        }
    }
    out.into()
}

struct Silent;

impl ConnectionObserver for Silent {
    fn message(&self, _: Record) {}
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_default();
    let address = address.strip_prefix("inet:").unwrap_or(&address);
    let listener = tokio::net::TcpListener::bind(address).await?;
    let settings = PipelineSettings {
        listener: "editor".into(),
        role: Role::Submission,
        mta: None,
        origin: OriginPolicy { authenticated: true, networks: Vec::new(), macros: Vec::new() },
        bounds: MessageBounds::default(),
        clock: Arc::new(SystemClock),
    };
    let entries = vec![PipelineEntry { filter: Arc::new(Editor), on_error: OnError::Tempfail }];
    let pipeline = Arc::new(Pipeline::new(settings, entries));
    let seconds = Duration::from_secs(30);
    let limits = ConnectionBounds {
        protocol: postseal_protocol::WireBounds::default(),
        frame_timeout: seconds,
        filter_timeout: seconds,
        end_of_message_timeout: seconds,
        drain_idle: Duration::ZERO,
    };
    let (_keep, drain) = watch::channel(false);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let pipeline = Arc::clone(&pipeline);
        tokio::spawn(serve(MtaStream::Tcp(stream), pipeline, limits, Arc::new(Silent), drain.clone()));
    }
}
