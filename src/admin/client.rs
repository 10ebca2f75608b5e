//! The other side of the admin port, for commands that look at or change the running service.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use bytes::Bytes;
use encodify::base64::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode};
use postseal_filters::visible;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::access::{AdminToken, NONCE_FIELD, PROOF_FIELD, TokenError};
use crate::config;
use crate::http_client::{Failure, converse, exchange};

const PATIENCE: Duration = Duration::from_secs(10);
const NONCE_OCTETS: usize = 32;
const MAX_ANSWER_OCTETS: usize = 64 << 20;

/// Asks the running service, over a new connection each time.
pub struct Client {
    door: Door,
    token: Option<AdminToken>,
}

enum Door {
    Unix(PathBuf),
    Tcp(std::net::SocketAddr),
}

/// An answer.
#[derive(Debug)]
pub struct AdminAnswer {
    /// HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The configuration has neither address nor socket.
    #[error("the service has no admin port: set admin.address or admin.socket")]
    NoDoor,
    /// The token file is no good.
    #[error("admin.token_file {}: {source}", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: TokenError,
    },
    /// No service answers.
    #[error("can't reach the service at {door}: {reason}; is it running, with this configuration?")]
    Unreachable {
        /// The address or the path of the socket.
        door: String,
        /// The reason.
        reason: String,
    },
    /// The service refuses the request.
    #[error("the service answers {status}: {reason}")]
    Refused {
        /// HTTP status.
        status: StatusCode,
        /// The body of the answer.
        reason: String,
    },
}

impl Client {
    /// A client for the service with these settings: by its unix socket if it has one, else by its port. Relative paths
    /// begin at `base`.
    ///
    /// # Errors
    /// If there is no way in.
    pub fn new(settings: &config::AdminConfig, base: &Path) -> Result<Self, ClientError> {
        if let Some(socket) = &settings.socket {
            return Ok(Self { door: Door::Unix(base.join(socket)), token: None });
        }
        let address = settings.address.ok_or(ClientError::NoDoor)?;
        let token = match &settings.token_file {
            Some(file) => {
                let path = base.join(file);
                Some(AdminToken::read(&path).map_err(|source| ClientError::Token { path, source })?)
            }
            None => None,
        };
        Ok(Self { door: Door::Tcp(address), token })
    }

    /// Asks for a path.
    ///
    /// # Errors
    /// If there is no answer within ten seconds.
    pub async fn get(&self, path: &str) -> Result<AdminAnswer, ClientError> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    /// Has something changed; the body is JSON.
    ///
    /// # Errors
    /// If there is no answer within ten seconds.
    pub async fn post(&self, path: &str, body: impl Into<Bytes>) -> Result<AdminAnswer, ClientError> {
        self.ask(Method::POST, path, body.into()).await
    }

    /// The error for an answer that is not the one expected.
    pub fn refused(&self, answer: &AdminAnswer) -> ClientError {
        let text = String::from_utf8_lossy(&answer.body);
        ClientError::Refused { status: answer.status, reason: visible(text.trim()).chars().take(200).collect() }
    }

    async fn ask(&self, method: Method, path: &str, body: Bytes) -> Result<AdminAnswer, ClientError> {
        let unreachable = |reason: String| {
            let door = match &self.door {
                Door::Unix(path) => path.display().to_string(),
                Door::Tcp(address) => address.to_string(),
            };
            ClientError::Unreachable { door, reason }
        };
        let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.to_text()));
        }
        let request = request.header(CONTENT_TYPE, "application/json").body(Full::new(body));
        let request = request.map_err(|error| unreachable(error.to_string()))?;
        let answered = timeout(PATIENCE, async {
            match &self.door {
                Door::Unix(path) => exchange(UnixStream::connect(path).await?, request, read).await,
                Door::Tcp(address) => {
                    let stream = TcpStream::connect(address).await?;
                    let address = stream.peer_addr()?;
                    let talk = async |mut sender: SendRequest<Full<Bytes>>| {
                        if let Some(token) = &self.token {
                            check_proof(&mut sender, token, address).await?;
                        }
                        read(sender.send_request(request).await?).await
                    };
                    converse(stream, talk).await
                }
            }
        });
        match answered.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(unreachable(error.to_string())),
            Err(_) => Err(unreachable(format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }
}

/// Has the other side prove that it knows the token, before the token is shown. While the service is down, another program
/// may wait at its address.
async fn check_proof(
    sender: &mut SendRequest<Full<Bytes>>, token: &AdminToken, address: SocketAddr,
) -> Result<(), Failure> {
    let mut nonce = [0; NONCE_OCTETS];
    aws_lc_rs::rand::fill(&mut nonce)?;
    let nonce = STANDARD.encode(nonce);
    let question = Request::get("/healthz").header(HOST, "localhost").header(NONCE_FIELD, &nonce);
    let response = sender.send_request(question.body(Full::default())?).await?;
    let proof = response.headers().get(PROOF_FIELD).cloned();
    Limited::new(response.into_body(), MAX_ANSWER_OCTETS).collect().await?;
    let right = token.proof(nonce.as_bytes(), address);
    if proof.is_none_or(|proof| verify_slices_are_equal(proof.as_bytes(), right.as_bytes()).is_err()) {
        return Err(
            "the program there does not prove that it knows the token of admin.token_file, so the token was not \
                    sent; better set admin.socket"
                .into(),
        );
    }
    sender.ready().await?;
    Ok(())
}

async fn read(response: Response<Incoming>) -> Result<AdminAnswer, Failure> {
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_ANSWER_OCTETS).collect().await?.to_bytes();
    Ok(AdminAnswer { status, body })
}
