//! A connected socket, TCP or Unix.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;

use bytes::{Buf as _, BytesMut};
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

    /// Reads the octets that are there, as far as the buffer has room: `None` if there are none, 0 at the end.
    ///
    /// This polls once instead of using `try_read`: after a read that did not fill the buffer, tokio knows that the
    /// socket is empty and saves the system call that `try_read` would need to learn it.
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

    /// Makes the system acknowledge the received octets at once (tcp(7), TCP_QUICKACK). By itself it does so together
    /// with an answer, or after 40 ms. Until then Postfix, which leaves Nagle's algorithm on, keeps back the rest of a
    /// message whose first part is not answered.
    pub(crate) fn acknowledge(&self) {
        if let Self::Tcp(stream) = self {
            // Mail only gets slower if this fails.
            let _ = socket2::SockRef::from(stream).set_tcp_quickack(true);
        }
    }

    /// Writes all octets.
    pub(crate) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = match self {
                Self::Tcp(stream) => stream.try_write(bytes),
                Self::Unix(stream) => stream.try_write(bytes),
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes.advance(written),
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
