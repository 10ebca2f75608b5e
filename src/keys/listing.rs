//! Shows which domain signs for which addresses: the table that follows from a configuration.

use std::io::{self, Write};

use postseal_filters::dkim::{KeyTable, NamedKey, Pattern, SigningAlgorithm, SigningRule};

/// Writes the table as comments of a TOML file, in the order in which a From address is looked up.
///
/// # Errors
/// Those of the writer.
pub fn write(table: &KeyTable, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: Vec<_> = table.rules().collect();
    rules.sort_by_cached_key(|rule| order(&rule.pattern));
    let mut rows = vec![["From".to_owned(), "d=".to_owned(), "i=".to_owned(), "s=".to_owned()]];
    rows.extend(rules.into_iter().map(row));
    let widths = [0, 1, 2].map(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    });
    writeln!(out, "# Who signs for whom; for each From address all lines of the first pattern that fits.")?;
    for [from, domain, identity, keys] in &rows {
        let [first, second, third] = widths;
        writeln!(out, "# {from:<first$}  {domain:<second$}  {identity:<third$}  {keys}")?;
    }
    Ok(())
}

/// Addresses, domains, longer domains above them before shorter ones, everything.
fn order(pattern: &Pattern) -> (usize, usize, String) {
    let text = pattern.to_string();
    match pattern {
        Pattern::Address { .. } => (0, 0, text),
        Pattern::Domain(_) => (1, 0, text),
        Pattern::Subdomains(_) => (2, usize::MAX - text.len(), text),
        Pattern::Any => (3, 0, text),
    }
}

fn row(rule: &SigningRule) -> [String; 4] {
    let identity = rule.identity.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let keys: Vec<_> = rule.keys().iter().map(key).collect();
    let keys = if keys.is_empty() { "no usable key".to_owned() } else { keys.join(", ") };
    [rule.pattern.to_string(), rule.signing_domain.to_string(), identity, keys]
}

fn key(key: &NamedKey) -> String {
    match key.private.algorithm() {
        SigningAlgorithm::Rsa => format!("{} (RSA {})", key.selector, key.private.bits()),
        SigningAlgorithm::Ed25519 => format!("{} (Ed25519)", key.selector),
    }
}
