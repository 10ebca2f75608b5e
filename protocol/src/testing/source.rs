//! Values from the octets that a fuzzer gives; zeros when they are used up.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::action::{Action, Modification, Verdict};
use crate::command::{Address, Command, CommandKind, Connect, HeaderField, Peer};
use crate::macros::{MacroList, Stage};
use crate::negotiate::{ActionFlags, Negotiated, Offer, ProtocolFlags};
use crate::reply::Reply;

/// Octets to make values of.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    data: &'a [u8],
}

impl<'a> Source<'a> {
    /// Values from these octets.
    pub fn new(data: &'a [u8]) -> Self {
        Self { data }
    }

    /// True when the octets are used up.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// An octet.
    pub fn octet(&mut self) -> u8 {
        match self.data.split_first() {
            Some((first, rest)) => {
                self.data = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number.
    pub fn number(&mut self) -> u32 {
        u32::from_be_bytes([self.octet(), self.octet(), self.octet(), self.octet()])
    }

    /// A few octets of any kind, less often many.
    pub fn octets(&mut self) -> Bytes {
        let length = match self.octet() {
            255 => 65_530 + usize::from(self.octet()) / 16,
            length @ 192.. => usize::from(length % 64),
            length => usize::from(length % 8),
        };
        let (part, rest) = self.data.split_at(length.min(self.data.len()));
        self.data = rest;
        match part.first() {
            // Repeated, so that few octets can make a large value.
            Some(octet) if length > 255 => Bytes::from(vec![*octet; length]),
            _ => Bytes::copy_from_slice(part),
        }
    }

    /// Octets without NUL.
    pub fn text(&mut self) -> Bytes {
        let text = self.octets();
        match text.contains(&0) {
            true => text.iter().copied().filter(|octet| *octet != 0).collect(),
            false => text,
        }
    }

    /// A path with up to three arguments.
    pub fn address(&mut self) -> Address {
        Address { path: self.text(), arguments: (0..self.octet() % 4).map(|_| self.text()).collect() }
    }

    /// A header field.
    pub fn field(&mut self) -> HeaderField {
        HeaderField::new(self.text(), self.text())
    }

    /// A header field, in most cases one that can be sent.
    fn sound_field(&mut self) -> HeaderField {
        let field = self.field();
        if self.octet() < 64 {
            return field;
        }
        // Graphic characters without the colon; a fold for each line break.
        let name = field.name.iter().map(|octet| b';' + octet % 68);
        let value = String::from_utf8_lossy(&field.value).replace(['\r', '\n'], "\r\n ");
        HeaderField::new(name.chain([b'X']).collect::<Bytes>(), value)
    }

    /// An offer of any masks.
    pub fn offer(&mut self) -> Offer {
        Offer {
            version: self.number(),
            actions: ActionFlags::from_bits_retain(self.number()),
            protocol: ProtocolFlags::from_bits_retain(self.number()),
        }
    }

    /// One of several.
    pub fn one_of<T: Copy>(&mut self, several: &[T]) -> Option<T> {
        several.get(usize::from(self.octet()).checked_rem(several.len())?).copied()
    }

    /// A command that can be encoded, apart from its size.
    pub fn command(&mut self) -> Command {
        let kind = self.one_of(&CommandKind::ALL);
        kind.map_or(Command::Abort, |kind| self.command_of(kind))
    }

    /// A command of this kind.
    pub fn command_of(&mut self, kind: CommandKind) -> Command {
        match kind {
            CommandKind::Negotiate => Command::Negotiate(self.offer()),
            CommandKind::Macros => Command::Macros(self.macros()),
            CommandKind::Connect => Command::Connect(self.connect()),
            CommandKind::Helo => Command::Helo(self.text()),
            CommandKind::Mail => Command::Mail(self.address()),
            CommandKind::Rcpt => Command::Rcpt(self.address()),
            CommandKind::Data => Command::Data,
            CommandKind::Header => Command::Header(self.field()),
            CommandKind::EndOfHeaders => Command::EndOfHeaders,
            CommandKind::BodyChunk => Command::BodyChunk(self.octets()),
            CommandKind::EndOfMessage => Command::EndOfMessage(Some(self.octets()).filter(|chunk| !chunk.is_empty())),
            CommandKind::Abort => Command::Abort,
            CommandKind::Quit => Command::Quit,
            CommandKind::QuitNewConnection => Command::QuitNewConnection,
            CommandKind::Unknown => Command::Unknown(self.text()),
        }
    }

    fn macros(&mut self) -> MacroList {
        let kind = usize::from(self.octet()) % 20;
        let command = CommandKind::ALL.get(kind).map_or(b'?', |kind| kind.byte());
        let count = self.octet() % 8;
        MacroList { command, values: (0..count).map(|_| (self.text(), self.text())).collect() }
    }

    fn connect(&mut self) -> Connect {
        let hostname = self.text();
        let port = u16::from_be_bytes([self.octet(), self.octet()]);
        let number = self.number();
        let peer = match self.octet() % 4 {
            0 => Peer::Inet(SocketAddr::new(number.to_be_bytes().into(), port)),
            1 => Peer::Inet(SocketAddr::new((u128::from(number) << 64 | 1).to_be_bytes().into(), port)),
            2 => Peer::Unix(self.text()),
            _ => Peer::Unknown,
        };
        Connect { hostname, peer }
    }

    /// An action, perhaps with content that can't be sent.
    pub fn action(&mut self) -> Action {
        let verdict = match self.octet() % 17 {
            0 => Verdict::Accept,
            1 => Verdict::Discard,
            2 => Verdict::Reject,
            3 => Verdict::TempFail,
            4 => self.reply().map_or(Verdict::Continue, Verdict::Reply),
            5 => return Action::Skip,
            6 => return Action::Progress,
            7 => return Action::Negotiate(self.negotiated()),
            8 => return Action::Modify(Modification::AddHeader(self.sound_field())),
            9 => {
                return Action::Modify(Modification::InsertHeader {
                    position: self.number(),
                    field: self.sound_field(),
                });
            }
            10 => {
                return Action::Modify(Modification::ChangeHeader {
                    occurrence: self.number(),
                    field: self.sound_field(),
                });
            }
            11 => return Action::Modify(Modification::ChangeSender(self.address())),
            12 => return Action::Modify(Modification::AddRecipient(self.address())),
            13 => return Action::Modify(Modification::DeleteRecipient(self.text())),
            14 => return Action::Modify(Modification::ReplaceBody(self.octets())),
            15 => return Action::Modify(Modification::Quarantine(self.text())),
            _ => Verdict::Continue,
        };
        Action::Verdict(verdict)
    }

    fn reply(&mut self) -> Option<Reply> {
        let octet = self.octet();
        let code = 400 + u16::from(octet);
        let enhanced = (4 + octet / 100, u16::from(self.octet()), u16::from(self.octet()));
        let line = |octets: Bytes| octets.iter().map(|octet| char::from(octet % 95 + 32)).collect();
        let lines = (0..=self.octet() % 4).map(|_| line(self.octets())).collect();
        Reply::multiline(code, enhanced, lines).ok()
    }

    fn negotiated(&mut self) -> Negotiated {
        let offer = self.offer();
        let stages = Stage::ALL.into_iter().filter(|_| self.octet() % 2 == 1);
        let stages: Vec<Stage> = stages.collect();
        Negotiated {
            version: offer.version,
            actions: offer.actions,
            protocol: offer.protocol,
            macros: stages.into_iter().map(|stage| (stage, self.text())).collect(),
        }
    }
}
