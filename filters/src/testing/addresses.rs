//! The fuzz target of everything that reads addresses: fields, patterns, targets, tables.

use crate::mail::address::{AddrSpec, Mailbox, is_ambiguous, mailboxes, repeats_in_name, replaced};
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
        let element = &mailbox.element;
        assert!(
            element.start <= mailbox.range.start && end <= element.end && element.end <= value.len(),
            "{mailbox:?}"
        );
        for repeated in repeats_in_name(value, mailbox) {
            assert!(element.start <= repeated.start && repeated.end <= mailbox.range.start, "{mailbox:?}");
        }
    }
    let _ = is_ambiguous(value, &found);
    without_one(value, &found);
    let addresses: Option<Vec<AddrSpec>> = found.iter().cloned().map(AddrSpec::of).collect();
    let Some(addresses) = addresses else { return };
    let ranges = || found.iter().map(|mailbox| &mailbox.range);
    let same = replaced(value, ranges().zip(addresses.iter().map(ToString::to_string)));
    assert_eq!(read(&same), addresses, "{}", String::from_utf8_lossy(&same));
    let other = replaced(value, ranges().map(|range| (range, OTHER.to_owned())));
    assert!(read(&other).iter().all(|address| address.to_string() == OTHER));
    assert_eq!(read(&other).len(), addresses.len(), "{}", String::from_utf8_lossy(&other));
}

/// An element can be taken out with the comma before it, and the others stay.
fn without_one(value: &[u8], found: &[Mailbox]) {
    let Some((at, last)) = found.iter().enumerate().next_back() else { return };
    let comma = last.element.start.checked_sub(1).filter(|comma| value.get(*comma) == Some(&b','));
    let Some(comma) = comma else { return };
    let place = comma..last.element.end;
    let rest = replaced(value, [(&place, String::new())]);
    let others = mailboxes(&rest).map(|all| all.into_iter().map(|one| (one.local, one.domain)).collect::<Vec<_>>());
    let expected = found.iter().take(at).map(|one| (one.local.clone(), one.domain.clone())).collect();
    assert_eq!(others, Ok(expected), "{}", String::from_utf8_lossy(value));
}

fn read(value: &[u8]) -> Vec<AddrSpec> {
    let found = mailboxes(value).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(value)));
    found.into_iter().filter_map(AddrSpec::of).collect()
}

const OTHER: &str = "webmaster@firma.example";
