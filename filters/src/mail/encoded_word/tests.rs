use super::*;

#[test]
fn decoding_for_a_look() {
    for (value, text) in [
        (" =?utf-8?Q?a?= =?utf-8?Q?b?=  c", " ab  c"),
        (" =?utf-8?Q?a?=\n =?klingon?Q?b?=", " a =?klingon?Q?b?="),
        ("a\n b", "a b"),
    ] {
        assert_eq!(decoded(value.as_bytes()), text);
    }
}
