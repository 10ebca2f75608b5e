//! A test kit for filter authors: drive one filter or a pipeline as a dialogue, get the verdict and the edits back.
//!
//! A filter that refuses mail from one domain, and its test:
//!
//! ```
//! use std::sync::Arc;
//!
//! use postseal_filters::testing::{Transaction, settings, TestClock};
//! use postseal_filters::{
//!     Context, Filter, FilterError, FilterSession, MessageEnd, Needs, OnError, Pipeline, PipelineEntry, Steps,
//! };
//! use postseal_protocol::{Address, Verdict};
//!
//! struct NoWindmill;
//! struct Session;
//!
//! impl Filter for NoWindmill {
//!     fn name(&self) -> &'static str {
//!         "no_windmill"
//!     }
//!
//!     fn needs(&self) -> Needs {
//!         Needs { sees: Steps::MAIL, answers: Steps::MAIL, ..Needs::default() }
//!     }
//!
//!     fn start(&self) -> Box<dyn FilterSession> {
//!         Box::new(Session)
//!     }
//! }
//!
//! #[async_trait::async_trait]
//! impl FilterSession for Session {
//!     async fn mail(&mut self, cx: &mut Context<'_>, sender: &Address) -> Result<Verdict, FilterError> {
//!         if !sender.mailbox().ends_with(b"@windmill.example") {
//!             return Ok(Verdict::Continue);
//!         }
//!         cx.note("windmill");
//!         Ok(Verdict::Reject)
//!     }
//!
//!     fn reset(&mut self) {}
//! }
//!
//! let entry = PipelineEntry { filter: Arc::new(NoWindmill), on_error: OnError::Tempfail };
//! let pipeline = Arc::new(Pipeline::new(settings(TestClock::at(0)), vec![entry]));
//! let end = Transaction::with(pipeline).mail("<a@windmill.example>").rcpt("<b@example.net>").end();
//! assert_eq!(end.record.end, MessageEnd::Reject);
//! assert_eq!(end.record.report.reasons[0].to_string(), "no_windmill.windmill");
//! ```

mod addresses;
mod fuzz;
mod fuzz_checks;
pub mod model;
pub mod store_contract;

pub use addresses::fuzz_addresses;
pub use fuzz::fuzz_pipeline;
pub use fuzz_checks::fuzz_header_checks;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use postseal_protocol::{Address, Connect, HeaderField, MacroTable, Modification, Peer, Stage, Verdict};

use crate::clock::Clock;
use crate::connection::{OriginPolicy, Role};
use crate::filter::Filter;
use crate::pipeline::{MessageBounds, OnError, Pipeline, PipelineEntry, PipelineSession, PipelineSettings, Record};

/// A clock that stands still until it is told to go on.
#[derive(Debug)]
pub struct TestClock {
    start: Instant,
    millis: AtomicU64,
}

impl TestClock {
    /// A clock at this many seconds after 1970.
    pub fn at(seconds: u64) -> Arc<Self> {
        #[expect(clippy::disallowed_methods, reason = "an Instant can't be made from a number")]
        let start = Instant::now();
        Arc::new(Self { start, millis: AtomicU64::new(seconds * 1000) })
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        self.millis.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }

    /// Sets the time, in milliseconds since 1970; back too, as a clock that is corrected.
    pub fn set_millis(&self, millis: u64) {
        self.millis.store(millis, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn unix_seconds(&self) -> u64 {
        self.steady_millis() / 1000
    }

    fn steady_millis(&self) -> u64 {
        self.millis.load(Ordering::Relaxed)
    }

    fn instant(&self) -> Instant {
        self.start + Duration::from_millis(self.steady_millis())
    }
}

/// The settings of a test pipeline: listener `test`, role submission, loopback and authenticated users are ours.
pub fn settings(clock: Arc<dyn Clock>) -> PipelineSettings {
    let loopback = ["127.0.0.0/8", "::1/128"].iter().filter_map(|network| network.parse().ok());
    let origin = OriginPolicy { authenticated: true, networks: loopback.collect(), macros: Vec::new() };
    PipelineSettings {
        listener: "test".into(),
        role: Role::Submission,
        mta: None,
        origin,
        bounds: MessageBounds::default(),
        clock,
    }
}

/// One SMTP connection, step by step, as an MTA would tell of it. Steps run at once; those that a filter answers with a
/// refusal end the dialogue.
pub struct Transaction {
    session: PipelineSession,
    client: Connect,
    macros: MacroTable,
    connected: bool,
    /// What was answered at the steps before end of message, if not Continue.
    refused: Option<Verdict>,
}

/// How a message ended.
#[derive(Debug)]
pub struct End {
    /// The final reply.
    pub verdict: Verdict,
    /// The edits.
    pub modifications: Vec<Modification>,
    /// What log and metrics are told.
    pub record: Record,
}

impl End {
    /// True if the message was accepted.
    pub fn accepted(&self) -> bool {
        self.verdict == Verdict::Accept
    }

    /// The reasons, as `filter.code`.
    pub fn reasons(&self) -> Vec<String> {
        self.record.report.reasons.iter().map(ToString::to_string).collect()
    }
}

impl Transaction {
    /// A dialogue with these filters, in this order, from a client at 192.0.2.1 by way of Postfix.
    pub fn new(filters: Vec<Arc<dyn Filter>>) -> Self {
        let entries = filters.into_iter().map(|filter| PipelineEntry { filter, on_error: OnError::Tempfail }).collect();
        Self::with(Arc::new(Pipeline::new(settings(TestClock::at(1_700_000_000)), entries)))
    }

    /// A dialogue with a pipeline of your own.
    pub fn with(pipeline: Arc<Pipeline>) -> Self {
        let mut macros = MacroTable::default();
        macros.insert(Stage::Connect, "v", "Postfix 3.7.11");
        let client = Connect { hostname: Bytes::from_static(b"[192.0.2.1]"), peer: Peer::Unknown };
        let this = Self { session: pipeline.start(), client, macros, connected: false, refused: None };
        this.client(IpAddr::from([192, 0, 2, 1]))
    }

    /// The client's address.
    #[must_use]
    pub fn client(mut self, ip: IpAddr) -> Self {
        self.client.peer = Peer::Inet((ip, 4711).into());
        self
    }

    /// A macro.
    #[must_use]
    pub fn macro_value(mut self, stage: Stage, name: &'static str, value: &str) -> Self {
        self.macros.insert(stage, name, value.to_owned());
        self
    }

    /// Has filters tell what they decide where there is no finding, from the next message on.
    #[must_use]
    pub fn explain(mut self) -> Self {
        self.session.explain();
        self
    }

    /// The client has authenticated as this user.
    #[must_use]
    pub fn user(self, user: &str) -> Self {
        self.macro_value(Stage::Mail, "{auth_authen}", user)
    }

    /// MAIL FROM, after CONNECT and HELO where they have not happened.
    #[must_use]
    pub fn mail(self, sender: &str) -> Self {
        self.mail_address(Address::new(sender.to_owned()))
    }

    fn mail_address(mut self, sender: Address) -> Self {
        self = self.connected();
        let verdict = block_on(self.session.mail(sender, &self.macros));
        self.answered(verdict);
        self
    }

    fn connected(mut self) -> Self {
        if !self.connected {
            self.connected = true;
            let verdict = block_on(self.session.connect(self.client.clone(), &self.macros));
            self.answered(verdict);
            let verdict = block_on(self.session.helo(Bytes::from_static(b"client.example"), &self.macros));
            self.answered(verdict);
        }
        self
    }

    /// MAIL FROM with ESMTP arguments behind the path, such as `<a@b> SIZE=1000`.
    #[must_use]
    pub fn mail_with_arguments(self, path_and_arguments: &str) -> Self {
        let mut words = path_and_arguments.split_whitespace().map(|word| Bytes::from(word.to_owned()));
        let path = words.next().unwrap_or_default();
        self.mail_address(Address { path, arguments: words.collect() })
    }

    /// A recipient that the MTA has refused.
    pub fn rejected_rcpt(&mut self, recipient: &str) {
        block_on(self.session.rejected_rcpt(Address::new(recipient.to_owned()), &self.macros));
    }

    /// RCPT TO; the answer is this recipient's alone.
    pub fn rcpt_verdict(&mut self, recipient: &str) -> Verdict {
        block_on(self.session.rcpt(Address::new(recipient.to_owned()), &self.macros))
    }

    /// RCPT TO.
    #[must_use]
    pub fn rcpt(mut self, recipient: &str) -> Self {
        let _ = self.rcpt_verdict(recipient);
        self
    }

    /// A header field; the value carries its own leading space, and LF at folds.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = Bytes::copy_from_slice(value.as_ref());
        self.session.header(HeaderField::new(name.to_owned(), value), &self.macros);
        self
    }

    /// The end of the header section, and a body in one piece.
    #[must_use]
    pub fn body(self, body: impl AsRef<[u8]>) -> Self {
        self.body_pieces([body.as_ref()])
    }

    /// The end of the header section, and a body in pieces.
    #[must_use]
    pub fn body_pieces<'a>(mut self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let verdict = block_on(self.session.end_of_headers(&self.macros));
        self.answered(verdict);
        for piece in pieces {
            let _ = self.session.body_chunk(Bytes::copy_from_slice(piece), &self.macros);
        }
        self
    }

    /// End of message.
    pub fn end(mut self) -> End {
        self.end_and_go_on()
    }

    /// End of message on a connection that goes on with the next one.
    ///
    /// # Panics
    /// If the pipeline tells no record, which would be its fault.
    pub fn end_and_go_on(&mut self) -> End {
        let (verdict, modifications) = match self.refused.take() {
            Some(verdict) => (verdict, Vec::new()),
            None => {
                let decision = block_on(self.session.end_of_message(&self.macros));
                (decision.verdict, decision.modifications)
            }
        };
        #[expect(clippy::expect_used, reason = "documented panic of a test kit")]
        let record = *self.session.take_record().expect("a message that ended has a record");
        End { verdict, modifications, record }
    }

    fn answered(&mut self, verdict: Verdict) {
        if verdict.is_refusal() {
            self.refused.get_or_insert(verdict);
        }
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}
