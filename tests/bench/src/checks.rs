//! `checks`: what the header checks cost beyond a pipeline without them, from small messages to those made to hurt.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use clap::Args;
use postseal_filters::header_checks::{HeaderCheckSettings, HeaderChecks};
use postseal_filters::{Filter, Pipeline, Role};
use postseal_protocol::{Address, Connect, HeaderField, MacroTable, Peer};
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::in_process::pipeline;
use crate::mail::{Kind, Mails};
use crate::report::cpu_time;

/// Tells the CPU time of all header checks, for messages of many kinds and sizes
#[derive(Args, Debug)]
pub(crate) struct Checks {
    /// Octets that each kind of message is repeated for
    #[arg(long, default_value_t = 40 << 20)]
    octets: usize,
}

/// The cost of one kind of message.
#[derive(Debug, Serialize)]
pub(crate) struct Cost {
    kind: &'static str,
    /// Octets of header section and body, or how many there are of what the message is made of.
    size: usize,
    octets: usize,
    cpu_us: f64,
    ns_per_octet: f64,
}

struct Message {
    fields: Vec<HeaderField>,
    body: Bytes,
}

impl Checks {
    pub(crate) fn run(&self, runtime: &Runtime) -> anyhow::Result<Vec<Cost>> {
        let plan = HeaderCheckSettings::default().plan().ok().context("the defaults do not fit together")?;
        let filter: Arc<dyn Filter> = Arc::new(HeaderChecks::new(plan));
        let (checks, nothing) = (pipeline(Role::Local, [filter]), pipeline(Role::Local, []));
        let mut costs = Vec::new();
        for (kind, size, message) in messages() {
            let fields = message.fields.iter().map(|field| field.name.len() + field.value.len() + 3);
            let octets = fields.sum::<usize>() + message.body.len();
            let times = (self.octets / octets).clamp(1, 5000);
            let cost = |pipeline| each(runtime, pipeline, &message, times);
            let cpu_us = cost(&checks)? - cost(&nothing)?;
            costs.push(Cost { kind, size, octets, cpu_us, ns_per_octet: cpu_us * 1e3 / octets as f64 });
        }
        Ok(costs)
    }
}

/// The mean CPU time of a message in microseconds, after one that does not count.
fn each(runtime: &Runtime, pipeline: &Arc<Pipeline>, message: &Message, times: usize) -> anyhow::Result<f64> {
    runtime.block_on(send(pipeline, message));
    let begin = cpu_time()?;
    for _ in 0..times {
        runtime.block_on(send(pipeline, message));
    }
    Ok((cpu_time()? - begin).as_secs_f64() * 1e6 / times as f64)
}

async fn send(pipeline: &Arc<Pipeline>, message: &Message) {
    let macros = MacroTable::default();
    let mut session = pipeline.start();
    let hostname = Bytes::from_static(b"localhost");
    session.connect(Connect { hostname, peer: Peer::Unknown }, &macros).await;
    session.mail(Address::new("<alice@bench.example>"), &macros).await;
    session.rcpt(Address::new("<bob@dest.example>"), &macros).await;
    for field in &message.fields {
        session.header(field.clone(), &macros);
    }
    session.end_of_headers(&macros).await;
    for at in (0..message.body.len()).step_by(CHUNK) {
        session.body_chunk(message.body.slice(at..message.body.len().min(at + CHUNK)), &macros);
    }
    session.end_of_message(&macros).await;
}

/// Kinds of messages, each in several sizes.
fn messages() -> Vec<(&'static str, usize, Message)> {
    let mut out = Vec::new();
    for size in [1 << 10, 4 << 10, 64 << 10, 1 << 20, 5 << 20, 50 << 20] {
        out.push(("text", size, ordinary(size, Kind::Text)));
    }
    for size in [64 << 10, 5 << 20, 50 << 20] {
        out.push(("attachment", size, ordinary(size, Kind::Attachment)));
        out.push(("8-bit text", size, with_body(" text/plain; charset=utf-8", "Grüße aus Köln, 20 °C\r\n", size / 26)));
        out.push(("blank lines", size, with_body(" text/plain", "\r\n", size / 2)));
        out.push(("delimiters that are none", size, nested(64, &"--b63x\r\n".repeat(size / 8))));
    }
    for count in [100, 10_000, 100_000] {
        out.push(("header fields", count, with_fields(" text of forty octets for a header field", count)));
        out.push(("fields to repair", count, with_fields(" Grüße aus Köln", count)));
        out.push(("parts", count, with_body(" multipart/mixed; boundary=b0", "--b0\r\n\r\nx\r\n", count)));
        out.push(("nested parts", count, nested(count, "x\r\n")));
    }
    for count in [10, 1000, 10_000] {
        let words = " =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n".repeat(count).trim_end().to_owned();
        out.push(("encoded-words", count, with_field("Subject", words)));
    }
    out
}

fn ordinary(size: usize, kind: Kind) -> Message {
    let mail = Mails::new(size, kind).number(1);
    Message { fields: mail.fields, body: mail.body }
}

fn with_body(content_type: &'static str, piece: &str, times: usize) -> Message {
    let mut message = with_field("Content-Type", content_type.to_owned());
    message.body = piece.repeat(times).into();
    message
}

fn with_field(name: &'static str, value: String) -> Message {
    let mut message = ordinary(16, Kind::Text);
    message.fields.retain(|field| !field.is(name));
    message.fields.push(HeaderField::new(name, value));
    message
}

fn with_fields(value: &'static str, count: usize) -> Message {
    let mut message = ordinary(16, Kind::Text);
    message.fields.extend((0..count).map(|at| HeaderField::new(format!("X-Field-{at}"), value)));
    message
}

/// Multiparts within each other, and text in the innermost.
fn nested(depth: usize, text: &str) -> Message {
    let level = |at| format!("--b{at}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", at + 1);
    let body: String = (0..depth - 1).map(level).chain([format!("--b{}\r\n\r\n{text}", depth - 1)]).collect();
    let mut message = with_field("Content-Type", " multipart/mixed; boundary=b0".to_owned());
    message.body = body.into();
    message
}

/// As MTAs cut bodies.
const CHUNK: usize = 65_535;
