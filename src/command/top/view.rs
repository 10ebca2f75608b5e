//! The screen of `postseal top`.

use std::fmt::Write as _;
use std::io;

use ratatui::backend::TestBackend;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Clear, Paragraph, Row, Sparkline, Table, TableState, Wrap};
use ratatui::{Frame, Terminal};

use crate::metrics::Sample;
use crate::status::{self, StatusReport};

/// The last status, and the selection of the user.
pub(super) struct View {
    report: StatusReport,
    /// Why there is no newer status.
    stale: Option<String>,
    table: TableState,
    why: Option<String>,
}

impl View {
    pub(super) fn new(report: StatusReport) -> Self {
        Self { report, stale: None, table: TableState::new(), why: None }
    }

    /// Takes a newer status; the selection stays on its decision.
    pub(super) fn update(&mut self, report: Result<StatusReport, String>) {
        match report {
            Ok(report) => {
                let selected = self.selected();
                let place = |number| report.decisions.iter().position(|line| line.number == number);
                self.table.select(selected.and_then(place));
                (self.report, self.stale) = (report, None);
            }
            Err(error) => self.stale = Some(error),
        }
    }

    pub(super) fn select(&mut self, by: isize) {
        let last = self.report.decisions.len().saturating_sub(1);
        let next = self.table.selected().map_or(0, |at| at.saturating_add_signed(by));
        self.table.select((!self.report.decisions.is_empty()).then_some(next.min(last)));
    }

    /// Number of the decision that is selected.
    pub(super) fn selected(&self) -> Option<u64> {
        self.report.decisions.get(self.table.selected()?).map(|line| line.number)
    }

    pub(super) fn open(&mut self, why: String) {
        self.why = Some(why);
    }

    /// Closes the trace; false if none was open.
    pub(super) fn close(&mut self) -> bool {
        self.why.take().is_some()
    }

    /// The screen as text, for an output that is not a terminal.
    pub(super) fn text(&mut self, width: u16, height: u16) -> io::Result<String> {
        let Ok(mut terminal) = Terminal::new(TestBackend::new(width, height));
        let Ok(_) = terminal.draw(|frame| self.draw(frame));
        let mut text = String::new();
        for row in terminal.backend().buffer().content().chunks(usize::from(width)) {
            let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
            let _ = writeln!(text, "{}", line.trim_end());
        }
        Ok(text)
    }

    pub(super) fn draw(&mut self, frame: &mut Frame<'_>) {
        let rows = Layout::vertical([
            Constraint::Length(2),
            Constraint::Length(6),
            Constraint::Max(10),
            Constraint::Max(self.rows_of_limits()),
            Constraint::Min(5),
            Constraint::Length(1),
        ]);
        let [head, mail, tables, limits, decisions, foot] = rows.areas(frame.area());
        frame.render_widget(self.head(), head);
        self.draw_mail(frame, mail);
        self.draw_tables(frame, tables);
        self.draw_limits(frame, limits);
        self.draw_decisions(frame, decisions);
        frame.render_widget(Line::from("q quit   up/down select   enter why   esc close").dim(), foot);
        if let Some(why) = &self.why {
            let area = frame.area();
            let area = area.inner(Margin::new(area.width / 10, area.height / 6));
            frame.render_widget(Clear, area);
            let block = Block::bordered().title(" why ");
            frame.render_widget(Paragraph::new(why.as_str()).wrap(Wrap { trim: false }).block(block), area);
        }
    }

    fn head(&self) -> Paragraph<'_> {
        let report = &self.report;
        let (state, color) = match (&self.stale, &report.unready) {
            (Some(error), _) => (format!("no answer: {error}"), Color::Red),
            (None, Some(reason)) => (format!("not ready: {reason}"), Color::Red),
            (None, None) => ("ready".to_owned(), Color::Green),
        };
        let config = &report.config;
        let reload = if config.last_reload_successful { "" } else { ", last reload FAILED" };
        let listeners = report.listeners.iter().map(|listener| {
            let up = if listener.up { "" } else { " DOWN" };
            format!("{} {}{up}", listener.name, listener.open)
        });
        let listeners: Vec<_> = listeners.collect();
        let broken = match report.key_files_broken {
            0.0 => Span::default(),
            broken => Span::styled(format!("  {broken} key files BROKEN"), Style::new().fg(Color::Red).bold()),
        };
        let store = report.standing.store.as_ref().map_or_else(Span::default, |store| {
            let style = if store.open { Style::new().fg(Color::Red).bold() } else { Style::new() };
            Span::styled(format!("  store {}", store.text), style)
        });
        Paragraph::new(vec![
            Line::from(vec![
                Span::styled(format!("postseal {}  ", report.version), Style::new().bold()),
                Span::styled(state, Style::new().fg(color).bold()),
                Span::raw(format!("  up {}", age(report.uptime_seconds))),
                store,
                broken,
            ]),
            Line::from(format!(
                "{}, in force for {}{reload}; connections: {}",
                config.path,
                age(config.age_seconds),
                listeners.join(", ")
            ))
            .dim(),
        ])
    }

    fn draw_mail(&self, frame: &mut Frame<'_>, area: Rect) {
        let totals: Vec<_> = self.report.verdicts.iter().map(|(verdict, count)| format!("{verdict} {count}")).collect();
        let block =
            Block::bordered().title(format!(" mail a minute, last hour; since the start: {} ", totals.join("  ")));
        let now = self.report.minutes.iter().map(|minute| minute.at).max().unwrap_or(0);
        let mut hour = [0_u64; 60];
        for minute in &self.report.minutes {
            let back = usize::try_from(now.saturating_sub(minute.at) / 60).unwrap_or(usize::MAX);
            if let Some(count) = 59_usize.checked_sub(back).and_then(|at| hour.get_mut(at)) {
                *count = minute.verdicts.values().copied().map(u64::from).sum();
            }
        }
        let wide = usize::from(area.width.saturating_sub(2)) / hour.len();
        let columns = hour.iter().flat_map(|count| std::iter::repeat_n(*count, wide.max(1)));
        frame.render_widget(Sparkline::default().data(columns).block(block), area);
    }

    fn draw_tables(&self, frame: &mut Frame<'_>, area: Rect) {
        let report = &self.report;
        let rows = |samples: &[Sample], names: &[&str]| -> Vec<(String, f64)> {
            let label = |sample: &Sample| names.iter().map(|name| sample.label(name)).collect::<Vec<_>>();
            samples.iter().map(|sample| (label(sample).join(" "), sample.value)).collect()
        };
        let unsigned = rows(&report.unsigned, &["reason"]);
        let unsigned = unsigned.into_iter().map(|(reason, count)| (format!("unsigned {reason}"), count));
        let mut signed = rows(&report.signatures, &["domain", "selector"]);
        signed.extend(unsigned);
        let tables = [
            ("reasons", rows(&report.reasons, &["filter", "reason", "verdict"])),
            ("checks", rows(&report.checks, &["check", "action"])),
            ("limits", rows(&report.limits, &["rule", "outcome"])),
            ("signatures", signed),
        ];
        let areas: [Rect; 4] = Layout::horizontal([Constraint::Fill(1); 4]).areas(area);
        for (area, (title, counts)) in areas.into_iter().zip(&tables) {
            let rows = counts.iter().map(|(name, count)| pair(name, count.to_string()));
            pairs(frame, area, title, 8, rows);
        }
    }

    fn rows_of_limits(&self) -> u16 {
        let standing = &self.report.standing;
        let most = standing.nearest.len().max(standing.blocked.len()).min(6);
        u16::try_from(most).map_or(0, |most| if most > 0 { most + 2 } else { 0 })
    }

    fn draw_limits(&self, frame: &mut Frame<'_>, area: Rect) {
        let [near, blocked] = Layout::horizontal([Constraint::Fill(1); 2]).areas(area);
        let standing = &self.report.standing;
        let rows = standing.nearest.iter().map(|one| {
            let color = if one.used >= one.quota { Color::Red } else { Color::Reset };
            let used = format!("{} of {} in {}", one.used, one.quota, one.window);
            pair(&one.key, used).fg(color)
        });
        pairs(frame, near, "nearest to their limit", 24, rows);
        let rows = standing.blocked.iter().map(|one| {
            let left = one.seconds.map_or_else(|| "until unblocked".to_owned(), age);
            pair(&one.key, left)
        });
        pairs(frame, blocked, "blocked", 24, rows);
    }

    fn draw_decisions(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let fixed = [8, 10, 16, 12].map(Constraint::Length);
        let widths = fixed.into_iter().chain([2, 2, 4].map(Constraint::Fill));
        let head = Row::new(["time", "verdict", "queue id", "listener", "user or client", "sender", "reasons"]);
        let table = Table::new(self.report.decisions.iter().map(decision), widths)
            .header(head.style(Style::new().add_modifier(Modifier::DIM)))
            .row_highlight_style(Style::new().reversed())
            .block(Block::bordered().title(" last decisions "));
        frame.render_stateful_widget(table, area, &mut self.table);
    }
}

fn decision(line: &status::DecisionLine) -> Row<'_> {
    let who = line.user.as_deref().or(line.client.as_deref()).unwrap_or("-");
    let sender = if line.mail_from.is_empty() { "<>" } else { &line.mail_from };
    let reasons = match (line.reasons.is_empty(), line.signatures.is_empty()) {
        (false, _) => line.reasons.join(", "),
        (true, false) => "signed".to_owned(),
        (true, true) => "-".to_owned(),
    };
    // The time of day without the fraction of a second, from RFC 3339.
    let time = line.at.split(['T', '.']).nth(1).unwrap_or("-");
    Row::new([
        Cell::from(time),
        Cell::from(line.verdict.as_str()).style(Style::new().fg(color(&line.verdict))),
        Cell::from(line.queue_id.as_deref().unwrap_or("-")),
        Cell::from(line.listener.as_str()),
        Cell::from(who),
        Cell::from(sender),
        Cell::from(reasons),
    ])
}

fn pair(name: &str, value: String) -> Row<'_> {
    Row::new([Cell::from(name), Cell::from(Line::from(value).right_aligned())])
}

/// Draws a table of names and values, the values on the right.
fn pairs<'a>(frame: &mut Frame<'_>, area: Rect, title: &str, width: u16, rows: impl Iterator<Item = Row<'a>>) {
    let table = Table::new(rows, [Constraint::Fill(1), Constraint::Length(width)]);
    frame.render_widget(table.block(Block::bordered().title(format!(" {title} "))), area);
}

fn color(verdict: &str) -> Color {
    match verdict {
        "accept" => Color::Green,
        "reject" => Color::Red,
        "tempfail" | "quarantine" => Color::Yellow,
        _ => Color::Gray,
    }
}

fn age(seconds: u64) -> String {
    for (unit, length) in [("d", 86_400), ("h", 3600), ("min", 60)] {
        if seconds >= 2 * length {
            return format!("{} {unit}", seconds / length);
        }
    }
    format!("{seconds} s")
}
