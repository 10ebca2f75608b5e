use proptest::prelude::*;

use super::*;
use crate::testing::model::{Model, own_received};
use postseal_protocol::Address;

fn field(name: &str, value: &str) -> HeaderField {
    HeaderField::new(name.to_owned(), value.to_owned())
}

fn received(mta: MtaKind, fields: &[(&str, &str)]) -> Message {
    let mut message = Message::new(mta);
    for (name, value) in fields {
        message.fields.receive(field(name, value));
    }
    message
}

fn view(message: &Message) -> Vec<String> {
    message.fields.iter().map(|(_, field)| show(field)).collect()
}

fn show(field: &HeaderField) -> String {
    format!("{}:{}", String::from_utf8_lossy(&field.name), String::from_utf8_lossy(&field.value))
}

#[test]
fn what_one_filter_keeps_from_being_signed_no_other_permits() {
    let address = |text: &str| text.parse::<AddrSpec>().unwrap();
    let mut message = Message::new(MtaKind::Postfix);
    let from = |text: &str| crate::mail::address::mailboxes(text.as_bytes()).unwrap().remove(0);
    message.permit_signing_for(vec![address("a@b.example"), address("c@b.example")]);
    message.permit_signing_for(vec![address("C@b.example"), address("d@b.example")]);
    let signed = ["a@b.example", "c@b.example", "d@b.example"].map(|text| message.may_be_signed_for(&from(text)));
    assert_eq!(signed, [false, true, false]);
}

#[test]
fn nothing_edited_nothing_sent() {
    let message = received(MtaKind::Postfix, &[("From", " a@b"), ("Subject", " x")]);
    assert_eq!(message.modifications(), Ok(vec![]));
}

#[test]
fn an_edit_that_undid_itself_is_not_sent() {
    let mut message = received(MtaKind::Postfix, &[("Subject", " x")]);
    message.envelope.receive_sender(Address::new("<a@b>"));
    let (id, _) = message.fields.iter().next().unwrap();
    message.fields.replace(id, " y");
    message.fields.replace(id, " x");
    let added = message.fields.append(field("X-A", " 1"));
    message.fields.delete(added);
    message.envelope.set_sender(Address::new("<c@d>"));
    message.envelope.set_sender(Address::new("<a@b>"));
    message.set_body(Body::Whole("same\r\n".into()));
    message.replace_body("other\r\n");
    message.replace_body("same\r\n");
    assert_eq!(message.modifications(), Ok(vec![]));
}

#[test]
fn quirk_11_deletes_go_from_the_last_occurrence_to_the_first() {
    let mut message = received(MtaKind::Postfix, &[("A", " 1"), ("a", " 2"), ("A", " 3")]);
    let ids: Vec<_> = message.fields.iter().map(|(id, _)| id).collect();
    message.fields.delete(ids[0]);
    message.fields.delete(ids[2]);
    let occurrences: Vec<_> = message
        .modifications()
        .unwrap()
        .iter()
        .map(|edit| match edit {
            Modification::ChangeHeader { occurrence, field } => (*occurrence, field.value.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(occurrences, [(3, 0), (1, 0)]);
}

#[test]
fn quirk_12_only_shown_fields_of_the_name_are_counted_in_any_case() {
    let mut message = received(MtaKind::Sendmail, &[("Received", " x"), ("subject", " 1"), ("Subject", " 2")]);
    message.fields.insert_top(field("Subject", " mine"));
    let second = message.fields.named("SUBJECT").nth(2).unwrap().0;
    message.fields.replace(second, " new");
    let edits = message.modifications().unwrap();
    let expected = Modification::ChangeHeader { occurrence: 2, field: field("Subject", " new") };
    assert_eq!(edits[0], expected);
}

#[test]
fn quirk_13_inserts_use_no_position_but_top_and_below_received() {
    let mut message = received(MtaKind::Postfix, &[("From", " a@b")]);
    message.fields.insert_top(field("T", " 1"));
    message.fields.insert_below_received(field("B", " 1"));
    message.fields.insert_top(field("T", " 2"));
    message.fields.insert_below_received(field("B", " 2"));
    assert_eq!(view(&message), ["T: 2", "T: 1", "B: 2", "B: 1", "From: a@b"]);
    let sent: Vec<_> = message
        .modifications()
        .unwrap()
        .iter()
        .map(|edit| match edit {
            Modification::InsertHeader { position, field } => format!("{position} {}", show(field)),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sent, ["1 B: 1", "1 B: 2", "0 T: 1", "0 T: 2"]);
}

#[test]
fn quirk_25_the_last_recipient_is_not_deleted() {
    let mut message = Message::new(MtaKind::Postfix);
    message.envelope.receive_recipient(Address::new("<a@b>"));
    message.envelope.delete_recipient(b"a@b");
    assert_eq!(message.modifications(), Err(EditError::NoRecipients));
    message.envelope.add_recipient(Address::new("<c@d>"));
    assert_eq!(message.modifications().unwrap().len(), 2);
}

#[test]
fn quirk_28_body_pieces_come_last() {
    let mut message = received(MtaKind::Postfix, &[("Subject", " x")]);
    message.envelope.receive_recipient(Address::new("<a@b>"));
    message.replace_body("new\r\n");
    message.quarantine("why");
    message.envelope.set_sender(Address::new("<c@d>"));
    message.fields.append(field("X", " y"));
    let edits = message.modifications().unwrap();
    assert!(matches!(edits.last(), Some(Modification::ReplaceBody(_))));
}

#[derive(Clone, Debug)]
enum Op {
    Top(HeaderField),
    Below(HeaderField),
    Append(HeaderField),
    Replace(usize, String),
    Delete(usize),
    Sender(String),
    AddRecipient(String),
    DeleteRecipient(String),
    Body(String),
}

fn any_field() -> impl Strategy<Value = HeaderField> {
    let name = prop::sample::select(vec!["Subject", "subject", "X-A", "X-B", "From", "Date"]);
    (name, " [a-z]{0,3}(\n [a-z]{1,3})?").prop_map(|(name, value)| field(name, &value))
}

fn any_received() -> impl Strategy<Value = HeaderField> {
    prop_oneof![8 => any_field(), 1 => Just(field("Received", " from elsewhere"))]
}

fn any_op() -> impl Strategy<Value = Op> {
    let mailbox = || prop::sample::select(vec!["a@b", "c@d", "e@f"]).prop_map(str::to_owned);
    prop_oneof![
        any_field().prop_map(Op::Top),
        any_field().prop_map(Op::Below),
        any_field().prop_map(Op::Append),
        (any::<usize>(), " [a-z]{0,3}").prop_map(|(at, value)| Op::Replace(at, value)),
        any::<usize>().prop_map(Op::Delete),
        mailbox().prop_map(Op::Sender),
        mailbox().prop_map(Op::AddRecipient),
        mailbox().prop_map(Op::DeleteRecipient),
        "[a-z]{0,5}\r\n".prop_map(Op::Body),
    ]
}

fn edit(message: &mut Message, op: &Op) {
    let pick = |message: &Message, at: usize| {
        let ids: Vec<_> = message.fields.iter().map(|(id, _)| id).collect();
        (!ids.is_empty()).then(|| ids[at % ids.len()])
    };
    match op.clone() {
        Op::Top(field) => drop(message.fields.insert_top(field)),
        Op::Below(field) => drop(message.fields.insert_below_received(field)),
        Op::Append(field) => drop(message.fields.append(field)),
        Op::Replace(at, value) => {
            if let Some(id) = pick(message, at) {
                message.fields.replace(id, value);
            }
        }
        Op::Delete(at) => {
            if let Some(id) = pick(message, at) {
                message.fields.delete(id);
            }
        }
        Op::Sender(to) => message.envelope.set_sender(Address::new(to)),
        Op::AddRecipient(to) => message.envelope.add_recipient(Address::new(to)),
        Op::DeleteRecipient(to) => message.envelope.delete_recipient(to.as_bytes()),
        Op::Body(body) => message.replace_body(body),
    }
}

proptest! {
    /// What is sent makes of the original exactly what the filters saw.
    #[test]
    fn modifications_make_the_view(
        postfix: bool,
        fields in prop::collection::vec(any_received(), 0..12),
        ops in prop::collection::vec(any_op(), 0..12),
    ) {
        let mta = if postfix { MtaKind::Postfix } else { MtaKind::Sendmail };
        let mut message = Message::new(mta);
        let mut model = Model::new(mta, fields.clone());
        message.envelope.receive_sender(Address::new("a@b"));
        model.sender = Address::new("a@b");
        for recipient in ["a@b", "c@d"] {
            message.envelope.receive_recipient(Address::new(recipient));
            model.recipients.push(recipient.into());
        }
        for field in fields {
            message.fields.receive(field);
        }
        for op in &ops {
            edit(&mut message, op);
        }
        let Ok(edits) = message.modifications() else {
            prop_assert_eq!(message.envelope.recipients().count(), 0);
            return Ok(());
        };
        for edit in &edits {
            model.apply(edit);
        }
        let own = show(&own_received());
        let delivered: Vec<_> = model.fields().map(show).filter(|line| *line != own).collect();
        prop_assert_eq!(delivered, view(&message));
        prop_assert_eq!(Some(&model.sender), message.envelope.sender());
        let mut recipients: Vec<_> = message.envelope.recipients().map(|to| to.mailbox().to_vec()).collect();
        recipients.sort();
        model.recipients.sort();
        prop_assert_eq!(model.recipients, recipients);
        prop_assert_eq!(model.body.as_deref(), message.new_body().map(|body| &body[..]));
    }
}
