use super::*;
use crate::message::Message;

fn names(list: &[&str]) -> Vec<FieldName> {
    list.iter().map(|name| name.parse().unwrap()).collect()
}

fn select(
    signed: &SignedFields, mta: MtaKind, fields: &[(&'static str, &'static str)],
) -> Result<String, TooManyFields> {
    let mut message = Message::new(mta);
    for (name, value) in fields {
        message.fields.receive(HeaderField::new(*name, *value));
    }
    let selection = signed.select(&message.fields, FieldChanges { mta, eight_bit_body: false, left_out: &[] })?;
    let mut text = Vec::new();
    selection.write(Canonicalization::Relaxed, &mut text);
    Ok(format!("{}\r\n{}", selection.names.join(":"), String::from_utf8(text).unwrap()))
}

#[test]
fn the_order_is_that_of_the_list_and_then_from_the_bottom() {
    let signed = SignedFields::new(Some(&names(&["From", "Subject", "To"])), Some(&[]));
    let fields = [("To", "1"), ("subject", "a"), ("X", "x"), ("To", "2"), ("From", "f"), ("to ", "3")];
    let expected = "From:Subject:To:To:To\r\nfrom:f\r\nsubject:a\r\nto:3\r\nto:2\r\nto:1\r\n";
    assert_eq!(select(&signed, MtaKind::Postfix, &fields).as_deref(), Ok(expected));
}

#[test]
fn absent_fields_are_sealed_but_not_those_that_sendmail_adds() {
    let signed = SignedFields::new(None, None);
    let h = |mta| select(&signed, mta, &[]).unwrap().trim_end().to_owned();
    assert_eq!(
        h(MtaKind::Postfix),
        "From:Reply-To:Subject:Date:To:Cc:In-Reply-To:References:Message-ID:MIME-Version:Content-Type:\
                    Content-Transfer-Encoding:Content-Disposition:Autocrypt"
    );
    assert_eq!(
        h(MtaKind::Sendmail),
        "Reply-To:Subject:Cc:In-Reply-To:References:MIME-Version:Content-Type:Content-Transfer-Encoding:\
                    Content-Disposition:Autocrypt"
    );
    let with_recipient = select(&signed, MtaKind::Sendmail, &[("Cc", "a@b.example")]).unwrap();
    assert!(with_recipient.starts_with("Reply-To:Subject:To:Cc:Cc:"), "{with_recipient}");
}

#[test]
fn what_changes_on_the_way_is_never_signed() {
    let signed = SignedFields::new(None, None);
    for name in ["Received", "Return-Path", "Bcc", "Resent-Bcc", "DKIM-Signature"] {
        assert!(!signed.contains(name), "{name}");
    }
    for name in ["bcc", "RECEIVED", "return-path", "dkim-signature"] {
        assert!(matches!(name.parse::<FieldName>(), Err(FieldNameError::Changes(_))), "{name}");
    }
    for name in ["", "a b", "a:", "a;b", "gr\u{fc}n", &"x".repeat(71)] {
        assert_eq!(name.parse::<FieldName>(), Err(FieldNameError::Syntax), "{name}");
    }
}

#[test]
fn names_listed_twice_count_once() {
    let signed = SignedFields::new(Some(&names(&["From", "from", "To"])), Some(&names(&["TO", "To"])));
    assert_eq!(select(&signed, MtaKind::Postfix, &[("From", "f")]).as_deref(), Ok("From:To\r\nfrom:f\r\n"));
}

#[test]
fn a_field_too_often() {
    let signed = SignedFields::new(None, None);
    let repeated =
        |count| vec![("Keywords", "k"); 10_000].into_iter().chain(vec![("Subject", "s"); count]).collect::<Vec<_>>();
    assert!(select(&signed, MtaKind::Postfix, &repeated(32)).is_ok());
    let many = TooManyFields { name: "Subject".to_owned() };
    assert_eq!(select(&signed, MtaKind::Postfix, &repeated(33)), Err(many.clone()));
    assert_eq!(select(&signed, MtaKind::Postfix, &repeated(10_000)), Err(many));

    let long: Vec<String> = (0..100).map(|number| format!("X-{number}-{}", "x".repeat(60))).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let signed = SignedFields::new(Some(&names(&long)), Some(&names(&long)));
    assert!(select(&signed, MtaKind::Postfix, &[]).is_ok());
    let fields: Vec<_> = long.iter().map(|name| (&*name.to_string().leak(), "v")).collect();
    assert!(select(&signed, MtaKind::Postfix, &fields).is_err());
}

#[test]
fn the_encoding_is_signed_unless_an_mta_may_change_it() {
    let entries = |signed: &SignedFields, field: Option<&'static str>, eight_bit_body| {
        let mut message = Message::new(MtaKind::Postfix);
        for value in field.into_iter().flat_map(|values| values.split('|')) {
            message.fields.receive(HeaderField::new("Content-Transfer-Encoding", value));
        }
        let changes = FieldChanges { mta: MtaKind::Postfix, eight_bit_body, left_out: &[] };
        let selection = signed.select(&message.fields, changes).unwrap();
        selection.names.iter().filter(|name| *name == "Content-Transfer-Encoding").count()
    };
    let default = SignedFields::new(None, None);
    for (field, eight_bit_body, expected) in [
        (None, false, 1),
        (None, true, 0),
        (Some(" 7bit"), false, 2),
        (Some(" 7bit"), true, 2),
        (Some(" Base64 (text)"), false, 2),
        (Some(" quoted-printable"), false, 2),
        (Some(" x-unknown"), false, 2),
        (Some(" 8bit"), false, 0),
        (Some(" 8BIT"), true, 0),
        (Some(" binary"), false, 0),
        (Some(" base64| (a) 8bit"), false, 0),
    ] {
        assert_eq!(entries(&default, field, eight_bit_body), expected, "{field:?} {eight_bit_body}");
    }
    // Names that the configuration lists are signed in any case.
    let listed = SignedFields::new(Some(&names(&["From", "Content-Transfer-Encoding"])), Some(&[]));
    assert_eq!(entries(&listed, Some(" 8bit"), true), 1);
    let sealed = SignedFields::new(None, Some(&names(&["Content-Transfer-Encoding"])));
    assert_eq!((entries(&sealed, None, true), entries(&sealed, Some(" 8bit"), true)), (1, 2));
}

#[test]
fn fields_under_names_of_our_own_are_signed_by_default_only() {
    let fields = [("X-Repaired", "a"), ("From", "f")];
    let signed = |mut signed: SignedFields| {
        signed.sign_also("X-Repaired".parse().unwrap());
        signed.sign_also("subject".parse().unwrap());
        let h = select(&signed, MtaKind::Postfix, &fields).unwrap();
        (h.matches("X-Repaired").count(), h.matches("ubject").count())
    };
    assert_eq!(signed(SignedFields::new(None, None)), (2, 1));
    assert_eq!(signed(SignedFields::new(None, Some(&[]))), (1, 0));
    assert_eq!(signed(SignedFields::new(Some(&names(&["From"])), None)), (0, 0));
}
