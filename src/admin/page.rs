//! The status page: one HTML file inside the program, which asks `/api/status` every two seconds.
//!
//! Its Content-Security-Policy allows exactly the style and the script in the page, by their hashes, and requests to the
//! host that the page came from. A text that a mail brings into the page can do nothing, even if the script is wrong.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use encodify::base64::STANDARD;
use hyper::header::HeaderValue;

pub(super) const HTML: &str = include_str!("page.html");

/// The Content-Security-Policy of the page.
pub(super) fn policy() -> HeaderValue {
    static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; img-src data:; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            hash("<style>", "</style>"),
            hash("<script>", "</script>"),
        );
        HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
    });
    POLICY.clone()
}

/// The hash of the text between two tags.
fn hash(begin: &str, end: &str) -> String {
    let inner = HTML.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(inner, _)| inner);
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, inner.as_bytes())))
}
