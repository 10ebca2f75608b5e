//! The rights of a request to the admin port.
//!
//! Every client that can connect may read metrics and health. The unix socket and the token open everything else. A
//! browser in which somebody has typed the token, and a program on this machine, may read. A script of a web page gets
//! nothing: it can't show the token, and its requests carry the name of another host.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use encodify::base64::STANDARD;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap};

use crate::regular_file::{self, FileError, MAX_TOKEN_FILE};

/// The field with which a client asks for a proof that the service knows the token: on `/healthz`, by TCP.
pub(super) const NONCE_FIELD: &str = "postseal-nonce";
/// The field of the answer.
pub(super) const PROOF_FIELD: &str = "postseal-proof";
const MIN_TOKEN_OCTETS: usize = 16;
const MAX_TOKEN_OCTETS: usize = 512;

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum AdminPeer {
    /// Our unix socket.
    Unix,
    /// TCP.
    Tcp {
        /// The address of the admin port.
        local: SocketAddr,
        /// The address of the client.
        remote: SocketAddr,
    },
}

/// What a request may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AccessRight {
    /// Metrics and health only.
    Scrape,
    /// Look at everything.
    Read,
    /// Change things too.
    Change,
}

/// The secret that opens the admin port.
pub struct AdminToken(Vec<u8>);

/// Why a token file is no good.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The file can't be read.
    #[error(transparent)]
    Read(#[from] FileError),
    /// The token is so short that it can be guessed.
    #[error(
        "holds {0} octets; a token has {MIN_TOKEN_OCTETS} to {MAX_TOKEN_OCTETS}, such as from `openssl rand -hex 32`"
    )]
    Length(usize),
    /// The token has characters that can't be sent in HTTP.
    #[error("holds something else than visible ASCII characters")]
    Characters,
}

impl AdminToken {
    /// Reads a token file: one line.
    ///
    /// # Errors
    /// If there is no good token in it.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        Self::parse(&regular_file::read(path, MAX_TOKEN_FILE)?.bytes)
    }

    /// Takes the content of a token file.
    pub(crate) fn parse(content: &[u8]) -> Result<Self, TokenError> {
        let token = content.trim_ascii();
        if !(MIN_TOKEN_OCTETS..=MAX_TOKEN_OCTETS).contains(&token.len()) {
            return Err(TokenError::Length(token.len()));
        }
        if !token.iter().all(u8::is_ascii_graphic) {
            return Err(TokenError::Characters);
        }
        Ok(Self(token.to_vec()))
    }

    /// The token as text, for the side that shows it.
    pub(crate) fn to_text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// The proof that the program at this address knows the token: an HMAC of the client's nonce and of the address. The
    /// address is in it so that a program at another address can't pass on the proof of the service.
    pub(super) fn proof(&self, nonce: &[u8], address: SocketAddr) -> String {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port()).to_string();
        let text = [b"postseal admin port ", nonce, b" ", address.as_bytes()].concat();
        STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), &text))
    }

    /// Compares the token; takes as long for a wrong token as for the right one.
    fn is(&self, shown: &[u8]) -> bool {
        verify_slices_are_equal(&self.0, shown).is_ok()
    }
}

/// What a request with these fields may do.
pub(super) fn right(peer: AdminPeer, headers: &HeaderMap, token: Option<&AdminToken>) -> AccessRight {
    let AdminPeer::Tcp { local, remote } = peer else { return AccessRight::Change };
    if let (Some(token), Some(shown)) = (token, headers.get(AUTHORIZATION)) {
        match split_once_space(shown.as_bytes()) {
            Some((scheme, shown)) if scheme.eq_ignore_ascii_case(b"bearer") && token.is(shown) => {
                return AccessRight::Change;
            }
            // A browser sends this after it has asked its user. It repeats it without asking, so the right is to read only.
            Some((scheme, shown)) if scheme.eq_ignore_ascii_case(b"basic") => {
                let login = STANDARD.decode(shown).unwrap_or_default();
                let password = login.iter().position(|byte| *byte == b':').and_then(|at| login.get(at + 1..));
                if password.is_some_and(|password| token.is(password)) {
                    return AccessRight::Read;
                }
            }
            _ => {}
        }
    }
    let here = local.ip().to_canonical().is_loopback() && remote.ip().to_canonical().is_loopback();
    if here && headers.get(HOST).is_some_and(|host| is_this_machine(host.as_bytes())) {
        AccessRight::Read
    } else {
        AccessRight::Scrape
    }
}

/// True for an address or `localhost`. A stranger can make any other name lead to this address.
fn is_this_machine(host: &[u8]) -> bool {
    let host = String::from_utf8_lossy(host);
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => &*host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

/// Scheme and credentials.
fn split_once_space(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = value.iter().position(|byte| *byte == b' ')?;
    Some((value.get(..at)?, value.get(at + 1..)?.trim_ascii()))
}

#[cfg(test)]
mod tests;
