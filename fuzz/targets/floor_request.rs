//! hello-floor: a request is found where it ends, whatever follows, and not before.
#![no_main]

#[path = "../../hello-floor/src/request.rs"]
#[allow(dead_code)]
mod request;

use libfuzzer_sys::fuzz_target;
use request::{Parsed, parse};

fuzz_target!(|input: &[u8]| {
    let Parsed::Request { bytes, asked, last } = parse(input) else {
        return;
    };
    assert!((1..=input.len()).contains(&bytes));
    assert_eq!(parse(&input[..bytes]), Parsed::Request { bytes, asked, last });
    assert!(!matches!(parse(&input[..bytes - 1]), Parsed::Request { .. }));
});
