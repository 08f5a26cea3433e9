//! The fuzzer's program for [`fuzzing::rows`], which says what must hold.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::rows(data));
