#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| postseal_fuzz::within_limit(
    postseal_filters::testing::fuzz_header_checks,
    data
));
