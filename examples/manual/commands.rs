//! postseal(8), from the same words as `postseal --help`.

use clap::{Arg, Command};

use super::page::Page;

/// The page of a program with subcommands.
pub(crate) fn page(program: &Command) -> String {
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut page = Page::new(program.get_name(), 8, &lower_first(&about(program)));
    let commands = leaves(program.get_name(), program);
    page.section("SYNOPSIS");
    for (name, command) in &commands {
        page.paragraph(&usage(name, command));
    }
    page.section("COMMANDS");
    for (name, command) in &commands {
        page.subsection(&usage(name, command));
        let about = command.get_long_about().map_or_else(|| about(command), ToString::to_string);
        page.paragraph(&sentence(&about));
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            page.item(&[&term(argument)], &help(argument));
        }
    }
    // "Heading:" at the left edge, and below it "  term   text" lines.
    let more = program.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    for line in more.lines().filter(|line| !line.is_empty()) {
        match (line.strip_prefix("  "), line.strip_suffix(':')) {
            (Some(item), _) => {
                let (term, text) = item.split_once("  ").unwrap_or((item, ""));
                page.item(&[term], text.trim_start());
            }
            (None, Some(heading)) => page.section(&heading.to_uppercase()),
            (None, None) => page.paragraph(line),
        }
    }
    page.section("SEE ALSO");
    page.paragraph("postseal.toml(5)");
    page.text()
}

/// What can be called, by its full name: subcommands of subcommands too.
fn leaves<'a>(name: &str, command: &'a Command) -> Vec<(String, &'a Command)> {
    let mut leaves = Vec::new();
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        leaves.extend(leaves_or_itself(format!("{name} {}", below.get_name()), below));
    }
    leaves
}

fn leaves_or_itself(name: String, command: &Command) -> Vec<(String, &Command)> {
    let leaves = leaves(&name, command);
    if leaves.is_empty() { vec![(name, command)] } else { leaves }
}

fn usage(name: &str, command: &Command) -> String {
    let mut words = vec![name.to_owned()];
    words.extend(command.get_positionals().map(|argument| value(argument, argument.get_id().as_str())));
    if command.get_opts().next().is_some() {
        words.push("[OPTIONS]".to_owned());
    }
    words.join(" ")
}

fn term(argument: &Arg) -> String {
    match argument.get_long() {
        Some(long) if argument.get_action().takes_values() => format!("--{long} {}", value(argument, long)),
        Some(long) => format!("--{long}"),
        None => value(argument, argument.get_id().as_str()),
    }
}

fn value(argument: &Arg, otherwise: &str) -> String {
    let names = argument.get_value_names().and_then(|names| names.first());
    names.map_or_else(|| otherwise.to_uppercase(), ToString::to_string)
}

fn help(argument: &Arg) -> String {
    let mut text = sentence(&argument.get_help().map(ToString::to_string).unwrap_or_default());
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if argument.get_action().takes_values() && !defaults.is_empty() {
        text = format!("{text} Default: {}.", defaults.join(", "));
    }
    let possible: Vec<_> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if argument.get_action().takes_values() && !possible.is_empty() {
        text = format!("{text} One of: {}.", possible.join(", "));
    }
    text
}

/// The help of a command line leaves the full stop out.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', ']']) || text.is_empty() { text.to_owned() } else { format!("{text}.") }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
