//! Header fields as Sendmail will write them, after all filters.
//!
//! Sendmail takes the address fields of a message apart and writes them anew for each mailer (`headers.c`, `commaize` and
//! `crackaddr`; the fields with H_FROM or H_RCPT in `conf.c`). All that is said here was seen with Sendmail 8.17.1 and the
//! mailer esmtp:
//!
//! - One blank stands behind each comma, none in front of it, and empty members are dropped.
//! - The list is folded before column 79, with eight blanks, between members only.
//! - A name in front of `<` or `:` with one of `MUST_QUOTE` outside of quoted strings becomes a quoted string as a whole.
//!   (An encoded-word in it is an encoded-word no longer.)
//! - A comment right behind an address gets a blank in front of it.
//! - An address without a domain gets the name of the host (macro `j`), unless the configuration masquerades.
//! - MIME fields are cut (option MaxMimeHeaderLength, 2048/1024), and quotes and comments that do not end get an end.
//! - A boundary without quotes ends at the first character that may not stand in it, so quotes are put around.
//! - An empty Date, Message-ID or Resent- field is replaced.
//!
//! [`as_written`] makes a field of which Sendmail will leave every octet as it is, and which means the same. If that can't
//! be foreseen, it says so.

mod fields;
mod members;
mod multipart;

pub(crate) use fields::{SentField, as_written, is_dropped};
pub(crate) use multipart::SentBody;
