//! Where the milter listens, written as for Postfix, and connections to it.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, bail};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// `inet:HOST:PORT` or `unix:PATH`.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Inet(String),
    Unix(PathBuf),
}

/// A connection of either kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Address {
    /// Opens a connection. Nagle's algorithm stays in force, as in Postfix.
    pub(crate) async fn connect(&self) -> anyhow::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Inet(address) => {
                Box::new(TcpStream::connect(address).await.with_context(|| format!("connect to {address}"))?)
            }
            Self::Unix(path) => {
                Box::new(UnixStream::connect(path).await.with_context(|| format!("connect to {}", path.display()))?)
            }
        })
    }

    /// How much Postfix collects before it writes without having to wait for a reply: its stream buffers hold 4 KiB,
    /// on TCP four segments (`vstream_tweak_tcp`), and a segment on loopback is about 64 KiB.
    pub(crate) fn write_size(&self) -> usize {
        match self {
            Self::Inet(_) => 256 << 10,
            Self::Unix(_) => 4 << 10,
        }
    }
}

impl FromStr for Address {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text.split_once(':') {
            Some(("inet", address)) => Ok(Self::Inet(address.to_owned())),
            Some(("unix", path)) => Ok(Self::Unix(path.into())),
            _ => bail!("{text}: neither inet:HOST:PORT nor unix:PATH"),
        }
    }
}
