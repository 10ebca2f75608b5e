//! What an MTA offers, what a filter wants, and what both agree on (`SMFIC_OPTNEG`).

use bitflags::bitflags;
use bytes::Bytes;

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

/// What a filter wants of the MTA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Edits the filter will ask for; all must be offered.
    pub actions: ActionFlags,
    /// Steps to leave out, replies to waive and abilities that are taken where offered.
    pub protocol: ProtocolFlags,
    /// The part of `protocol` that must be offered.
    pub required: ProtocolFlags,
    /// Macros wanted at each stage.
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
