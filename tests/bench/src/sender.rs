//! `sender`: what owners and rewrite rules cost.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use clap::Args;
use postseal_filters::sender::{AlignmentFilter, SenderFilter, SenderSettings};
use postseal_filters::{Filter, Pipeline, Role};
use postseal_protocol::{Address, Connect, HeaderField, MacroTable, Peer, Stage};
use serde::Serialize;

use crate::in_process::pipeline;
use crate::report::cpu_time;

/// Tells the CPU time that the sender filter adds to a message, in this process and without a signature
#[derive(Args, Debug)]
pub(crate) struct Sender {
    /// How many owners
    #[arg(long, default_value_t = 10_000)]
    owners: u32,
    /// How many rewrite rules
    #[arg(long, default_value_t = 100)]
    rules: u32,
    /// How many messages, with and without the filter in turns
    #[arg(long, default_value_t = 20_000)]
    messages: u32,
}

/// CPU time in microseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Costs {
    without_us: f64,
    with_us: f64,
    added_us: f64,
}

impl Sender {
    pub(crate) async fn run(&self) -> anyhow::Result<Costs> {
        let config = self.config()?;
        let settings: SenderSettings = toml_edit::de::from_str(&config)?;
        let plan = settings.plan(&[], &[]).map_err(|errors| anyhow!("{errors:?}"))?;
        let filter: Arc<dyn Filter> = Arc::new(SenderFilter::new(plan.policy));
        let alignment: Arc<dyn Filter> = Arc::new(AlignmentFilter { require_on: None });
        let (without, with) = (pipeline(Role::Submission, []), pipeline(Role::Submission, [filter, alignment]));
        let mut costs = [0.0, 0.0];
        let turns = 20;
        for _ in 0..turns {
            for (pipeline, cost) in [&without, &with].into_iter().zip(&mut costs) {
                *cost += self.pass(pipeline, self.messages / turns).await?;
            }
        }
        let [without_us, with_us] = costs.map(|cost| cost / f64::from(turns));
        Ok(Costs { without_us, with_us, added_us: with_us - without_us })
    }

    fn config(&self) -> anyhow::Result<String> {
        let mut config = String::new();
        for number in 0..self.owners {
            let user = format!("user{number}@customer{}.example", number % 1000);
            let may_use = format!("[\"@shop{number}.example\", \"info{number}@example.com\"]");
            writeln!(config, "[[owner]]\nuser = \"{user}\"\nmay_use = {may_use}").context("text")?;
        }
        // The last one fits; one in ten has a condition.
        for number in 0..self.rules {
            let last = number + 1 == self.rules;
            let host = if last { "shop77".to_owned() } else { format!("*.host{number}") };
            let client = if number % 10 == 0 { "client = \"10.0.0.0/8\"\n" } else { "" };
            writeln!(config, "[[rewrite]]\nmatch = \"wwwrun@{host}.example\"\n{client}to = \"web@shop77.example\"")
                .context("text")?;
        }
        Ok(config)
    }

    /// The mean time of a message whose envelope, From, Sender and Reply-To are rewritten.
    async fn pass(&self, pipeline: &Arc<Pipeline>, messages: u32) -> anyhow::Result<f64> {
        let mut macros = MacroTable::default();
        macros.insert(Stage::Connect, "v", "Postfix 3.7.11");
        macros.insert(Stage::Mail, "{auth_authen}", "user77@customer77.example");
        let fields = [
            ("From", " Shop 77 <wwwrun@shop77.example>"),
            ("Sender", " wwwrun@shop77.example"),
            ("Reply-To", " info@shop77.example"),
            ("To", " somebody@dest.example"),
            ("Subject", " Your order"),
        ];
        let fields = fields.map(|(name, value)| HeaderField::new(name, value));
        let mut session = pipeline.start();
        let client = Connect { hostname: Bytes::new(), peer: Peer::Unknown };
        session.connect(client, &macros).await;
        let begin = cpu_time()?;
        for _ in 0..messages {
            session.mail(Address::new("<wwwrun@shop77.example>"), &macros).await;
            session.rcpt(Address::new("<somebody@dest.example>"), &macros).await;
            for field in &fields {
                session.header(field.clone(), &macros);
            }
            let decision = session.end_of_message(&macros).await;
            if decision.verdict.is_refusal() {
                return Err(anyhow!("refused: {:?}", decision.verdict));
            }
            session.take_record();
        }
        Ok((cpu_time()? - begin).as_secs_f64() * 1e6 / f64::from(messages))
    }
}
