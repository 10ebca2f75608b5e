//! One HTTP request over a connection of its own.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
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
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    read(sender.send_request(request).await?).await
}
