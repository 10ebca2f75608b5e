//! Line ends of requests: only CRLF ends a line of a head (RFC 9112 section 2.2).
//!
//! hyper takes lines that end in LF alone. Another program in between may read such a request otherwise. So a bare LF in a
//! head becomes NUL on the way to hyper, which answers that with 400. Bodies pass as they are.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Octets of a line that are looked at: a length of a body is shorter.
const MAX_LINE_OCTETS: usize = 64;

/// A stream of HTTP/1.1 requests.
pub(super) struct StrictLines<S> {
    stream: S,
    lines: HeadLines,
}

impl<S> StrictLines<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, lines: HeadLines::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StrictLines<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        buf.filled_mut().iter_mut().skip(before).for_each(|octet| self.lines.next(octet));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StrictLines<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Where in the requests an octet is.
#[derive(Default)]
struct HeadLines {
    /// The beginning of the line, in lower case.
    line: Vec<u8>,
    /// Octets of the body that this head has announced.
    announced: u64,
    /// Octets of a body that are still to come.
    body: u64,
}

impl HeadLines {
    /// Takes an octet, and replaces it if it is a bare LF.
    fn next(&mut self, octet: &mut u8) {
        if self.body > 0 {
            self.body -= 1;
            return;
        }
        if *octet != b'\n' {
            match self.line.last() {
                // The end of a long line is kept in its last place, for the CR before LF.
                Some(_) if self.line.len() > MAX_LINE_OCTETS => {
                    self.line.truncate(MAX_LINE_OCTETS);
                    self.line.push(*octet);
                }
                _ => self.line.push(octet.to_ascii_lowercase()),
            }
            return;
        }
        match self.line.strip_suffix(b"\r") {
            // An empty line ends the head.
            Some(b"") => self.body = std::mem::take(&mut self.announced),
            Some(line) => self.announced = announced(line).unwrap_or(self.announced),
            None => *octet = b'\0',
        }
        self.line.clear();
    }
}

/// The length of a body, if the line announces one. Of a body in chunks the end is not looked for.
fn announced(line: &[u8]) -> Option<u64> {
    if line.starts_with(b"transfer-encoding:") {
        return Some(u64::MAX);
    }
    let length = line.strip_prefix(b"content-length:")?.trim_ascii();
    std::str::from_utf8(length).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
