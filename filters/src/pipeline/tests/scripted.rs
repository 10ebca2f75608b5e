use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use postseal_protocol::{Address, HeaderField, Verdict};

use crate::filter::{BodyNeed, Context, Filter, FilterError, FilterSession, Flow, Needs, Steps};
use crate::message::{Body, Message, MessageEnd};

pub(super) type Log = Arc<Mutex<Vec<String>>>;

/// A filter that writes down what it is told, and answers as set.
#[derive(Clone, Default)]
pub(super) struct Scripted {
    pub(super) needs: Needs,
    at: Option<(Steps, Result<Verdict, ()>)>,
    at_end: Option<Result<Verdict, ()>>,
    pub(super) hangs: bool,
    pub(super) body: Option<&'static str>,
    pub(super) enough_after: usize,
    log: Log,
}

impl Scripted {
    pub(super) fn sees(steps: Steps) -> Self {
        Self { needs: Needs { sees: steps, ..Needs::default() }, enough_after: usize::MAX, ..Self::default() }
    }

    pub(super) fn at(mut self, step: Steps, answer: Result<Verdict, ()>) -> Self {
        self.needs.sees |= step;
        self.at = Some((step, answer));
        self
    }

    pub(super) fn answers(mut self, steps: Steps) -> Self {
        self.needs.answers = steps;
        self
    }

    pub(super) fn end(mut self, answer: Result<Verdict, ()>) -> Self {
        self.at_end = Some(answer);
        self
    }

    pub(super) fn body(mut self, need: BodyNeed) -> Self {
        self.needs.body = need;
        self.needs.sees |= Steps::BODY;
        self
    }

    pub(super) fn log(mut self, log: &Log) -> Self {
        self.log = Arc::clone(log);
        self
    }

    pub(super) fn boxed(self) -> Arc<dyn Filter> {
        Arc::new(self)
    }

    fn said(&self, step: Steps) -> Result<Verdict, FilterError> {
        match &self.at {
            Some((at, answer)) if *at == step => answer.clone().map_err(|()| failure()),
            _ => Ok(Verdict::Continue),
        }
    }

    fn write(&self, line: impl Into<String>) {
        self.log.lock().unwrap().push(line.into());
    }
}

impl Filter for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn needs(&self) -> Needs {
        self.needs.clone()
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl FilterSession for Scripted {
    async fn connect(&mut self, _: &mut Context<'_>) -> Result<Verdict, FilterError> {
        self.write("connect");
        self.said(Steps::CONNECT)
    }

    async fn helo(&mut self, _: &mut Context<'_>, _: &[u8]) -> Result<Verdict, FilterError> {
        self.write("helo");
        self.said(Steps::HELO)
    }

    async fn mail(&mut self, _: &mut Context<'_>, _: &Address) -> Result<Verdict, FilterError> {
        self.said(Steps::MAIL)
    }

    async fn rcpt(&mut self, _: &mut Context<'_>, to: &Address) -> Result<Verdict, FilterError> {
        self.write(format!("rcpt {}", String::from_utf8_lossy(to.mailbox())));
        if to.mailbox().starts_with(b"bad") { self.said(Steps::RCPT) } else { Ok(Verdict::Continue) }
    }

    fn header(&mut self, _: &mut Context<'_>, field: &HeaderField) -> Result<Verdict, FilterError> {
        self.write(format!("header {}", String::from_utf8_lossy(&field.name)));
        self.said(Steps::HEADER)
    }

    async fn end_of_headers(&mut self, _: &mut Context<'_>, _: &mut Message) -> Result<Verdict, FilterError> {
        self.said(Steps::END_OF_HEADERS)
    }

    fn body_chunk(&mut self, _: &mut Context<'_>, chunk: &Bytes) -> Result<Flow, FilterError> {
        self.write(format!("body {}", String::from_utf8_lossy(chunk)));
        self.enough_after = self.enough_after.saturating_sub(1);
        self.said(Steps::BODY)?;
        Ok(if self.enough_after == 0 { Flow::Enough } else { Flow::More })
    }

    async fn end_of_message(&mut self, cx: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let body = match message.body() {
            Body::NotBuffered => "streamed".to_owned(),
            Body::Whole(body) => String::from_utf8_lossy(&body).into_owned(),
            Body::TooLarge => "too large".to_owned(),
        };
        self.write(format!("end {body}"));
        if let Some(body) = self.body {
            message.replace_body(body);
        }
        cx.note("seen");
        self.at_end.clone().unwrap_or(Ok(Verdict::Continue)).map_err(|()| failure())
    }

    async fn finish(&mut self, _: &mut Context<'_>, _: &Message, end: MessageEnd) {
        self.write(format!("finish {end:?}"));
    }

    fn reset(&mut self) {
        self.write("reset");
    }
}

fn failure() -> FilterError {
    FilterError { code: "broken", detail: "on purpose".to_owned() }
}
