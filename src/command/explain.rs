//! `postseal explain`: one message through the filters, offline, and why it came out as it did.
//!
//! The pipeline is that of the service, built from the same configuration; only the MTA is missing. The command can't
//! reach the network, and changes no counter.

mod changes;

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use postseal_filters::{Decision, Pipeline, Record};
use postseal_protocol::{Address, Connect, MacroTable, Peer, Stage, Verdict};

use super::Exit;
use crate::config::ConfigFlags;
use crate::message_file::{self, MessageFile};
use crate::registry;
use crate::regular_file::{self, MAX_MESSAGE_FILE};
use crate::services::Services;
use crate::trace::Trace;

/// Runs one message through the filters and tells what each decided, and why.
#[derive(Args, Debug)]
pub struct Explain {
    /// The message.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    #[command(flatten)]
    configuration: ConfigFlags,
    /// Reverse-path (MAIL FROM).
    #[arg(long, value_name = "ADDRESS", default_value = "<>")]
    from: String,
    /// Recipient (RCPT TO); may be repeated.
    #[arg(long, value_name = "ADDRESS")]
    rcpt: Vec<String>,
    /// The user that the client has authenticated as.
    #[arg(long, value_name = "USER")]
    auth: Option<String>,
    /// The client's address.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    client: IpAddr,
    /// HELO name of the client.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    helo: String,
    /// The listener that the message comes by; default: the first.
    #[arg(long, value_name = "NAME")]
    listener: Option<String>,
    /// Another macro of the MTA, such as {daemon_name}=ORIGINATING; may be repeated.
    #[arg(long = "macro", value_name = "NAME=VALUE")]
    macros: Vec<String>,
    /// Prints the log line of the message instead of text.
    #[arg(long)]
    json: bool,
    /// Writes the message as it would leave to this file.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Explain {
    /// Prints the explanation on `out`, mistakes in the configuration on `err`.
    ///
    /// # Errors
    /// If the message can't be read or the result not written.
    pub fn execute(self, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let services = Services::offline()?;
        let load = || registry::Pipelines::build(&mut self.configuration.load()?, &services);
        let pipelines = match load() {
            Ok(built) => {
                built.keys.iter().for_each(registry::SigningKeys::put_in_force);
                built.pipelines
            }
            Err(error) => {
                writeln!(err, "{error}")?;
                return Ok(Exit::Configuration);
            }
        };
        let name = self.listener.as_deref();
        let wanted = |pipeline: &&Arc<Pipeline>| name.is_none_or(|name| **pipeline.listener() == *name);
        let Some(pipeline) = pipelines.iter().find(wanted) else {
            let names: Vec<_> = pipelines.iter().map(|pipeline| &**pipeline.listener()).collect();
            writeln!(err, "--listener: no such listener; the configuration has {}", names.join(", "))?;
            return Ok(Exit::Usage);
        };
        let text = regular_file::read_stream(&self.file, MAX_MESSAGE_FILE);
        let text = text.with_context(|| format!("can't read {}", self.file.display()))?;
        let file = MessageFile::parse(&text);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let end = runtime.block_on(self.run(pipeline, &file));
        let record = end.record.as_ref().context("the filters left no record of the message")?;
        if self.json {
            writeln!(out, "{}", crate::log::as_json(record))?;
        } else {
            let filters: Vec<_> = pipeline.filters().collect();
            write!(out, "{}", Trace { record, filters: &filters, refused: &end.refused, full: true })?;
            let accepted = end.decision.as_ref().filter(|decision| !decision.verdict.is_refusal());
            if let Some(message) = accepted.and_then(|decision| decision.message.as_ref()) {
                changes::write(message, &file.body, out)?;
            }
        }
        if let (Some(path), Some(message)) = (&self.output, end.decision.and_then(|decision| decision.message)) {
            let text = message_file::write(&message, &file.body);
            std::fs::write(path, text).with_context(|| format!("can't write {}", path.display()))?;
        }
        Ok(Exit::Fine)
    }

    /// Takes the message through the filters as an MTA does.
    async fn run(&self, pipeline: &Arc<Pipeline>, file: &MessageFile) -> ExplainedEnd {
        let macros = self.macro_table();
        let mut session = pipeline.start();
        session.explain();
        let peer = Peer::Inet((self.client, 0).into());
        let hostname = Bytes::from(format!("[{}]", self.client));
        let connect = session.connect(Connect { hostname, peer }, &macros).await;
        let helo = session.helo(Bytes::from(self.helo.clone()), &macros).await;
        let mut refused = Vec::new();
        if connect.is_refusal() || helo.is_refusal() {
            refused.push(("connection".to_owned(), if connect.is_refusal() { connect } else { helo }));
        }
        let mail = session.mail(Address::new(self.from.clone()), &macros).await;
        let mut over = mail.is_refusal();
        for rcpt in self.rcpt.iter().filter(|_| !over) {
            let verdict = session.rcpt(Address::new(rcpt.clone()), &macros).await;
            if verdict.is_refusal() {
                refused.push((rcpt.clone(), verdict));
            }
        }
        over = over || session.data(&macros).await.is_refusal();
        if !over {
            file.fields.iter().for_each(|field| session.header(field.clone(), &macros));
            over = session.end_of_headers(&macros).await.is_refusal();
        }
        let mut decision = None;
        if !over {
            session.body_chunk(file.body.clone(), &macros);
            decision = Some(session.end_of_message(&macros).await);
        }
        ExplainedEnd { record: session.take_record(), decision, refused }
    }

    fn macro_table(&self) -> MacroTable {
        let mut macros = MacroTable::default();
        macros.insert(Stage::Connect, "v", "Postfix");
        if let Some(user) = &self.auth {
            macros.insert(Stage::Mail, "{auth_authen}", user.clone());
        }
        for (name, value) in self.macros.iter().filter_map(|text| text.split_once('=')) {
            macros.insert(Stage::Mail, name.to_owned(), value.to_owned());
        }
        macros
    }
}

struct ExplainedEnd {
    record: Option<Box<Record>>,
    decision: Option<Decision>,
    /// Refused recipients, or the refused connection.
    refused: Vec<(String, Verdict)>,
}
