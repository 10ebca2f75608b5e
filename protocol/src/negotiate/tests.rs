use super::{ActionFlags, Negotiated, Offer, ProtocolFlags, Wanted, negotiate};
use crate::macros::Stage;
use crate::negotiate::NegotiateError;
use crate::testing::mta::OFFER;

fn wanted(macros: &[(Stage, &[&str])]) -> Wanted {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Wanted { macros: macros.iter().map(|(stage, names)| (*stage, owned(names))).collect(), ..Wanted::default() }
}

fn lists(answer: &Negotiated) -> Vec<(u32, String)> {
    let text = |names: &[u8]| String::from_utf8(names.to_vec()).unwrap();
    let lists = answer.macros.iter();
    lists.map(|(stage, names)| (stage.wire_number(), text(names))).collect()
}

#[test]
fn the_version_is_the_lower_one() {
    for (offered, agreed) in [(2, 2), (3, 3), (5, 5), (6, 6), (7, 6), (u32::MAX, 6)] {
        let offer = Offer { version: offered, ..OFFER };
        assert_eq!(negotiate(&offer, &Wanted::default()).unwrap().version, agreed);
    }
    for version in [0, 1] {
        let refused = negotiate(&Offer { version, ..OFFER }, &Wanted::default());
        assert_eq!(refused, Err(NegotiateError::Version(version)));
    }
}

#[test]
fn the_answer_has_nothing_that_was_not_offered() {
    let offer = Offer { protocol: ProtocolFlags::NO_BODY | ProtocolFlags::NO_REPLY_HEADER, ..OFFER };
    let wanted = Wanted { protocol: ProtocolFlags::all(), ..Wanted::default() };
    let answer = negotiate(&offer, &wanted).unwrap();
    assert_eq!(answer.protocol, offer.protocol);
    assert_eq!(answer.actions, ActionFlags::empty());
}

#[test]
fn the_answer_has_nothing_that_was_not_wanted() {
    let everything = Offer { version: 6, actions: ActionFlags::all(), protocol: ProtocolFlags::all() };
    let answer = negotiate(&everything, &Wanted::default()).unwrap();
    let nothing =
        Negotiated { version: 6, actions: ActionFlags::empty(), protocol: ProtocolFlags::empty(), macros: Vec::new() };
    assert_eq!(answer, nothing);
}

#[test]
fn empty_masks_stand_for_version_1() {
    let silent = Offer { version: 6, actions: ActionFlags::empty(), protocol: ProtocolFlags::empty() };
    let wanted = Wanted {
        actions: ActionFlags::ADD_HEADERS | ActionFlags::DELETE_RECIPIENTS,
        protocol: ProtocolFlags::all(),
        ..self::wanted(&[(Stage::Mail, &["i"])])
    };
    let answer = negotiate(&silent, &wanted).unwrap();
    assert_eq!((answer.actions, answer.protocol.bits()), (wanted.actions, 0x3f));
    assert!(answer.macros.is_empty());
    let too_much = Wanted { actions: ActionFlags::CHANGE_HEADERS, ..Wanted::default() };
    let refused = negotiate(&silent, &too_much);
    assert_eq!(refused, Err(NegotiateError::Actions(ActionFlags::CHANGE_HEADERS)));
}

#[test]
fn what_is_missing_is_named() {
    let offer = Offer { actions: ActionFlags::ADD_HEADERS, protocol: ProtocolFlags::NO_BODY, ..OFFER };
    let actions = Wanted {
        actions: ActionFlags::ADD_HEADERS | ActionFlags::CHANGE_SENDER | ActionFlags::CHANGE_BODY,
        ..Wanted::default()
    };
    let error = negotiate(&offer, &actions).unwrap_err();
    assert_eq!(error.to_string(), "the MTA does not offer the actions CHANGE_BODY, CHANGE_SENDER (0x42)");
    let protocol = Wanted {
        protocol: ProtocolFlags::SKIP,
        required: ProtocolFlags::NO_BODY | ProtocolFlags::LEADING_SPACE,
        ..Wanted::default()
    };
    let error = negotiate(&offer, &protocol).unwrap_err();
    assert_eq!(error.to_string(), "the MTA does not offer the protocol steps LEADING_SPACE (0x100000)");
}

#[test]
fn what_is_required_is_taken_even_if_not_wanted() {
    let wanted = Wanted { required: ProtocolFlags::LEADING_SPACE, ..Wanted::default() };
    let answer = negotiate(&OFFER, &wanted).unwrap();
    assert_eq!(answer.protocol, ProtocolFlags::LEADING_SPACE);
}

#[test]
fn data_sizes_are_taken_only_where_wanted_and_offered() {
    let sizes = ProtocolFlags::DATA_SIZE_256K | ProtocolFlags::DATA_SIZE_1M;
    let large = Offer { protocol: OFFER.protocol | sizes, ..OFFER };
    let wants = Wanted { protocol: sizes, ..Wanted::default() };
    assert_eq!(negotiate(&large, &wants).unwrap().protocol, sizes);
    assert!(negotiate(&OFFER, &wants).unwrap().protocol.is_empty());
    assert!(negotiate(&large, &Wanted::default()).unwrap().protocol.is_empty());
}

#[test]
fn macro_lists_are_joined_by_stage() {
    let wanted = wanted(&[
        (Stage::Mail, &["i", "{auth_authen}"]),
        (Stage::Connect, &["{client_addr}", ""]),
        (Stage::Helo, &[]),
        (Stage::Mail, &["i", "{mail_addr}"]),
    ]);
    let answer = negotiate(&OFFER, &wanted).unwrap();
    let expected = [(0, "{client_addr}".to_owned()), (2, "i {auth_authen} {mail_addr}".to_owned())];
    assert_eq!(lists(&answer), expected);
    assert_eq!(answer.actions, ActionFlags::SET_MACRO_LIST);
}

#[test]
fn macro_lists_are_not_sent_where_not_offered() {
    let offer = Offer { actions: OFFER.actions - ActionFlags::SET_MACRO_LIST, ..OFFER };
    let wanted = Wanted { actions: ActionFlags::SET_MACRO_LIST, ..wanted(&[(Stage::Mail, &["i"])]) };
    let answer = negotiate(&offer, &wanted).unwrap();
    assert_eq!((answer.actions, answer.macros), (ActionFlags::empty(), Vec::new()));
}

#[test]
fn quirk_21_eoh_and_eom_lists_go_together() {
    let both = |macros: &[(Stage, &[&str])]| lists(&negotiate(&OFFER, &wanted(macros)).unwrap());
    let together = vec![(6, "i {msg_id}".to_owned()), (5, "i {msg_id}".to_owned())];
    assert_eq!(both(&[(Stage::EndOfMessage, &["i", "{msg_id}"])]), together);
    assert_eq!(both(&[(Stage::EndOfHeaders, &["i", "{msg_id}"])]), together);
    let own = both(&[(Stage::EndOfMessage, &["i"]), (Stage::EndOfHeaders, &["v"])]);
    assert_eq!(own, [(6, "v".to_owned()), (5, "i".to_owned())]);
}
