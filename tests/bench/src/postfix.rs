//! One SMTP session as Postfix reports it to a filter.
//!
//! Commands whose reply is waived are collected and leave in one write, when a reply must be read, the buffer is full,
//! or the message moves from smtpd(8) to cleanup(8), which is after DATA. Macros precede every command, even one that
//! the filter has switched off; only for header fields and body pieces that are not sent there are none. ABORT follows
//! every message, but leaves with the next command.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::{Buf, Bytes, BytesMut};
use postseal_protocol::testing::mta::{Mta, OFFER};
use postseal_protocol::{Action, Address as Path, Command, CommandKind, Connect, Modification, Peer, Verdict, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::address::{Address, Stream};
use crate::macros::Macros;
use crate::mail::Mail;

/// A connection to the filter on which the SMTP client has said EHLO.
pub(crate) struct Postfix {
    mta: Mta,
    macros: Macros,
    stream: Box<dyn Stream>,
    input: BytesMut,
    output: BytesMut,
    write_size: usize,
}

/// What became of one message.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// From the end of the body to the final reply.
    pub(crate) end: Duration,
    /// From MAIL to the final reply.
    pub(crate) whole: Duration,
    /// The final reply; where it came early, with its command.
    pub(crate) reply: String,
    /// DKIM-Signature fields that the filter wants to have inserted.
    pub(crate) signatures: usize,
    /// All edits.
    pub(crate) edits: usize,
    /// Who sent it.
    pub(crate) user: Option<usize>,
}

impl Postfix {
    /// Connects, agrees with the filter on the protocol, and tells of the client.
    pub(crate) async fn open(address: &Address) -> anyhow::Result<Self> {
        let mut mta = Mta::new(OFFER);
        let mut output = BytesMut::new();
        mta.offer(&mut output)?;
        let stream = address.connect().await?;
        let macros = Macros::agreed(&mta);
        let write_size = address.write_size();
        let mut postfix = Self { mta, macros, stream, input: BytesMut::new(), output, write_size };
        postfix.answer().await.context("negotiation")?;
        postfix.macros = Macros::agreed(&postfix.mta);
        let client = Connect {
            hostname: Bytes::from_static(b"client.bench.example"),
            peer: Peer::Inet(SocketAddr::from(([192, 0, 2, 10], 41234))),
        };
        for command in [Command::Connect(client), Command::Helo(Bytes::from_static(b"client.bench.example"))] {
            if let Some(reply) = postfix.event(command, &Bytes::new()).await? {
                bail!("{reply} before the first message");
            }
        }
        Ok(postfix)
    }

    /// The user of the messages that follow; `alice` if there are no numbered ones.
    pub(crate) fn log_in(&mut self, user: Option<usize>) {
        if let Some(user) = user {
            self.macros.log_in(Bytes::from(format!("u{user}")));
        }
    }

    /// Sends one message; `Err` if the dialogue breaks down.
    pub(crate) async fn message(&mut self, mail: &Mail) -> anyhow::Result<Outcome> {
        let begin = Instant::now();
        let mut outcome = Outcome {
            end: Duration::ZERO,
            whole: Duration::ZERO,
            reply: String::new(),
            signatures: 0,
            edits: 0,
            user: None,
        };
        outcome.reply = match self.envelope(mail).await? {
            Some(early) => early,
            None => match self.content(mail).await? {
                Some(early) => early,
                None => self.end(mail, &mut outcome).await?,
            },
        };
        outcome.whole = begin.elapsed();
        self.mta.say(&Command::Abort, &mut self.output)?;
        Ok(outcome)
    }

    /// The client says QUIT.
    pub(crate) async fn close(mut self) -> anyhow::Result<()> {
        self.mta.say(&Command::Abort, &mut self.output)?;
        self.mta.say(&Command::Quit, &mut self.output)?;
        self.flush().await
    }

    async fn envelope(&mut self, mail: &Mail) -> anyhow::Result<Option<String>> {
        let mut sender = Path::new(Bytes::from_static(b"<alice@bench.example>"));
        sender.arguments.push(Bytes::from(format!("SIZE={}", mail.body.len() + 900)));
        sender.arguments.push(Bytes::from_static(b"BODY=8BITMIME"));
        let recipient = Path::new(Bytes::from_static(b"<bob@dest.example>"));
        for command in [Command::Mail(sender), Command::Rcpt(recipient), Command::Data] {
            if let Some(early) = self.event(command, &mail.queue_id).await? {
                return Ok(Some(early));
            }
        }
        self.flush().await?;
        Ok(None)
    }

    async fn content(&mut self, mail: &Mail) -> anyhow::Result<Option<String>> {
        for field in &mail.fields {
            if let Some(early) = self.event(Command::Header(field.clone()), &mail.queue_id).await? {
                return Ok(Some(early));
            }
        }
        if let Some(early) = self.event(Command::EndOfHeaders, &mail.queue_id).await? {
            return Ok(Some(early));
        }
        let mut body = mail.body.clone();
        while body.has_remaining() {
            let chunk = body.split_to(body.len().min(frame::MAX_DATA_OCTETS));
            match self.event(Command::BodyChunk(chunk), &mail.queue_id).await? {
                Some(reply) if reply == SKIP => break,
                Some(early) => return Ok(Some(early)),
                None => {}
            }
        }
        Ok(None)
    }

    async fn end(&mut self, mail: &Mail, outcome: &mut Outcome) -> anyhow::Result<String> {
        let begin = Instant::now();
        self.say(Command::EndOfMessage(None), &mail.queue_id).await?;
        loop {
            match self.answer().await? {
                Action::Verdict(verdict) => {
                    outcome.end = begin.elapsed();
                    return Ok(told(&verdict));
                }
                Action::Modify(edit) => {
                    outcome.edits += 1;
                    outcome.signatures += usize::from(is_signature(&edit));
                }
                _ => {}
            }
        }
    }

    /// Reports an event. `None` to go on, or the reply that ends the message.
    async fn event(&mut self, command: Command, queue_id: &Bytes) -> anyhow::Result<Option<String>> {
        let kind = command.kind();
        let off = kind.left_out_by().is_some_and(|flag| self.mta.negotiated().is_some_and(|agreed| agreed.has(flag)));
        let in_content = matches!(kind, CommandKind::Header | CommandKind::EndOfHeaders | CommandKind::BodyChunk);
        if off && in_content {
            return Ok(None);
        }
        self.say(command, queue_id).await?;
        if self.mta.waiting().is_none() {
            return Ok(None);
        }
        match self.answer().await.with_context(|| format!("reply to {kind}"))? {
            Action::Verdict(Verdict::Continue) => Ok(None),
            Action::Verdict(verdict) => Ok(Some(format!("{} to {kind}", told(&verdict)))),
            Action::Skip => Ok(Some(SKIP.to_owned())),
            action => bail!("{} in reply to {kind}", action.name()),
        }
    }

    async fn say(&mut self, command: Command, queue_id: &Bytes) -> anyhow::Result<()> {
        let macros = self.macros.ahead_of(command.kind(), queue_id);
        self.mta.say(&Command::Macros(macros), &mut self.output)?;
        self.mta.say(&command, &mut self.output)?;
        while self.output.len() >= self.write_size {
            let full = self.output.split_to(self.write_size);
            self.stream.write_all(&full).await.context("write")?;
        }
        Ok(())
    }

    async fn answer(&mut self) -> anyhow::Result<Action> {
        self.flush().await?;
        loop {
            if let Some(action) = self.mta.hear(&mut self.input)? {
                return Ok(action);
            }
            self.input.reserve(4096);
            if self.stream.read_buf(&mut self.input).await.context("read")? == 0 {
                bail!("the filter has closed the connection");
            }
        }
    }

    async fn flush(&mut self) -> anyhow::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).await.context("write")?;
            self.output.clear();
        }
        Ok(())
    }
}

/// At the end of a message, "go on" accepts it.
fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Reply(reply) => format!("{reply:?}"),
        verdict => verdict.name().to_owned(),
    }
}

fn is_signature(edit: &Modification) -> bool {
    match edit {
        Modification::AddHeader(field) | Modification::InsertHeader { field, .. } => field.is("DKIM-Signature"),
        _ => false,
    }
}

const SKIP: &str = "skip";
