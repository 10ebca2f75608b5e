//! Reads the address fields of messages with this project's parser and with mail-parser, for `test_addresses.py`.
//!
//! Names of files on stdin; on stdout one JSON object for each From, Sender, Reply-To, To and Cc field: its value in
//! Latin-1, and what both find in it. Ours may be an error; mail-parser always finds something.

use std::io::{self, BufRead, Write};

use mail_parser::MessageParser;
use postseal::message_file::MessageFile;
use postseal_filters::mail::address::mailboxes;
use serde_json::json;

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for name in io::stdin().lock().lines() {
        let name = name?;
        let text = std::fs::read(&name)?;
        for field in &MessageFile::parse(&text).fields {
            let field_name = String::from_utf8_lossy(field.name.trim_ascii_end()).to_ascii_lowercase();
            if !["from", "sender", "reply-to", "to", "cc"].contains(&&*field_name) {
                continue;
            }
            let latin1: String = field.value.iter().map(|byte| char::from(*byte)).collect();
            let ours = match mailboxes(&field.value) {
                Ok(found) => json!(found.iter().map(written).collect::<Vec<_>>()),
                Err(error) => json!({ "error": error.to_string() }),
            };
            let theirs = mail_parser(&field.value);
            let line = json!({ "file": name, "field": field_name, "value": latin1, "ours": ours, "theirs": theirs });
            writeln!(out, "{line}")?;
        }
    }
    out.flush()
}

fn written(mailbox: &postseal_filters::mail::address::Mailbox) -> String {
    match &mailbox.domain {
        Some(domain) => format!("{}@{domain}", mailbox.local),
        None => mailbox.local.clone(),
    }
}

/// The addresses that mail-parser finds in a value. It is shown as To, since mail-parser keeps lists of those only.
fn mail_parser(value: &[u8]) -> Vec<String> {
    let text = [b"To:", value, b"\n\n"].concat();
    let message = MessageParser::default().parse(&text);
    let Some(found) = message.as_ref().and_then(|message| message.to()) else { return Vec::new() };
    found.mailboxes().filter_map(|one| one.address().map(str::to_owned)).collect()
}
