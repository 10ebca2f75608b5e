//! The fuzz targets of this crate on inputs that are the same in each run. The fuzzer itself is in `tests/fuzz`.

use postseal_filters::testing::{fuzz_addresses, fuzz_pipeline};

const CASES: u32 = 20_000;

#[test]
fn any_dialogue() {
    let mut number = numbers();
    for _ in 0..CASES {
        let length = (number() >> 32) % 400;
        // A client, MAIL and From first, so that most cases get as far as a signature.
        let mut data = vec![16, 40, 32, 3, b'm', b'e', b'!', 56, 3, b'a', b'@', b'b', 0, 96];
        data.extend((0..length).map(|_| number().to_be_bytes()[0]));
        data.push(240);
        fuzz_pipeline(&data);
    }
}

#[test]
fn any_address() {
    // What addresses are made of, so that most cases are nearly some.
    const PIECES: [&str; 24] = [
        "a",
        "Bob",
        ".",
        "@",
        "@",
        "x.example",
        "b.example",
        "<",
        ">",
        ",",
        ":",
        ";",
        "(c)",
        "(",
        ")",
        "\"q q\"",
        "\"",
        " ",
        "\n ",
        "\\",
        "*",
        "$1",
        "\u{fc}",
        "[192.0.2.1]",
    ];
    let mut number = numbers();
    for _ in 0..CASES {
        let length = (number() >> 32) % 16;
        let pieces = (0..length).filter_map(|_| PIECES.get((number() >> 32) as usize % PIECES.len()));
        fuzz_addresses(pieces.copied().collect::<String>().as_bytes());
    }
}

/// xorshift64*: the same numbers everywhere.
fn numbers() -> impl FnMut() -> u64 {
    let mut state = 0x5eed_5eed_5eed_5eed_u64;
    move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
