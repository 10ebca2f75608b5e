//! Signing with DKIM (RFC 6376, RFC 8301, RFC 8463).

pub mod body;
pub mod header;
