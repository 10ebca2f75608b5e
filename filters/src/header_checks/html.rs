//! Recognizes a body that begins as HTML.

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
/// The elements that a body or a fragment of HTML begins with, in alphabetical order.
const ELEMENTS: [&str; 70] = [
    "a", "abbr", "address", "article", "aside", "b", "base", "big", "blockquote", "body", "br", "button", "caption",
    "center", "code", "dd", "del", "div", "dl", "dt", "em", "embed", "fieldset", "figure", "font", "footer", "form",
    "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "i", "iframe", "img", "ins",
    "label", "li", "link", "main", "meta", "nav", "ol", "p", "pre", "s", "script", "section", "small", "span",
    "strike", "strong", "style", "sub", "sup", "svg", "table", "tbody", "td", "th", "title", "tr", "u", "ul",
];
const MAX_ELEMENT_OCTETS: usize = 10;

/// True if a body begins with a tag, a comment or the document type of HTML. White space and a byte order mark may stand
/// before that.
pub(super) fn begins_as_html(start: &[u8]) -> bool {
    let text = start.trim_ascii_start();
    let text = text.strip_prefix(UTF8_MARK).unwrap_or(text).trim_ascii_start();
    let Some(text) = text.strip_prefix(b"<") else { return false };
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let has_html = || text.windows(5).any(|word| word.eq_ignore_ascii_case(b"<html"));
    begins(b"!--") || begins(b"!doctype html") || is_tag(text) || (begins(b"?xml ") && has_html())
}

/// True if the text behind a `<` is a tag. A word in angle brackets that goes on with white space is a tag only if an
/// attribute with a value, or the end of the tag, follows.
fn is_tag(text: &[u8]) -> bool {
    let end = text.iter().take(MAX_ELEMENT_OCTETS + 1).position(|octet| !octet.is_ascii_alphanumeric());
    let Some((name, behind)) = end.and_then(|end| text.split_at_checked(end)) else { return false };
    let is_element = ELEMENTS.iter().any(|element| element.as_bytes().eq_ignore_ascii_case(name));
    let inside = behind.split(|octet| *octet == b'>').next().unwrap_or(behind);
    let ends = inside.trim_ascii().is_empty() || inside.trim_ascii() == b"/";
    let has_attributes = inside.first().is_some_and(u8::is_ascii_whitespace) && inside.contains(&b'=');
    let closed = inside.len() < behind.len();
    is_element && (has_attributes || ends && closed)
}

#[cfg(test)]
mod tests;
