//! Writes the commands of an MTA (`SMFIC_*`). They are checked only for content that would break the packet, because
//! tests need odd messages.

use bytes::{BufMut, BytesMut};

use crate::command::{Command, Connect, Peer};
use crate::encode::EncodeError;
use crate::encode::packet::{bare, packet};
use crate::encode::text::{string, without_space};

/// Writes a command. With `leading_space`, header values are sent as they are; without, they lose one leading space.
///
/// # Errors
/// If a string contains NUL, or the data does not fit into a packet; `out` is unchanged then.
pub fn encode_command(command: &Command, leading_space: bool, out: &mut BytesMut) -> Result<(), EncodeError> {
    let code = command.kind().byte();
    match command {
        Command::Negotiate(offer) => packet(code, "offer", out, |out| {
            out.put_u32(offer.version);
            out.put_u32(offer.actions.bits());
            out.put_u32(offer.protocol.bits());
            Ok(())
        }),
        Command::Macros(list) => packet(code, "macros", out, |out| {
            out.put_u8(list.command);
            for (name, value) in &list.values {
                string("macro name", name, out)?;
                string("macro value", value, out)?;
            }
            Ok(())
        }),
        Command::Connect(connect) => packet(code, "connect", out, |out| self::connect(connect, out)),
        Command::Helo(name) => packet(code, "helo", out, |out| string("helo", name, out)),
        Command::Mail(address) | Command::Rcpt(address) => packet(code, "address", out, |out| {
            string("path", &address.path, out)?;
            let mut arguments = address.arguments.iter();
            arguments.try_for_each(|argument| string("ESMTP argument", argument, out))
        }),
        Command::Header(field) => packet(code, "header", out, |out| {
            string("field name", &field.name, out)?;
            string("header value", without_space(&field.value, leading_space), out)
        }),
        Command::BodyChunk(chunk) => body(code, chunk, out),
        Command::EndOfMessage(chunk) => body(code, chunk.as_deref().unwrap_or_default(), out),
        Command::Unknown(line) => packet(code, "command", out, |out| string("command", line, out)),
        Command::Data | Command::EndOfHeaders | Command::Abort | Command::Quit | Command::QuitNewConnection => {
            bare(code, out)
        }
    }
}

fn connect(connect: &Connect, out: &mut BytesMut) -> Result<(), EncodeError> {
    string("host name", &connect.hostname, out)?;
    match &connect.peer {
        Peer::Inet(address) => {
            out.put_u8(if address.is_ipv4() { b'4' } else { b'6' });
            out.put_u16(address.port());
            string("address", address.ip().to_string().as_bytes(), out)
        }
        Peer::Unix(path) => {
            out.put_u8(b'L');
            out.put_u16(0);
            string("address", path, out)
        }
        Peer::Unknown => {
            out.put_u8(b'U');
            Ok(())
        }
    }
}

fn body(code: u8, chunk: &[u8], out: &mut BytesMut) -> Result<(), EncodeError> {
    packet(code, "body chunk", out, |out| {
        out.put_slice(chunk);
        Ok(())
    })
}
