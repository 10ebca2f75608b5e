//! HTTP requests over a connection of their own.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

/// Why there is no response.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Sends a request and returns what `read` makes of the response. The connection is closed afterwards, even if the
/// caller no longer waits.
///
/// # Errors
/// If the connection breaks, or `read` fails.
pub async fn exchange<T>(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, request: Request<Full<Bytes>>,
    read: impl AsyncFnOnce(Response<Incoming>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    converse(stream, async |mut sender| read(sender.send_request(request).await?).await).await
}

/// Opens HTTP on a connection for as long as `talk` sends requests.
///
/// # Errors
/// If the connection breaks, or `talk` fails.
pub async fn converse<T>(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    talk: impl AsyncFnOnce(SendRequest<Full<Bytes>>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    talk(sender).await
}
