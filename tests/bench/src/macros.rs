//! Macros as Postfix sends them: the lists that a filter asks for, or Postfix's own, with the values it has at a stage.
//!
//! What has no value is left out. With the end of the header section the message moves to another process of Postfix,
//! which no longer knows TLS, sender and recipient.

use bytes::Bytes;
use postseal_protocol::testing::mta::Mta;
use postseal_protocol::{CommandKind, MacroList, Stage};

/// The macros of each stage, ready to be sent, for one connection.
#[derive(Debug)]
pub(crate) struct Macros {
    stages: [Vec<(Bytes, Bytes)>; 7],
    /// Where the queue id goes: it is new for each message.
    wants_id: [bool; 7],
}

impl Macros {
    /// What was agreed on with the filter.
    pub(crate) fn agreed(mta: &Mta) -> Self {
        let names = Stage::ALL.map(|stage| {
            let asked = mta.macros_wanted(stage).map(|names| String::from_utf8_lossy(names).into_owned());
            asked.unwrap_or_else(|| default_list(stage).to_owned())
        });
        let mut stage = Stage::ALL.into_iter();
        let stages = names.each_ref().map(|names| {
            let stage = stage.next().unwrap_or(Stage::EndOfMessage);
            let known = |name: &str| Some((Bytes::copy_from_slice(name.as_bytes()), value(stage, name)?));
            names.split(' ').filter_map(known).collect()
        });
        Self { stages, wants_id: names.map(|names| names.split(' ').any(|name| name == "i" || name == "{i}")) }
    }

    /// The user from now on.
    pub(crate) fn log_in(&mut self, user: Bytes) {
        let values = self.stages.iter_mut().flatten();
        values.filter(|(name, _)| name == "{auth_authen}").for_each(|(_, value)| *value = user.clone());
    }

    /// The packet ahead of a command. Header fields go with the macros for the end of the header section, body pieces
    /// with those for the end of the message. The queue id is not known before DATA (unless a recipient was accepted).
    pub(crate) fn ahead_of(&self, kind: CommandKind, queue_id: &Bytes) -> MacroList {
        let stage = match kind {
            CommandKind::Header => Stage::EndOfHeaders,
            CommandKind::BodyChunk => Stage::EndOfMessage,
            _ => kind.stage().unwrap_or(Stage::Connect),
        };
        let mut values = self.stages.get(stage as usize).cloned().unwrap_or_default();
        if stage >= Stage::Data && self.wants_id.get(stage as usize) == Some(&true) {
            values.push((Bytes::from_static(b"i"), queue_id.clone()));
        }
        MacroList { command: kind.byte(), values }
    }
}

/// `milter_connect_macros` and so on, as they are set by default (Postfix 3.7).
fn default_list(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "j {daemon_name} {daemon_addr} v _",
        Stage::Helo => "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
        Stage::Mail => "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
        Stage::Rcpt => "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
        Stage::Data | Stage::EndOfHeaders | Stage::EndOfMessage => "i",
    }
}

/// The value of a macro in a submission over TLS by a user who has logged in.
fn value(stage: Stage, name: &str) -> Option<Bytes> {
    let in_cleanup = stage >= Stage::EndOfHeaders;
    let text = match name {
        "j" | "{j}" => "mail.bench.example",
        "v" | "{v}" => "Postfix 3.7.11",
        "_" | "{_}" => "client.bench.example [192.0.2.10]",
        "{daemon_name}" => "ORIGINATING",
        "{daemon_addr}" => "127.0.0.1",
        "{daemon_port}" => "587",
        "{client_addr}" => "192.0.2.10",
        "{client_name}" | "{client_ptr}" => "client.bench.example",
        "{client_port}" => "41234",
        "{auth_type}" if stage >= Stage::Mail => "PLAIN",
        "{auth_authen}" if stage >= Stage::Mail => "alice",
        _ if in_cleanup => return None,
        "{client_connections}" => "1",
        "{client_resolve}" => "OK",
        "{tls_version}" if stage >= Stage::Helo => "TLSv1.3",
        "{cipher}" if stage >= Stage::Helo => "TLS_AES_256_GCM_SHA384",
        "{cipher_bits}" if stage >= Stage::Helo => "256",
        "{mail_addr}" if stage >= Stage::Mail => "alice@bench.example",
        "{mail_host}" if stage >= Stage::Mail => "bench.example",
        "{mail_mailer}" if stage >= Stage::Mail => "smtp",
        "{rcpt_addr}" if stage >= Stage::Rcpt => "bob@dest.example",
        "{rcpt_host}" if stage >= Stage::Rcpt => "dest.example",
        "{rcpt_mailer}" if stage >= Stage::Rcpt => "smtp",
        _ => return None,
    };
    Some(Bytes::from_static(text.as_bytes()))
}
