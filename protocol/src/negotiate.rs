//! What an MTA offers, what a filter wants, and what both agree on (`SMFIC_OPTNEG`).

use bitflags::bitflags;
use bytes::Bytes;

use crate::error::NegotiateError;
use crate::macros::Stage;

bitflags! {
    /// Edits that a filter may ask for (`SMFIF_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ActionFlags: u32 {
        /// Add and insert header fields.
        const ADD_HEADERS = 0x001;
        /// Replace the body.
        const CHANGE_BODY = 0x002;
        /// Add recipients.
        const ADD_RECIPIENTS = 0x004;
        /// Delete recipients.
        const DELETE_RECIPIENTS = 0x008;
        /// Change and delete header fields.
        const CHANGE_HEADERS = 0x010;
        /// Quarantine the message.
        const QUARANTINE = 0x020;
        /// Change the reverse-path.
        const CHANGE_SENDER = 0x040;
        /// Add recipients with ESMTP arguments.
        const ADD_RECIPIENTS_WITH_ARGUMENTS = 0x080;
        /// Choose which macros are sent.
        const SET_MACRO_LIST = 0x100;
        /// Unknown bits of an offer are kept.
        const _ = !0;
    }

    /// Steps that are left out or not answered, and other abilities (`SMFIP_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ProtocolFlags: u32 {
        /// Don't send CONNECT.
        const NO_CONNECT = 0x0000_0001;
        /// Don't send HELO.
        const NO_HELO = 0x0000_0002;
        /// Don't send MAIL.
        const NO_MAIL = 0x0000_0004;
        /// Don't send RCPT.
        const NO_RCPT = 0x0000_0008;
        /// Don't send the body.
        const NO_BODY = 0x0000_0010;
        /// Don't send header fields.
        const NO_HEADERS = 0x0000_0020;
        /// Don't send the end of the header section.
        const NO_END_OF_HEADERS = 0x0000_0040;
        /// No reply to header fields.
        const NO_REPLY_HEADER = 0x0000_0080;
        /// Don't send unknown commands.
        const NO_UNKNOWN = 0x0000_0100;
        /// Don't send DATA.
        const NO_DATA = 0x0000_0200;
        /// The MTA understands SKIP.
        const SKIP = 0x0000_0400;
        /// Send rejected recipients too.
        const REJECTED_RECIPIENTS = 0x0000_0800;
        /// No reply to CONNECT.
        const NO_REPLY_CONNECT = 0x0000_1000;
        /// No reply to HELO.
        const NO_REPLY_HELO = 0x0000_2000;
        /// No reply to MAIL.
        const NO_REPLY_MAIL = 0x0000_4000;
        /// No reply to RCPT.
        const NO_REPLY_RCPT = 0x0000_8000;
        /// No reply to DATA.
        const NO_REPLY_DATA = 0x0001_0000;
        /// No reply to unknown commands.
        const NO_REPLY_UNKNOWN = 0x0002_0000;
        /// No reply to the end of the header section.
        const NO_REPLY_END_OF_HEADERS = 0x0004_0000;
        /// No reply to body chunks.
        const NO_REPLY_BODY = 0x0008_0000;
        /// Header values keep their leading white space, both ways.
        const LEADING_SPACE = 0x0010_0000;
        /// Packets up to 256 KiB.
        const DATA_SIZE_256K = 0x1000_0000;
        /// Packets up to 1 MiB.
        const DATA_SIZE_1M = 0x2000_0000;
        /// Unknown bits of an offer are kept.
        const _ = !0;
    }
}

/// What the MTA offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Protocol version.
    pub version: u32,
    /// Edits that the MTA can do.
    pub actions: ActionFlags,
    /// Steps that can be left out, and other abilities.
    pub protocol: ProtocolFlags,
}

impl Offer {
    /// The offer with empty masks replaced by what they stand for: MTAs of version 1 left them out, and libmilter
    /// (engine.c `st_optionneg`) takes all others the same way.
    #[must_use]
    pub fn explicit(self) -> Self {
        let Self { version, mut actions, mut protocol } = self;
        if actions.is_empty() {
            actions = VERSION_1_ACTIONS;
        }
        if protocol.is_empty() {
            protocol = VERSION_1_PROTOCOL;
        }
        Self { version, actions, protocol }
    }
}

/// What a filter wants of the MTA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Edits the filter will ask for; all must be offered. `SET_MACRO_LIST` is taken care of by `macros`.
    pub actions: ActionFlags,
    /// Steps to leave out, replies to waive and abilities that are taken where offered.
    pub protocol: ProtocolFlags,
    /// The part of `protocol` that must be offered.
    pub required: ProtocolFlags,
    /// Macros wanted at each stage; where the MTA can't be asked for them, it sends what it is configured for.
    pub macros: Vec<(Stage, Vec<String>)>,
}

/// The answer to an offer; what both sides go by from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Protocol version.
    pub version: u32,
    /// Edits that may be used.
    pub actions: ActionFlags,
    /// Steps left out, replies waived, abilities in use.
    pub protocol: ProtocolFlags,
    /// Macros asked for, by stage; names separated by spaces, as on the wire.
    pub macros: Vec<(Stage, Bytes)>,
}

impl Negotiated {
    /// True if one of these flags is in force.
    pub fn has(&self, flags: ProtocolFlags) -> bool {
        self.protocol.intersects(flags)
    }
}

/// Computes the answer to an offer.
///
/// The answer never has a bit that was not offered: Sendmail ends the dialogue over a surplus protocol bit, both MTAs
/// over a surplus action bit or a higher version. Macro lists are sent where the MTA offers them; those for the end of
/// the header section and the end of the message always together, because Sendmail 8.17 ignores the latter without the
/// former.
///
/// # Errors
/// If the MTA is too old, or does not offer an action that is wanted or a protocol ability that is required.
pub fn negotiate(offer: &Offer, wanted: &Wanted) -> Result<Negotiated, NegotiateError> {
    if offer.version < MIN_VERSION {
        return Err(NegotiateError::Version(offer.version));
    }
    let Offer { actions: offered_actions, protocol: offered_protocol, .. } = offer.explicit();

    let must = wanted.actions - ActionFlags::SET_MACRO_LIST;
    if !offered_actions.contains(must) {
        return Err(NegotiateError::Actions(must - offered_actions));
    }
    if !offered_protocol.contains(wanted.required) {
        return Err(NegotiateError::Protocol(wanted.required - offered_protocol));
    }
    let macros = if offered_actions.contains(ActionFlags::SET_MACRO_LIST) {
        macro_lists(&wanted.macros)
    } else {
        Vec::new()
    };
    let mut actions = must;
    actions.set(ActionFlags::SET_MACRO_LIST, !macros.is_empty());
    Ok(Negotiated {
        version: offer.version.min(MAX_VERSION),
        actions,
        protocol: (wanted.protocol | wanted.required) & offered_protocol,
        macros,
    })
}

/// One list a stage, without doubles. An empty list would mean the MTA's own list to Postfix, so none is sent.
fn macro_lists(wanted: &[(Stage, Vec<String>)]) -> Vec<(Stage, Bytes)> {
    let names = |stage: Stage| {
        let mut names: Vec<&str> = Vec::new();
        for name in wanted.iter().filter(|(at, _)| *at == stage).flat_map(|(_, names)| names) {
            if !name.is_empty() && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names.join(" ")
    };
    let mut lists: Vec<(Stage, String)> = Stage::ALL.into_iter().map(|stage| (stage, names(stage))).collect();
    if let [.., (Stage::EndOfHeaders, headers), (Stage::EndOfMessage, message)] = lists.as_mut_slice() {
        if headers.is_empty() {
            headers.clone_from(message);
        } else if message.is_empty() {
            message.clone_from(headers);
        }
    }
    let lists = lists.into_iter().filter(|(_, names)| !names.is_empty());
    lists.map(|(stage, names)| (stage, Bytes::from(names))).collect()
}

/// What an MTA can do that does not say what it can.
const VERSION_1_ACTIONS: ActionFlags = ActionFlags::from_bits_retain(0x0f);
/// What an MTA can leave out that does not say so.
const VERSION_1_PROTOCOL: ProtocolFlags = ProtocolFlags::from_bits_retain(0x3f);
/// The oldest version that is supported.
pub const MIN_VERSION: u32 = 2;
/// The newest version there is.
pub const MAX_VERSION: u32 = 6;

#[cfg(test)]
mod tests;
