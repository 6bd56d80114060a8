//! The engine: an answer's head and body are found where they end, whatever follows, and not before.
#![no_main]

use hello_load::response::{Framing, Head};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(Some(head)) = Head::parse(input) else {
        return;
    };
    assert!((1..=input.len()).contains(&head.bytes));
    assert_eq!(Head::parse(&input[..head.bytes]).as_ref(), Ok(&Some(head.clone())));
    let _ = head.closes();
    let Ok(framing) = head.framing() else { return };
    let rest = &input[head.bytes..];
    for ended in [false, true] {
        let Ok(Some((body, bytes))) = framing.body(rest, ended) else {
            continue;
        };
        assert!(body.len() <= bytes && bytes <= rest.len());
        if framing != Framing::UntilClose && bytes > 0 {
            assert_eq!(framing.body(&rest[..bytes], ended), Ok(Some((body, bytes))));
            assert_eq!(framing.body(&rest[..bytes - 1], ended), Ok(None));
        }
    }
});
