//! Content transfer encodings (RFC 2045 section 6): base64 and quoted-printable.

pub(crate) mod base64;
pub(crate) mod quoted_printable;
