use proptest::prelude::*;

use super::*;

fn of(body: &[u8], cut: usize) -> BodyOctets {
    let mut octets = BodyOctets::new(MtaKind::Postfix);
    for chunk in body.chunks(cut) {
        octets.push(chunk);
    }
    octets.finish();
    octets
}

fn offset(spot: Option<Spot>) -> Option<u64> {
    spot.map(|spot| spot.offset)
}

#[test]
fn each_kind_is_found_where_it_is_first() {
    for cut in [1, 2, 3, 100] {
        let octets = of(b"a\r\nb\0\r\nc\rd\r\n\xfc\xff\r\n\0\n", cut);
        assert_eq!(offset(octets.nul), Some(4));
        assert_eq!(octets.bare, Some(Spot { offset: 8, octet: b'\r' }));
        assert_eq!(octets.eight_bit, Some(Spot { offset: 12, octet: 0xfc }));
        assert_eq!(of(b"a\nb\r\n", cut).bare, Some(Spot { offset: 1, octet: b'\n' }));
        assert_eq!(offset(of(b"\n", cut).bare), Some(0));
        assert_eq!(offset(of(b"a\r", cut).bare), Some(1));
        assert_eq!(offset(of(b"a\r\r\n", cut).bare), Some(1));
        assert_eq!(of(b"a\r\n\r\n", cut).bare, None);
    }
}

#[test]
fn a_line_may_have_998_octets() {
    for cut in [1, 7, 997, 998, 999, 1000, 1001, 5000] {
        for before in [0, 1, 1500] {
            let start = "ab\r\n".repeat(before);
            let body = |length: usize, end: &str| format!("{start}{}{end}", "x".repeat(length)).into_bytes();
            assert_eq!(of(&body(998, "\r\nyy\r\n"), cut).long, None, "{cut}");
            let long = of(&body(999, "\r\nyy\r\n"), cut).long;
            assert_eq!(offset(long), Some(start.len() as u64 + 998), "{cut}");
            assert_eq!(offset(of(&body(5000, ""), cut).long), Some(start.len() as u64 + 998), "{cut}");
        }
    }
}

proptest! {
    /// The findings are the same however the body is cut.
    #[test]
    fn cuts_change_nothing(body in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(0), any::<u8>()], 0..60), cut in 1usize..20) {
        let (one, other) = (of(&body, body.len().max(1)), of(&body, cut));
        prop_assert_eq!((one.nul, one.bare, one.eight_bit, one.long), (other.nul, other.bare, other.eight_bit, other.long));
    }
}
