//! The fuzz target of everything that reads addresses: fields, patterns, targets, tables.

use crate::mail::address::{AddrSpec, mailboxes, replaced};
use crate::sender::{AddressPattern, SenderSettings, TableFormat, TableSettings, Target};

/// Reads the data as each of them. Whatever is read from a field can be written back in its place and is the same when
/// it is read again; another address in its place is what is read then; nothing else changes.
///
/// # Panics
/// If that is not so.
pub fn fuzz_addresses(data: &[u8]) {
    field(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let (Ok(pattern), Ok(target)) = (text.parse::<AddressPattern>(), text.parse::<Target>()) {
        // What is both is one address, or all of a domain.
        assert!(target.captures() == 0 || pattern.stars() > 0 || text.contains('$'), "{text:?}");
    }
    for format in [TableFormat::Lines, TableFormat::Postfix] {
        let table = TableSettings { file: "table".into(), format, places: crate::sender::AddressField::OWNED.to_vec() };
        let settings = SenderSettings { table: vec![table], ..SenderSettings::default() };
        let _ = settings.plan(&[("table".to_owned(), text.to_owned())], &[]);
    }
}

fn field(value: &[u8]) {
    let Ok(found) = mailboxes(value) else { return };
    let mut end = 0;
    for mailbox in &found {
        assert!(mailbox.range.start >= end && mailbox.range.end <= value.len(), "{mailbox:?}");
        end = mailbox.range.end;
    }
    let addresses: Option<Vec<AddrSpec>> = found.iter().cloned().map(AddrSpec::of).collect();
    let Some(addresses) = addresses else { return };
    let ranges = || found.iter().map(|mailbox| &mailbox.range);
    let same = replaced(value, ranges().zip(addresses.iter().map(ToString::to_string)));
    assert_eq!(read(&same), addresses, "{}", String::from_utf8_lossy(&same));
    let other = replaced(value, ranges().map(|range| (range, OTHER.to_owned())));
    assert!(read(&other).iter().all(|address| address.to_string() == OTHER));
    assert_eq!(read(&other).len(), addresses.len(), "{}", String::from_utf8_lossy(&other));
}

fn read(value: &[u8]) -> Vec<AddrSpec> {
    let found = mailboxes(value).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(value)));
    found.into_iter().filter_map(AddrSpec::of).collect()
}

const OTHER: &str = "webmaster@firma.example";
