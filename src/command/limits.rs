//! `postseal limits`: looks at and changes the counters of the running service.

use std::io::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use postseal_filters::{duration, visible};

use super::Exit;
use crate::admin::client::{AdminAnswer, Client, ClientError};
use crate::config::ConfigFlags;
use crate::rate_limit::answer::{ChangeAction, LimitChange, Look, Shown};

const PATH: &str = "/api/limits";

/// Looks at and changes what is counted against rate limits by the running service.
#[derive(Args, Debug)]
pub struct LimitsCommand {
    #[command(subcommand)]
    action: LimitsAction,
    #[command(flatten)]
    configuration: ConfigFlags,
    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum LimitsAction {
    /// Lists keys: blocked ones first, then those that have used most of their limits.
    List {
        /// What the keys begin with, such as per-user:alice.
        #[arg(value_name = "PREFIX", default_value = "")]
        prefix: String,
        /// Only keys that are blocked.
        #[arg(long)]
        blocked: bool,
        /// How many keys at most, up to 2000.
        #[arg(long, value_name = "N", default_value_t = 50)]
        most: usize,
    },
    /// Shows one key: RULE:VALUE, or VALUE under all rules.
    Show {
        /// The key, as in a list.
        key: String,
    },
    /// Forgets what a key has used, and ends a block.
    Reset {
        /// The key, as in a list.
        key: String,
    },
    /// Refuses everything of a key.
    Block {
        /// The key; it need not have been seen before.
        key: String,
        /// For how long, such as 1h; default: until it is unblocked.
        #[arg(long = "for", value_name = "TIME", value_parser = duration::parse)]
        time: Option<Duration>,
    },
    /// Ends a block.
    Unblock {
        /// The key, as in a list.
        key: String,
    },
}

impl LimitsCommand {
    /// Prints the answer of the service on `out`, what is wrong on `err`.
    ///
    /// # Errors
    /// If there can be no runtime, or nothing can be printed.
    pub fn execute(self, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let asked = super::ask(&self.configuration, err, |client, runtime| runtime.block_on(self.action.ask(&client)))?;
        match asked {
            Ok(answer) => self.print(&answer, out, err),
            Err(exit) => Ok(exit),
        }
    }

    fn print(&self, answer: &AdminAnswer, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let text = String::from_utf8_lossy(&answer.body);
        let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if !answer.status.is_success() {
            let reason = json.get("error").and_then(|error| error.as_str()).unwrap_or_else(|| text.trim_end());
            writeln!(err, "{}", visible(reason))?;
            return Ok(Exit::Problem);
        }
        let changed = json.get("changed").and_then(|list| list.as_array());
        let keys: Vec<Shown> = json.get("keys").map_or(Ok(Vec::new()), |keys| serde_json::from_value(keys.clone()))?;
        match (self.json, changed) {
            (true, _) => writeln!(out, "{}", text.trim_end())?,
            (false, Some(changed)) => {
                for key in changed.iter().filter_map(|key| key.as_str()) {
                    writeln!(out, "{} {}", self.action.done(), visible(key))?;
                }
            }
            (false, None) => table(&keys, out)?,
        }
        let nothing = changed.map_or(keys.is_empty(), Vec::is_empty);
        if nothing && !matches!(self.action, LimitsAction::List { .. }) {
            writeln!(err, "nothing is known of this key")?;
            return Ok(Exit::Problem);
        }
        Ok(Exit::Fine)
    }
}

impl LimitsAction {
    async fn ask(&self, client: &Client) -> Result<AdminAnswer, ClientError> {
        let change = |action, key: &str, time: Option<Duration>| {
            let seconds = time.map(|time| u64::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u64::MAX));
            serde_json::to_vec(&LimitChange { action, key: key.to_owned(), seconds }).unwrap_or_default()
        };
        let body = match self {
            Self::List { prefix, blocked, most } => {
                let look = Look { key: None, prefix: prefix.clone(), blocked: *blocked, most: *most };
                return client.get(&format!("{PATH}?{}", look.to_query())).await;
            }
            Self::Show { key } => {
                let look = Look { key: Some(key.clone()), ..Look::default() };
                return client.get(&format!("{PATH}?{}", look.to_query())).await;
            }
            Self::Reset { key } => change(ChangeAction::Reset, key, None),
            Self::Block { key, time } => change(ChangeAction::Block, key, *time),
            Self::Unblock { key } => change(ChangeAction::Unblock, key, None),
        };
        client.post(PATH, body).await
    }

    fn done(&self) -> &'static str {
        match self {
            Self::Reset { .. } => "reset",
            Self::Block { .. } => "blocked",
            _ => "unblocked",
        }
    }
}

/// One line for each limit of a key.
fn table(keys: &[Shown], out: &mut dyn Write) -> std::io::Result<()> {
    let names: Vec<_> = keys.iter().map(|shown| visible(&shown.key)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(3);
    writeln!(out, "{:width$}  {:>10}  {:>10}  {:>6}  BLOCKED", "KEY", "USED", "LIMIT", "IN")?;
    for (shown, name) in keys.iter().zip(&names) {
        let blocked = match (shown.blocked, shown.blocked_seconds) {
            (false, _) => "-".to_owned(),
            (true, Some(seconds)) => duration::show(Duration::from_secs(seconds)),
            (true, None) => "for ever".to_owned(),
        };
        if shown.limits.is_empty() {
            writeln!(out, "{:width$}  {:>10}  {:>10}  {:>6}  {blocked}", name, "-", "-", "-")?;
        }
        for limit in &shown.limits {
            let window = duration::show(Duration::from_secs(limit.seconds));
            writeln!(out, "{:width$}  {:>10}  {:>10}  {window:>6}  {blocked}", name, limit.used, limit.limit)?;
        }
    }
    Ok(())
}
