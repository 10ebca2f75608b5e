//! The needs of all filters, as one wish to the MTA.

use postseal_protocol::{ActionFlags, ProtocolFlags, Stage, Wanted};

use crate::connection::OriginPolicy;
use crate::filter::{BodyNeed, Needs, Steps};

/// What the pipeline itself reads: the MTA (`v`), the queue id (`i`, which Postfix knows from DATA on, Sendmail from
/// MAIL on), the user. The lists of the MTAs lack some of them, and administrators trim them.
const ALWAYS: [(Stage, &[&str]); 7] = [
    (Stage::Connect, &["v"]),
    (Stage::Helo, &[]),
    (Stage::Mail, &["i", "{auth_authen}"]),
    (Stage::Rcpt, &["i", "{rcpt_mailer}"]),
    (Stage::Data, &["i"]),
    (Stage::EndOfHeaders, &["i"]),
    (Stage::EndOfMessage, &["i"]),
];
/// For each step, the flag that switches it off and the flag that waives its reply. A step without the first is always
/// looked at, because the log line tells of it; a body is switched off by [`BodyNeed`].
const FLAGS: [(Steps, ProtocolFlags, ProtocolFlags); 7] = [
    (Steps::CONNECT, ProtocolFlags::empty(), ProtocolFlags::NO_REPLY_CONNECT),
    (Steps::HELO, ProtocolFlags::NO_HELO, ProtocolFlags::NO_REPLY_HELO),
    (Steps::MAIL, ProtocolFlags::empty(), ProtocolFlags::NO_REPLY_MAIL),
    (Steps::RCPT, ProtocolFlags::empty(), ProtocolFlags::NO_REPLY_RCPT),
    (Steps::DATA, ProtocolFlags::NO_DATA, ProtocolFlags::NO_REPLY_DATA),
    (Steps::END_OF_HEADERS, ProtocolFlags::NO_END_OF_HEADERS, ProtocolFlags::NO_REPLY_END_OF_HEADERS),
    (Steps::BODY, ProtocolFlags::empty(), ProtocolFlags::NO_REPLY_BODY),
];

/// What a pipeline needs of the MTA.
#[derive(Debug)]
pub(super) struct Union {
    pub(super) sees: Steps,
    pub(super) answers: Steps,
    pub(super) edits: ActionFlags,
    pub(super) body: BodyNeed,
    macros: Vec<(Stage, Vec<String>)>,
}

impl Union {
    pub(super) fn of<'a>(needs: impl Iterator<Item = &'a Needs>, origin: &OriginPolicy) -> Self {
        let mut union = Self {
            sees: Steps::empty(),
            answers: Steps::empty(),
            edits: ActionFlags::empty(),
            body: BodyNeed::Skip,
            macros: ALWAYS.iter().map(|(stage, names)| (*stage, owned(names))).collect(),
        };
        for (name, _) in &origin.macros {
            union.want(Stage::Connect, name);
            union.want(Stage::Mail, name);
        }
        for needs in needs {
            union.sees |= needs.sees;
            union.answers |= needs.answers;
            union.edits |= needs.edits;
            union.body = union.body.max(needs.body);
            for (stage, name) in &needs.macros {
                union.want(*stage, name);
            }
        }
        union
    }

    fn want(&mut self, stage: Stage, name: &str) {
        if let Some((_, names)) = self.macros.iter_mut().find(|(other, _)| *other == stage)
            && !names.iter().any(|other| other == name)
        {
            names.push(name.to_owned());
        }
    }

    /// Steps that nobody looks at are switched off, replies that nobody gives are waived. Connection, reverse-path,
    /// recipients and header fields are always looked at: the log line tells of them.
    pub(super) fn wanted(&self) -> Wanted {
        let mut protocol = ProtocolFlags::LEADING_SPACE
            | ProtocolFlags::SKIP
            | ProtocolFlags::NO_UNKNOWN
            | ProtocolFlags::NO_REPLY_HEADER;
        for (step, off, waived) in FLAGS {
            protocol.set(off, !self.sees.contains(step));
            protocol.set(waived, !self.answers.contains(step));
        }
        let rejected = self.sees.contains(Steps::REJECTED_RCPT);
        protocol.set(ProtocolFlags::REJECTED_RECIPIENTS, rejected);
        protocol.set(ProtocolFlags::NO_BODY, self.body == BodyNeed::Skip);
        Wanted {
            actions: self.edits | ActionFlags::SET_MACRO_LIST,
            protocol,
            required: if rejected { ProtocolFlags::REJECTED_RECIPIENTS } else { ProtocolFlags::empty() },
            macros: self.macros.iter().filter(|(_, names)| !names.is_empty()).cloned().collect(),
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
