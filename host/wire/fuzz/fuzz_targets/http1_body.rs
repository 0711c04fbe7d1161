#![no_main]

#[path = "../targets/http1_body.rs"]
mod http1_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| http1_body::check(data));
