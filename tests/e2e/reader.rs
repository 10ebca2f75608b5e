//! What a reader sees of messages, by mail-parser: for tests, which ask it before and after a repair.
//!
//! Messages come on standard input, each as its length, a line feed and its octets. Each is answered by a line of JSON:
//! `subject`, `addresses` (of From, Sender, Reply-To, To and Cc, as field, name, address) and `texts`, decoded.

use std::io::{self, BufRead, Read, Write};

use mail_parser::{AddressList, Message, MessageParser};
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let length: usize = line.trim().parse().map_err(io::Error::other)?;
        let mut octets = vec![0; length];
        input.read_exact(&mut octets)?;
        let seen = MessageParser::default().parse(&octets).map_or(Value::Null, |message| seen(&message));
        writeln!(output, "{seen}")?;
        output.flush()?;
        line.clear();
    }
    Ok(())
}

fn seen(message: &Message<'_>) -> Value {
    let fields = [
        ("From", message.from()),
        ("Sender", message.sender()),
        ("Reply-To", message.reply_to()),
        ("To", message.to()),
        ("Cc", message.cc()),
    ];
    let addresses: Vec<_> =
        fields.into_iter().filter_map(|(name, list)| Some(mailboxes(name, &list?))).flatten().collect();
    let texts: Vec<_> = message.parts().filter_map(|part| part.text()).collect();
    json!({ "subject": message.subject(), "addresses": addresses, "texts": texts })
}

fn mailboxes(field: &str, list: &AddressList<'_>) -> Vec<Value> {
    list.mailboxes().map(|one| json!([field, one.name(), one.address()])).collect()
}
