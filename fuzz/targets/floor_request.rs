//! hello-floor: a request is found where it ends, whatever follows, and not before; what is known of another changes nothing.
#![no_main]
#![allow(dead_code)]

#[path = "../../hello-floor/src/body.rs"]
mod body;
#[path = "../../hello-floor/src/fields.rs"]
mod fields;
#[path = "../../hello-floor/src/request.rs"]
mod request;
#[path = "../../hello-floor/src/target.rs"]
mod target;

use libfuzzer_sys::fuzz_target;
use request::{Known, Parsed, parse, read};

fuzz_target!(|input: &[u8]| {
    let Parsed::Request(found) = parse(input) else {
        return;
    };
    let bytes = found.bytes;
    assert!((1..=input.len()).contains(&bytes));
    let mut known = Known::default();
    for _ in 0..2 {
        assert_eq!(read(input, &mut known), parse(input));
    }
    assert_eq!(parse(&input[..bytes]), Parsed::Request(found));
    assert!(!matches!(parse(&input[..bytes - 1]), Parsed::Request(_)));
});
