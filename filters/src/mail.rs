//! The syntax of mail: addresses, content types, charsets, encoded-words, transfer encodings, folding, dates.
//!
//! Everything in this module is a function of its arguments, without state, clock or configuration. The filters build on
//! this module, and this module knows none of them.

pub mod address;
pub(crate) mod charset;
pub(crate) mod content_type;
pub(crate) mod cursor;
pub mod date;
pub(crate) mod dkim_signature;
pub(crate) mod encoded_word;
pub(crate) mod field_kind;
pub(crate) mod fold;
pub(crate) mod letter_case;
pub(crate) mod message_id;
pub(crate) mod quoted;
pub(crate) mod sendmail;
pub(crate) mod transfer;
