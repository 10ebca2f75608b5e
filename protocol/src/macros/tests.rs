use bytes::Bytes;

use super::{MacroTable, Stage};
use crate::command::CommandKind;

fn table(stages: &[(Stage, &'static str, &'static str)]) -> MacroTable {
    let mut table = MacroTable::default();
    for (stage, name, value) in stages {
        table.announce(*stage, vec![((*name).into(), (*value).into())]);
        table.begin(*stage);
    }
    table
}

fn value<'a>(table: &'a MacroTable, name: &str) -> Option<&'a str> {
    table.get(name).map(|value: &Bytes| std::str::from_utf8(value).unwrap())
}

#[test]
fn the_latest_stage_wins() {
    let mut table = table(&[(Stage::Connect, "i", "first"), (Stage::Mail, "j", "x")]);
    assert_eq!(value(&table, "i"), Some("first"));
    table.announce(Stage::EndOfMessage, vec![("i".into(), "last".into())]);
    assert_eq!(value(&table, "i"), Some("last"));
    assert_eq!(value(&table, "{mail_addr}"), None);
}

#[test]
fn braces_around_one_letter_make_no_difference() {
    let mut table = table(&[(Stage::Connect, "i", "1")]);
    assert_eq!(value(&table, "{i}"), Some("1"));
    table.announce(Stage::Connect, vec![("{j}".into(), "2".into())]);
    assert_eq!(value(&table, "j"), Some("2"));
    table.announce(Stage::Connect, vec![("{mail_addr}".into(), "3".into())]);
    assert_eq!(value(&table, "mail_addr"), None);
    assert_eq!(value(&table, "{mail_addr}"), Some("3"));
}

#[test]
fn a_stage_drops_itself_and_what_comes_later() {
    let all: Vec<_> = Stage::ALL
        .into_iter()
        .zip(["a", "b", "c", "d", "e", "f", "g"])
        .map(|(stage, name)| (stage, name, "value"))
        .collect();
    for (number, (stage, ..)) in all.iter().enumerate() {
        let mut announced = table(&all);
        announced.announce(*stage, Vec::new());
        let mut begun = table(&all);
        begun.begin(*stage);
        let mut cleared = table(&all);
        cleared.clear_from(*stage);
        for (other, (_, name, _)) in all.iter().enumerate() {
            let kept = other < number;
            assert_eq!(announced.get(name).is_some(), kept, "{name} after macros of {stage:?}");
            assert_eq!(begun.get(name).is_some(), kept, "{name} after a bare {stage:?}");
            assert_eq!(cleared.get(name).is_some(), kept, "{name} after the end of {stage:?}");
        }
    }
}

#[test]
fn macros_hold_for_one_command_of_their_stage() {
    let mut table = table(&[(Stage::Rcpt, "{rcpt_addr}", "a@example.com")]);
    assert_eq!(value(&table, "{rcpt_addr}"), Some("a@example.com"));
    table.begin(Stage::Rcpt);
    assert_eq!(value(&table, "{rcpt_addr}"), None);
}

#[test]
fn macros_that_come_ahead_of_an_earlier_command_leave_its_own() {
    let mut table = MacroTable::default();
    table.announce(Stage::Connect, vec![("j".into(), "1".into())]);
    table.announce(Stage::Helo, vec![("{tls_version}".into(), "2".into())]);
    table.begin(Stage::Connect);
    assert_eq!(value(&table, "j"), Some("1"));
    assert_eq!(value(&table, "{tls_version}"), None);
}

#[test]
fn a_value_that_is_set_again_is_replaced() {
    let mut table = table(&[(Stage::Mail, "i", "1"), (Stage::Rcpt, "{rcpt_addr}", "a")]);
    table.insert(Stage::Mail, "{i}", "2");
    assert_eq!(value(&table, "i"), Some("2"));
    assert_eq!(value(&table, "{rcpt_addr}"), Some("a"));
}

#[test]
fn stage_numbers_of_the_wire() {
    let numbers = Stage::ALL.map(Stage::wire_number);
    assert_eq!(numbers, [0, 1, 2, 3, 4, 6, 5]);
    for stage in Stage::ALL {
        assert_eq!(Stage::from_wire_number(stage.wire_number()), Some(stage));
    }
    assert_eq!(Stage::from_wire_number(7), None);
}

#[test]
fn every_stage_has_one_command() {
    let stages: Vec<Stage> = CommandKind::ALL.into_iter().filter_map(CommandKind::stage).collect();
    assert_eq!(stages, Stage::ALL);
}
