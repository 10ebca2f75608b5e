//! The negotiation that opens a dialogue: offer, wishes and agreement (`SMFIC_OPTNEG`).

use bitflags::bitflags;
use bytes::Bytes;

use crate::macros::Stage;

/// The edits that an MTA supports if its offer names none.
const VERSION_1_ACTIONS: ActionFlags = ActionFlags::from_bits_retain(0x0f);
/// The steps that an MTA can leave out if its offer names none.
const VERSION_1_PROTOCOL: ProtocolFlags = ProtocolFlags::from_bits_retain(0x3f);

/// The oldest protocol version that is supported.
pub const MIN_VERSION: u32 = 2;
/// The newest protocol version that exists.
pub const MAX_VERSION: u32 = 6;

bitflags! {
    /// Edits that a filter may ask for (`SMFIF_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ActionFlags: u32 {
        /// Add and insert header fields.
        #[doc(alias = "SMFIF_ADDHDRS")] const ADD_HEADERS = 0x001;
        /// Replace the body.
        #[doc(alias = "SMFIF_CHGBODY")] const CHANGE_BODY = 0x002;
        /// Add recipients.
        #[doc(alias = "SMFIF_ADDRCPT")] const ADD_RECIPIENTS = 0x004;
        /// Delete recipients.
        #[doc(alias = "SMFIF_DELRCPT")] const DELETE_RECIPIENTS = 0x008;
        /// Change and delete header fields.
        #[doc(alias = "SMFIF_CHGHDRS")] const CHANGE_HEADERS = 0x010;
        /// Quarantine the message.
        #[doc(alias = "SMFIF_QUARANTINE")] const QUARANTINE = 0x020;
        /// Change the reverse-path.
        #[doc(alias = "SMFIF_CHGFROM")] const CHANGE_SENDER = 0x040;
        /// Add recipients with ESMTP arguments.
        #[doc(alias = "SMFIF_ADDRCPT_PAR")] const ADD_RECIPIENTS_WITH_ARGUMENTS = 0x080;
        /// Choose which macros are sent.
        #[doc(alias = "SMFIF_SETSYMLIST")] const SET_MACRO_LIST = 0x100;
        /// Unknown bits of an offer are kept.
        const _ = !0;
    }

    /// Steps that are not sent or not answered, and other abilities (`SMFIP_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ProtocolFlags: u32 {
        /// Don't send CONNECT.
        #[doc(alias = "SMFIP_NOCONNECT")] const NO_CONNECT = 0x0000_0001;
        /// Don't send HELO.
        #[doc(alias = "SMFIP_NOHELO")] const NO_HELO = 0x0000_0002;
        /// Don't send MAIL.
        #[doc(alias = "SMFIP_NOMAIL")] const NO_MAIL = 0x0000_0004;
        /// Don't send RCPT.
        #[doc(alias = "SMFIP_NORCPT")] const NO_RCPT = 0x0000_0008;
        /// Don't send the body.
        #[doc(alias = "SMFIP_NOBODY")] const NO_BODY = 0x0000_0010;
        /// Don't send header fields.
        #[doc(alias = "SMFIP_NOHDRS")] const NO_HEADERS = 0x0000_0020;
        /// Don't send the end of the header section.
        #[doc(alias = "SMFIP_NOEOH")] const NO_END_OF_HEADERS = 0x0000_0040;
        /// No reply to header fields.
        #[doc(alias = "SMFIP_NR_HDR")] const NO_REPLY_HEADER = 0x0000_0080;
        /// Don't send unknown commands.
        #[doc(alias = "SMFIP_NOUNKNOWN")] const NO_UNKNOWN = 0x0000_0100;
        /// Don't send DATA.
        #[doc(alias = "SMFIP_NODATA")] const NO_DATA = 0x0000_0200;
        /// The MTA understands SKIP.
        #[doc(alias = "SMFIP_SKIP")] const SKIP = 0x0000_0400;
        /// Send rejected recipients too.
        #[doc(alias = "SMFIP_RCPT_REJ")] const REJECTED_RECIPIENTS = 0x0000_0800;
        /// No reply to CONNECT.
        #[doc(alias = "SMFIP_NR_CONN")] const NO_REPLY_CONNECT = 0x0000_1000;
        /// No reply to HELO.
        #[doc(alias = "SMFIP_NR_HELO")] const NO_REPLY_HELO = 0x0000_2000;
        /// No reply to MAIL.
        #[doc(alias = "SMFIP_NR_MAIL")] const NO_REPLY_MAIL = 0x0000_4000;
        /// No reply to RCPT.
        #[doc(alias = "SMFIP_NR_RCPT")] const NO_REPLY_RCPT = 0x0000_8000;
        /// No reply to DATA.
        #[doc(alias = "SMFIP_NR_DATA")] const NO_REPLY_DATA = 0x0001_0000;
        /// No reply to unknown commands.
        #[doc(alias = "SMFIP_NR_UNKN")] const NO_REPLY_UNKNOWN = 0x0002_0000;
        /// No reply to the end of the header section.
        #[doc(alias = "SMFIP_NR_EOH")] const NO_REPLY_END_OF_HEADERS = 0x0004_0000;
        /// No reply to body chunks.
        #[doc(alias = "SMFIP_NR_BODY")] const NO_REPLY_BODY = 0x0008_0000;
        /// Header values keep their leading white space, both ways.
        #[doc(alias = "SMFIP_HDR_LEADSPC")] const LEADING_SPACE = 0x0010_0000;
        /// Packets up to 256 KiB.
        #[doc(alias = "SMFIP_MDS_256K")] const DATA_SIZE_256K = 0x1000_0000;
        /// Packets up to 1 MiB.
        #[doc(alias = "SMFIP_MDS_1M")] const DATA_SIZE_1M = 0x2000_0000;
        /// Unknown bits of an offer are kept.
        const _ = !0;
    }
}

/// The MTA's offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Protocol version.
    pub version: u32,
    /// Edits that the MTA supports.
    pub actions: ActionFlags,
    /// Steps that the MTA can leave out, and other abilities.
    pub protocol: ProtocolFlags,
}

impl Offer {
    /// The offer with empty masks replaced by their meaning: MTAs of version 1 left the masks out, and libmilter
    /// (engine.c `st_optionneg`) reads an empty mask of any version the same way.
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

/// A filter's wishes for the dialogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Edits that the filter will ask for; all must be offered. `SET_MACRO_LIST` follows from `macros`.
    pub actions: ActionFlags,
    /// Steps to leave out, replies to waive and abilities to use, as far as the MTA offers them.
    pub protocol: ProtocolFlags,
    /// The part of `protocol` that must be offered.
    pub required: ProtocolFlags,
    /// Macros wanted at each stage. An MTA that takes no macro lists sends those of its own configuration.
    pub macros: Vec<(Stage, Vec<String>)>,
}

/// The answer to an offer, which binds both sides from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Protocol version.
    pub version: u32,
    /// Edits that may be used.
    pub actions: ActionFlags,
    /// Steps that are left out, replies that are waived, and abilities in use.
    pub protocol: ProtocolFlags,
    /// Requested macros by stage; the names are separated by spaces, as on the wire.
    pub macros: Vec<(Stage, Bytes)>,
}

impl Negotiated {
    /// True if one of these flags is in force.
    pub fn has(&self, flags: ProtocolFlags) -> bool {
        self.protocol.intersects(flags)
    }
}

/// The MTA does not offer something that the filter needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NegotiateError {
    /// The MTA speaks a version before 2.
    #[error("the MTA speaks milter protocol version {0}; 2 is the oldest that is supported")]
    Version(u32),
    /// The filter needs edits that the MTA does not support.
    #[error("the MTA does not offer the actions {}", names(.0.iter_names().map(|(name, _)| name), .0.bits()))]
    Actions(ActionFlags),
    /// The filter requires protocol abilities that the MTA lacks.
    #[error("the MTA does not offer the protocol steps {}", names(.0.iter_names().map(|(name, _)| name), .0.bits()))]
    Protocol(ProtocolFlags),
}

impl NegotiateError {
    /// A label for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Version(_) => "negotiate_version",
            Self::Actions(_) => "negotiate_actions",
            Self::Protocol(_) => "negotiate_protocol",
        }
    }
}

/// Computes the answer to an offer.
///
/// The answer never has a bit that was not offered: Sendmail ends the dialogue over a surplus protocol bit, both MTAs
/// over a surplus action bit or a higher version. Macro lists are sent if the MTA offers to take them. The lists for the
/// end of the header section and the end of the message go together, because Sendmail 8.17 ignores the second without
/// the first.
///
/// # Errors
/// If the MTA is too old, or does not offer an edit that is wanted or an ability that is required.
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
    let macros =
        if offered_actions.contains(ActionFlags::SET_MACRO_LIST) { macro_lists(&wanted.macros) } else { Vec::new() };
    let mut actions = must;
    actions.set(ActionFlags::SET_MACRO_LIST, !macros.is_empty());
    Ok(Negotiated {
        version: offer.version.min(MAX_VERSION),
        actions,
        protocol: (wanted.protocol | wanted.required) & offered_protocol,
        macros,
    })
}

/// One list for each stage, without duplicates. Stages without names are left out: Postfix would take an empty list for
/// its own default list.
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
    let lists = Stage::ALL.into_iter().map(|stage| {
        let own = names(stage);
        match stage {
            Stage::EndOfHeaders if own.is_empty() => (stage, names(Stage::EndOfMessage)),
            Stage::EndOfMessage if own.is_empty() => (stage, names(Stage::EndOfHeaders)),
            _ => (stage, own),
        }
    });
    let lists = lists.filter(|(_, names)| !names.is_empty());
    lists.map(|(stage, names)| (stage, Bytes::from(names))).collect()
}

/// Names of flags for an error text, followed by their bits in hexadecimal as MTA logs show them.
fn names<'a>(names: impl Iterator<Item = &'a str>, bits: u32) -> String {
    let names: Vec<&str> = names.collect();
    format!("{} (0x{bits:x})", names.join(", "))
}

#[cfg(test)]
mod tests;
