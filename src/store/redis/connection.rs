//! A connection to one server, used by one call at a time: commands are collected, leave in one write, and their replies
//! are read in order.
//!
//! A connection belongs to one call until all its replies are there. So a call that ran out of time can go on in the
//! background and learn whether the server has done its work, and no reply is ever taken for the answer to another call.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::BytesMut;
use postseal_filters::store::StoreError;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::login::Login;
use super::resp::{self, RespValue};
use crate::config::store::Endpoint;

const READ_OCTETS: usize = 4096;

/// An open connection.
pub(super) struct RedisConnection {
    stream: Pin<Box<dyn ByteStream>>,
    input: BytesMut,
    output: BytesMut,
    /// Replies that are still to come.
    expected: usize,
}

/// TCP, TLS or a unix socket.
trait ByteStream: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> ByteStream for T {}

impl RedisConnection {
    /// Connects and logs in. The caller bounds the time.
    pub(super) async fn open(endpoint: &Endpoint, login: &Login) -> Result<Self, StoreError> {
        let stream = connect(endpoint, login).await.map_err(unavailable)?;
        let mut connection = Self { stream, input: BytesMut::new(), output: BytesMut::new(), expected: 0 };
        connection.log_in(login).await?;
        Ok(connection)
    }

    async fn log_in(&mut self, login: &Login) -> Result<(), StoreError> {
        match (&login.user, &login.password) {
            (Some(user), Some(password)) => self.say([b"AUTH", user.as_bytes(), password.as_bytes()]),
            (None, Some(password)) => self.say([b"AUTH", password.as_bytes()]),
            (_, None) => {}
        }
        if login.database > 0 {
            self.say([&b"SELECT"[..], login.database.to_string().as_bytes()]);
        }
        for reply in self.replies().await? {
            if let RespValue::Error(message) = reply {
                return Err(StoreError::Refused(message));
            }
        }
        Ok(())
    }

    /// Adds a command to those that leave with the next [`replies`](Self::replies).
    pub(super) fn say<'a>(&mut self, arguments: impl IntoIterator<Item = &'a [u8], IntoIter: ExactSizeIterator>) {
        resp::command(&mut self.output, arguments);
        self.expected += 1;
    }

    /// Sends the commands and reads their replies. After an error, or if the future is dropped, the connection can only
    /// be used to call this again for the replies that are still to come.
    pub(super) async fn replies(&mut self) -> Result<Vec<RespValue>, StoreError> {
        if !self.output.is_empty() {
            self.stream.write_all_buf(&mut self.output).await.map_err(unavailable)?;
            self.stream.flush().await.map_err(unavailable)?;
        }
        let mut replies = Vec::with_capacity(self.expected);
        while self.expected > 0 {
            match resp::take(&mut self.input) {
                Ok(Some(value)) => {
                    replies.push(value);
                    self.expected -= 1;
                }
                Ok(None) => self.read().await?,
                Err(malformed) => return Err(StoreError::Answer(malformed.to_string())),
            }
        }
        Ok(replies)
    }

    /// One command and its reply.
    pub(super) async fn ask<'a>(
        &mut self, arguments: impl IntoIterator<Item = &'a [u8], IntoIter: ExactSizeIterator>,
    ) -> Result<RespValue, StoreError> {
        self.say(arguments);
        let reply = self.replies().await?.pop();
        reply.ok_or_else(|| StoreError::Answer("no reply".to_owned()))
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        self.input.reserve(READ_OCTETS);
        match self.stream.read_buf(&mut self.input).await.map_err(unavailable)? {
            0 => Err(StoreError::Unavailable("the server has closed the connection".to_owned())),
            _ => Ok(()),
        }
    }

    /// False if the server has closed the connection meanwhile, or has sent something that answers no command.
    pub(super) fn is_quiet(&mut self) -> bool {
        if !self.input.is_empty() || self.expected > 0 {
            return false;
        }
        let mut byte = [0; 1];
        let mut buffer = ReadBuf::new(&mut byte);
        let mut context = Context::from_waker(Waker::noop());
        self.stream.as_mut().poll_read(&mut context, &mut buffer).is_pending()
    }
}

async fn connect(endpoint: &Endpoint, login: &Login) -> io::Result<Pin<Box<dyn ByteStream>>> {
    let (host, port) = match endpoint {
        Endpoint::Unix(path) => return Ok(Box::pin(UnixStream::connect(path).await?)),
        Endpoint::Tcp { host, port } => (host, *port),
    };
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    stream.set_nodelay(true)?;
    let Some(tls) = &login.tls else { return Ok(Box::pin(stream)) };
    let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
    Ok(Box::pin(TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?))
}

fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
