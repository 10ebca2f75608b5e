//! A connected socket, TCP or Unix, that holds no buffer while nothing comes in.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, UnixStream};

/// A connection from an MTA.
#[derive(Debug)]
pub enum MtaStream {
    /// TCP.
    Tcp(TcpStream),
    /// Unix socket.
    Unix(UnixStream),
}

impl MtaStream {
    /// Waits until there is something to read, or the end.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Unix(stream) => stream.readable().await,
        }
    }

    /// Reads what is there, as far as the buffer has room: `None` if there is nothing, 0 at the end.
    ///
    /// As a poll, which takes a buffer that did not get full for an empty socket; `try_read` would have to be asked
    /// once more, in vain, each time.
    pub(crate) async fn read_now(&mut self, buffer: &mut BytesMut) -> io::Result<Option<usize>> {
        poll_fn(|context| {
            let read = match self {
                Self::Tcp(stream) => pin!(stream.read_buf(buffer)).poll(context),
                Self::Unix(stream) => pin!(stream.read_buf(buffer)).poll(context),
            };
            Poll::Ready(match read {
                Poll::Ready(result) => result.map(Some),
                Poll::Pending => Ok(None),
            })
        })
        .await
    }

    /// Has the system acknowledge at once what was read. It does so by itself together with an answer, or 40 ms later;
    /// and until then Postfix, which leaves Nagle's algorithm on, keeps back the rest of a message whose first part is
    /// not answered (tcp(7), TCP_QUICKACK).
    pub(crate) fn acknowledge(&self) {
        if let Self::Tcp(stream) = self {
            // Only slower without.
            let _ = socket2::SockRef::from(stream).set_tcp_quickack(true);
        }
    }

    /// Writes all of it.
    pub(crate) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = match self {
                Self::Tcp(stream) => stream.try_write(bytes),
                Self::Unix(stream) => stream.try_write(bytes),
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => match self {
                    Self::Tcp(stream) => stream.writable().await?,
                    Self::Unix(stream) => stream.writable().await?,
                },
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
