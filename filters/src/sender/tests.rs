//! The filter as a pipeline drives it.

mod alignment;
mod bounds;
mod checked;
mod fixes;
mod own_mail;
mod ownership;
mod permitted;
mod rewriting;

use std::net::IpAddr;
use std::sync::Arc;

use postseal_protocol::{Modification, Verdict};

use super::*;
use crate::connection::Role;
use crate::pipeline::{OnError, Pipeline, PipelineEntry};
use crate::problem::Problem;
use crate::testing::{self, End, TestClock, Transaction};

/// The submitter.
#[derive(Clone, Copy)]
enum By {
    User(&'static str),
    Client([u8; 4]),
}

const ALICE: By = By::User("alice@example.com");

fn plan(config: &str) -> Result<SenderPlan, Vec<Problem>> {
    plan_with(config, &[])
}

fn plan_with(config: &str, tables: &[TableText]) -> Result<SenderPlan, Vec<Problem>> {
    let settings: SenderSettings = toml::from_str(config).unwrap_or_else(|error| panic!("{config}: {error}"));
    settings.plan(tables, &[("test", Role::Submission)])
}

fn filter(config: &str) -> Arc<SenderFilter> {
    filter_with(config, &[])
}

fn filter_with(config: &str, tables: &[TableText]) -> Arc<SenderFilter> {
    let plan = plan_with(config, tables).unwrap_or_else(|errors| panic!("{config}: {errors:?}"));
    Arc::new(SenderFilter::new(plan.policy))
}

fn table(text: &str) -> TableText {
    ("owners".to_owned(), text.to_owned())
}

/// A message from these to `b@dest.example`.
fn send(filter: &Arc<SenderFilter>, by: By, envelope: &str, fields: &[(&str, &str)]) -> End {
    start(filter, by, Role::Submission, envelope, fields).body("Hello\r\n").end()
}

fn start(filter: &Arc<SenderFilter>, by: By, role: Role, envelope: &str, fields: &[(&str, &str)]) -> Transaction {
    let mut settings = testing::settings(TestClock::at(1_700_000_000));
    settings.role = role;
    settings.origin.networks.push("10.0.0.0/8".parse().unwrap());
    let entry = PipelineEntry { filter: Arc::clone(filter) as Arc<dyn Filter>, on_error: OnError::Tempfail };
    let transaction = Transaction::with(Arc::new(Pipeline::new(settings, vec![entry])));
    let transaction = match by {
        By::User(user) => transaction.user(user),
        By::Client(ip) => transaction.client(IpAddr::from(ip)),
    };
    let transaction = transaction.mail(envelope).rcpt("<b@dest.example>");
    fields.iter().fold(transaction, |transaction, (name, value)| transaction.header(name, value))
}

fn reply(end: &End) -> String {
    match &end.verdict {
        Verdict::Reply(reply) => reply.to_string(),
        other => format!("{other:?}"),
    }
}

/// The edits, one a line: `From: value`, `+Sender: value`, `-Sender`, `envelope <..>`.
fn edits(end: &End) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let show = |edit: &Modification| match edit {
        Modification::ChangeHeader { field, .. } if field.value.is_empty() => {
            format!("-{}", text(&field.name))
        }
        Modification::ChangeHeader { field, .. } => format!("{}:{}", text(&field.name), text(&field.value)),
        Modification::AddHeader(field) => format!("+{}:{}", text(&field.name), text(&field.value)),
        Modification::ChangeSender(address) => format!(
            "envelope {}{}",
            text(&address.path),
            address.arguments.iter().map(|one| format!(" {}", text(one))).collect::<String>()
        ),
        other => format!("{other:?}"),
    };
    end.modifications.iter().map(show).collect()
}
