//! `postseal top`: the status page in a terminal.
//!
//! Asks the admin port of the running service for its status every two seconds and draws it, until `q`. It changes
//! nothing.

mod view;

use std::io::{IsTerminal as _, Write};
use std::time::{Duration, Instant};

use clap::Args;
use postseal_filters::visible;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::runtime::Runtime;

use super::Exit;
use crate::admin::client::{Client, ClientError};
use crate::config::ConfigFlags;
use crate::status::StatusReport;
use view::View;

const PERIOD: Duration = Duration::from_secs(2);
/// Size of the printed picture when the output is not a terminal.
const WIDTH: u16 = 120;
const HEIGHT: u16 = 50;

/// Shows what the running service does, like the status page.
#[derive(Args, Debug)]
pub struct Top {
    #[command(flatten)]
    configuration: ConfigFlags,
    /// Prints one screen and ends.
    #[arg(long)]
    once: bool,
}

/// The running service, asked over its admin port.
struct StatusSource {
    client: Client,
    runtime: Runtime,
}

impl Top {
    /// Draws until the user has seen enough.
    ///
    /// # Errors
    /// If the terminal fails.
    pub fn execute(self, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let first = super::ask(&self.configuration, err, |client, runtime| {
            let source = StatusSource { client, runtime };
            source.status().map(|report| (source, report))
        })?;
        let (source, report) = match first {
            Ok(first) => first,
            Err(exit) => return Ok(exit),
        };
        let mut view = View::new(report);
        if self.once || !std::io::stdout().is_terminal() {
            write!(out, "{}", view.text(WIDTH, HEIGHT)?)?;
            return Ok(Exit::Fine);
        }
        let mut terminal = ratatui::try_init()?;
        let ended = watch(&mut terminal, &mut view, &source);
        ratatui::try_restore()?;
        ended?;
        Ok(Exit::Fine)
    }
}

/// Draws, obeys keys, and asks the service for its status every [`PERIOD`].
fn watch(terminal: &mut DefaultTerminal, view: &mut View, source: &StatusSource) -> std::io::Result<()> {
    let mut asked = Instant::now();
    loop {
        terminal.draw(|frame| view.draw(frame))?;
        let left = PERIOD.saturating_sub(asked.elapsed());
        if event::poll(left)? {
            if let Event::Key(key) = event::read()?
                && key.kind != KeyEventKind::Release
                && !follow(key, view, source)
            {
                return Ok(());
            }
        } else {
            asked = Instant::now();
            view.update(source.status().map_err(|error| error.to_string()));
        }
    }
}

/// Obeys a key; false if the key ends the program.
fn follow(key: KeyEvent, view: &mut View, source: &StatusSource) -> bool {
    match key.code {
        KeyCode::Char('q') => return false,
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return false,
        KeyCode::Esc if !view.close() => return false,
        KeyCode::Down | KeyCode::Char('j') => view.select(1),
        KeyCode::Up | KeyCode::Char('k') => view.select(-1),
        KeyCode::Enter => {
            if let Some(number) = view.selected() {
                view.open(source.why(number).unwrap_or_else(|error| error.to_string()));
            }
        }
        _ => {}
    }
    true
}

impl StatusSource {
    fn status(&self) -> Result<StatusReport, ClientError> {
        let answer = self.runtime.block_on(self.client.get("/api/status"))?;
        serde_json::from_slice(&answer.body).map_err(|_| self.client.refused(&answer))
    }

    fn why(&self, number: u64) -> Result<String, ClientError> {
        let answer = self.runtime.block_on(self.client.get(&format!("/api/decisions/{number}")))?;
        let text = String::from_utf8_lossy(&answer.body);
        Ok(text.lines().map(visible).collect::<Vec<_>>().join("\n"))
    }
}
