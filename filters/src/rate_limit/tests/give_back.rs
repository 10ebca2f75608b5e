//! Only accepted messages stay charged, however the others end.

use async_trait::async_trait;
use postseal_protocol::{Address, MacroTable, Stage};

use super::*;
use crate::filter::{Filter, FilterError, FilterSession, Needs, Steps};
use crate::message::Message;
use crate::{Context, PipelineSession};

const BOTH: &str = "[[rate_limit]]\nname = \"m\"\ncount = \"messages\"\nlimit = \"10/1h\"\n\
                    [[rate_limit]]\nname = \"r\"\nlimit = \"10/1h\"\n\
                    [[rate_limit]]\nname = \"b\"\ncount = \"bytes\"\nlimit = \"1MB/1h\"";

fn nothing_used(rig: &Rig) -> bool {
    ["m:alice", "r:alice", "b:alice"].iter().all(|counter| rig.used(counter).iter().sum::<u64>() == 0)
}

/// A filter behind the limits that answers at end of message as it is told.
struct Last(Result<Verdict, ()>);

impl Filter for Last {
    fn name(&self) -> &'static str {
        "last"
    }

    fn needs(&self) -> Needs {
        Needs { sees: Steps::empty(), ..Needs::default() }
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(Self(self.0.clone()))
    }
}

#[async_trait]
impl FilterSession for Last {
    async fn end_of_message(&mut self, _: &mut Context<'_>, _: &mut Message) -> Result<Verdict, FilterError> {
        self.0.clone().map_err(|()| FilterError { code: "broken", detail: String::new() })
    }

    fn reset(&mut self) {}
}

fn behind(rig: &mut Rig, last: Result<Verdict, ()>) {
    let rules = rules(BOTH).unwrap();
    let (store, told) = (Arc::clone(&rig.store), Arc::clone(&rig.told));
    let filter = RateLimitFilter::for_listener("test", &rules, store, told).unwrap();
    let filters: [Arc<dyn Filter>; 2] = [Arc::new(filter), Arc::new(Last(last))];
    let entries = filters.into_iter().map(|filter| PipelineEntry { filter, on_error: OnError::Tempfail }).collect();
    let clock = Arc::clone(&rig.clock) as Arc<dyn Clock>;
    rig.pipeline = Arc::new(Pipeline::new(settings(clock), entries));
}

#[test]
fn whatever_refuses_the_message_gives_it_back() {
    let mut rig = Rig::new(BOTH);
    for last in [Ok(Verdict::Reject), Ok(Verdict::TempFail), Ok(Verdict::Discard), Err(())] {
        behind(&mut rig, last.clone());
        assert!(!rig.send("alice", 3));
        assert!(nothing_used(&rig), "{last:?}");
    }
    behind(&mut rig, Ok(Verdict::Continue));
    assert!(rig.send("alice", 3));
    assert_eq!((rig.used("m:alice"), rig.used("r:alice")), (vec![1], vec![3]));
}

#[test]
fn a_message_that_is_tried_again_is_charged_once() {
    let mut rig = Rig::new(BOTH);
    for _ in 0..30 {
        behind(&mut rig, Ok(Verdict::TempFail));
        assert!(!rig.send("alice", 1));
    }
    behind(&mut rig, Ok(Verdict::Continue));
    assert!(rig.send("alice", 1));
    assert_eq!((rig.used("m:alice"), rig.used("r:alice")), (vec![1], vec![1]));
}

fn begun(rig: &Rig) -> (PipelineSession, MacroTable) {
    let mut macros = MacroTable::default();
    macros.insert(Stage::Mail, "{auth_authen}", "alice");
    let mut session = rig.pipeline.start();
    pollster::block_on(session.mail(Address::new("<a@b>"), &macros));
    pollster::block_on(session.rcpt(Address::new("<r@x>"), &macros));
    assert_eq!((rig.used("m:alice"), rig.used("r:alice")), (vec![1], vec![1]), "reserved");
    (session, macros)
}

#[test]
fn an_abort_gives_it_back() {
    let rig = Rig::new(BOTH);
    let (mut session, macros) = begun(&rig);
    pollster::block_on(session.abort(&macros));
    assert!(nothing_used(&rig));
}

#[test]
fn a_new_message_gives_the_one_before_back() {
    let rig = Rig::new(BOTH);
    let (mut session, macros) = begun(&rig);
    pollster::block_on(session.mail(Address::new("<a@b>"), &macros));
    assert_eq!((rig.used("m:alice"), rig.used("r:alice").iter().sum()), (vec![1], 0));
}

#[test]
fn a_deadline_gives_it_back() {
    let rig = Rig::new(BOTH);
    let (mut session, macros) = begun(&rig);
    let _ = session.overrun(&macros);
    assert!(nothing_used(&rig));
}

#[test]
fn a_connection_that_is_cut_gives_it_back() {
    let rig = Rig::new(BOTH);
    let (session, _) = begun(&rig);
    drop(session);
    assert!(nothing_used(&rig));
}

#[test]
fn a_store_that_fails_is_an_error_with_its_reason() {
    let rig = Rig::new("[[rate_limit]]\nname = \"m\"\nkey = [\"{long}\"]\ncount = \"messages\"\nlimit = \"1/1h\"");
    let long = "x".repeat(500);
    let send = || {
        let transaction = rig.connect().user("alice").macro_value(Stage::Mail, "{long}", &long);
        transaction.mail("<a@b>").rcpt("<r@x>").body("x").end().accepted()
    };
    assert!(send() && !send(), "a long value makes a name that fits");
}
