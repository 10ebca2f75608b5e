//! The fuzz target of the pipeline on inputs that are the same in each run. The fuzzer itself is in `tests/fuzz`.

use postseal_filters::testing::fuzz_pipeline;

const CASES: u32 = 20_000;

#[test]
fn any_dialogue() {
    // xorshift64*: the same numbers everywhere.
    let mut state = 0x5eed_5eed_5eed_5eed_u64;
    let mut number = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    for _ in 0..CASES {
        let length = (number() >> 32) % 400;
        // A client, MAIL and From first, so that most cases get as far as a signature.
        let mut data = vec![16, 40, 32, 3, b'm', b'e', b'!', 56, 3, b'a', b'@', b'b', 0, 96];
        data.extend((0..length).map(|_| number().to_be_bytes()[0]));
        data.push(240);
        fuzz_pipeline(&data);
    }
}
