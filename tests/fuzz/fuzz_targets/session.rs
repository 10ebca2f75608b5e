#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| postseal_fuzz::within_limit(
    postseal_protocol::testing::fuzz_session,
    data
));
