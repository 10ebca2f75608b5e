//! Raw 8-bit names of files become extended parameters (RFC 2231 section 4): `filename="Grüße.pdf"` is
//! `filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf`.
//!
//! Web forms write names of attachments as they get them. Only what every reader takes for the same name is touched:
//! UTF-8 in quotes, without quoted pairs, encoded-words or a second form of the same parameter. All else stays as it is,
//! to the octet.

use encodify::hex::PERCENT;
use postseal_protocol::HeaderField;

use super::charset::Charset;
use super::fold;
use super::mime::Parameter;

/// The value with its names of files encoded; nothing where that is not possible without doubt.
pub(super) fn encoded(field: &HeaderField, _: Option<Charset>) -> Option<Vec<u8>> {
    let value = &*field.value;
    let parameters = Parameter::all(value)?;
    let mut out = Vec::with_capacity(value.len() * 2);
    let mut done = 0;
    for parameter in &parameters {
        let raw = value.get(parameter.at.clone())?;
        if raw.is_ascii() {
            continue;
        }
        let assignment = value.get(parameter.name_end..parameter.at.start)?;
        let alone = parameters.iter().filter(|other| base(&other.name) == parameter.name).count() == 1;
        let names_file = matches!(&*parameter.name, b"filename" | b"name");
        if !(alone && names_file && assignment == b"=" && raw.starts_with(b"\"") && is_plain(raw)) {
            return None;
        }
        out.extend_from_slice(value.get(done..parameter.name_end)?);
        out.extend_from_slice(b"*=utf-8''");
        PERCENT.encode_append(&parameter.content, &mut out);
        done = parameter.at.end;
    }
    out.extend_from_slice(value.get(done..)?);
    let new = HeaderField::new(field.name.clone(), out.clone());
    (out.is_ascii() && fold::long_line(&new).is_none()).then_some(out)
}

/// The name of a parameter without what RFC 2231 puts behind it.
fn base(name: &[u8]) -> &[u8] {
    name.split(|octet| *octet == b'*').next().unwrap_or(name)
}

/// True if a name is what it looks like.
fn is_plain(raw: &[u8]) -> bool {
    let odd = |c: char| c.is_control() || c == '\\';
    std::str::from_utf8(raw).is_ok_and(|text| !text.contains(odd) && !text.contains("=?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(value: &[u8]) -> Option<String> {
        let out = encoded(&HeaderField::new("Content-Type", value.to_vec()), None)?;
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn names_of_files_are_encoded() {
        for (value, expected) in [
            (" attachment; filename=\"Grüße.pdf\"", " attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf"),
            (
                " application/pdf;\n\tName=\"a b (ü).pdf\"; x=y (z)",
                " application/pdf;\n\tName*=utf-8''a%20b%20%28%C3%BC%29.pdf; x=y (z)",
            ),
            (
                " text/csv; charset=utf-8; name=\"50%'ü'*.csv\" ",
                " text/csv; charset=utf-8; name*=utf-8''50%25%27%C3%BC%27%2A.csv ",
            ),
            (
                " inline; filename=\"请柬\"; name=\"é\"",
                " inline; filename*=utf-8''%E8%AF%B7%E6%9F%AC; name*=utf-8''%C3%A9",
            ),
        ] {
            assert_eq!(repaired(value.as_bytes()).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_not_certain_stays() {
        for value in [
            " attachment; filename=Grüße.pdf",
            " attachment; filename=\"Gr\\üße.pdf\"",
            " attachment; filename=\"ü.pdf",
            " attachment; filename=\"ü\"; filename=\"u\"",
            " attachment; filename=\"ü\"; filename*=utf-8''u",
            " attachment; filename=\"ü\"; filename*0=\"u\"",
            " attachment; filename=\"=?utf-8?Q?a?= ü\"",
            " attachment; filename=\"ü\n .pdf\"",
            " attachment; filename=\"\u{85}ü.pdf\"",
            " attachment; filename = \"ü\"",
            " attachment (ü); filename=\"ü\"",
            " multipart/mixed; boundary=\"ü\"",
            " attachment ü; filename=\"ü\"",
            "ü",
        ] {
            assert_eq!(repaired(value.as_bytes()), None, "{value}");
        }
        assert_eq!(repaired(b" attachment; filename=\"Gr\xfc\xdfe.pdf\""), None);
        assert_eq!(repaired(format!(" attachment; filename=\"{}\"", "ü".repeat(200)).as_bytes()), None);
    }
}
