use proptest::prelude::*;

use super::*;

fn of(pieces: &[&[u8]]) -> (bool, bool) {
    let mut body = BodyTransit::new(MtaKind::Postfix, None);
    pieces.iter().for_each(|piece| body.update(piece));
    (body.eight_bit, body.long_line)
}

#[test]
fn a_line_may_have_998_octets_without_its_end() {
    for (length, long) in [(0, false), (998, false), (999, true), (5000, true)] {
        for around in ["", "a\r\n"] {
            let text = format!("{around}{}\r\n{around}", "x".repeat(length));
            assert_eq!(of(&[text.as_bytes()]), (false, long), "{length}");
        }
    }
    assert_eq!(of(&["\u{fc}".as_bytes()]), (true, false));
}

proptest! {
    #[test]
    fn pieces_make_no_difference(lengths in prop::collection::vec(990usize..1003, 1..4), cut in 1usize..3000) {
        let body = lengths.iter().map(|length| "x".repeat(*length) + "\r\n").collect::<String>();
        let pieces: Vec<_> = body.as_bytes().chunks(cut).collect();
        prop_assert_eq!(of(&pieces).1, lengths.iter().any(|length| *length > 998));
    }
}
