//! Chunked bodies that are not as they should be.

use crate::probe::case::Family;
use crate::probe::message::{
    Message, SMUGGLED, body_is_not_a_request, get, must, one_and_end, one_at_most, open, then_b,
};

pub(super) const FAMILY: Family =
    Family { key: "chunks", title: "Chunked bodies", messages: MESSAGES, ..Family::EMPTY };

/// A GET for A with these bytes behind its head, which announces chunks, then a GET for B.
fn chunked(body: &str) -> Vec<u8> {
    then_b([get("transfer-encoding: chunked\r\n"), body.into()].concat())
}

/// A chunk whose size is spelt like this, the last chunk, and then a GET for B.
fn size(spelling: &str) -> Vec<u8> {
    chunked(&format!("{spelling}\r\nhello\r\n0\r\n\r\n"))
}

/// A chunk whose size is spelt so that no number is read from it.
const fn no_size(name: &'static str, bytes: fn() -> Vec<u8>) -> Message {
    must(name, "the end after one answer (RFC 9112, 7.1)", bytes, one_and_end)
}

const MESSAGES: &[Message] = &[
    must(
        "chunk sizes 5, 0A and 000b",
        "as numbers (RFC 9112, 7.1)",
        || chunked("5\r\nhello\r\n0A\r\nhellohello\r\n000b\r\nhellohelloo\r\n0\r\n\r\n"),
        body_is_not_a_request,
    ),
    no_size("chunk size +5", || size("+5")),
    no_size("chunk size -5", || size("-5")),
    no_size("chunk size 0x5", || size("0x5")),
    no_size("chunk size 5_", || size("5_")),
    no_size("chunk size g", || size("g")),
    no_size("an empty chunk size", || size("")),
    no_size("a space before the chunk size", || size(" 5")),
    open("a space behind the chunk size", "400, or as none (RFC 9112, 7.1)", || size("5 ")),
    no_size("a chunk size of 2^64 + 5", || size("10000000000000005")),
    no_size("a chunk size of 17 digits F", || size("FFFFFFFFFFFFFFFFF")),
    no_size("LF alone behind the chunk size", || chunked("5\nhello\r\n0\r\n\r\n")),
    no_size("CR alone behind the chunk size", || chunked("5\rhello\r\n0\r\n\r\n")),
    no_size("LF alone behind a chunk", || chunked("5\r\nhello\n0\r\n\r\n")),
    no_size("more in a chunk than its size", || chunked("4\r\nhello\r\n0\r\n\r\n")),
    no_size("less in a chunk than its size", || chunked("6\r\nhello\r\n0\r\n\r\n")),
    must("a chunk extension", "ignored (RFC 9112, 7.1.1)", || size("5;a=b;c=\"d\""), body_is_not_a_request),
    must(
        "LF alone in a chunk extension",
        "the end after one answer (RFC 9112, 2.2 and 7.1.1)",
        || chunked(&format!("5;a\nhello\r\n0\r\n\r\n{SMUGGLED}")),
        one_and_end,
    ),
    open("a chunk extension of 1 MiB", "whether to read it (RFC 9112, 7.1.1)", || {
        size(&format!("5;{}", "a".repeat(1 << 20)))
    }),
    open("10 000 chunks with an extension of 1 KiB each", "whether to read them (RFC 9112, 7.1.1)", || {
        let chunk = format!("1;{}\r\na\r\n", "a".repeat(1024));
        chunked(&(chunk.repeat(10_000) + "0\r\n\r\n"))
    }),
    must(
        "a trailer",
        "read over (RFC 9112, 7.1.2)",
        || chunked("5\r\nhello\r\n0\r\nx-a: b\r\n\r\n"),
        body_is_not_a_request,
    ),
    must(
        "Content-Length and Transfer-Encoding as trailers",
        "no framing (RFC 9110, 6.5.1)",
        || {
            let length = SMUGGLED.len();
            chunked(&format!("0\r\ncontent-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n"))
        },
        body_is_not_a_request,
    ),
    must(
        "no empty line behind the last chunk",
        "no answer but one (RFC 9112, 7.1)",
        || chunked("5\r\nhello\r\n0\r\n"),
        one_at_most,
    ),
    open("trailers of 1 MiB", "whether to read them (RFC 9112, 7.1.2)", || {
        chunked(&format!("0\r\nx-a: {}\r\n\r\n", "a".repeat(1 << 20)))
    }),
];
