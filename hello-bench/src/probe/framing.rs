//! Requests of which it is in doubt where they end: whoever finds another end than a proxy before it answers requests that
//! nobody sent (RFC 9112, 11.2).

use crate::probe::case::Family;
use crate::probe::message::{
    Message, SMUGGLED, bad_request, bad_request_and_end, body_is_not_a_request, body_or_bad_request, get,
    must, one_and_end, one_at_most, open, should, then_b,
};

pub(super) const FAMILY: Family = Family {
    key: "framing",
    title: "Content-Length and Transfer-Encoding",
    messages: MESSAGES,
    ..Family::EMPTY
};

/// A GET for A with these lines and a body of five bytes, then a GET for B.
fn with_five(lines: &str) -> Vec<u8> {
    then_b([get(lines), b"hello".to_vec()].concat())
}

/// A GET for A with these lines and one chunk, then a GET for B.
fn with_chunk(lines: &str) -> Vec<u8> {
    then_b([get(lines), b"5\r\nhello\r\n0\r\n\r\n".to_vec()].concat())
}

/// A GET for A with these lines and a request in a chunk, then a GET for B.
fn with_smuggled_chunk(lines: &str) -> Vec<u8> {
    let chunk = format!("{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len());
    then_b([get(lines), chunk.into_bytes()].concat())
}

const MESSAGES: &[Message] = &[
    must(
        "Content-Length, then Transfer-Encoding (CL.TE)",
        "the end after one answer (RFC 9112, 6.1)",
        || {
            let body = format!("0\r\n\r\n{SMUGGLED}");
            let head = get(&format!("content-length: {}\r\ntransfer-encoding: chunked\r\n", body.len()));
            then_b([head, body.into()].concat())
        },
        one_and_end,
    ),
    must(
        "Transfer-Encoding, then Content-Length (TE.CL)",
        "the end after one answer (RFC 9112, 6.1)",
        || with_smuggled_chunk("transfer-encoding: chunked\r\ncontent-length: 4\r\n"),
        one_and_end,
    ),
    must(
        "two different Content-Lengths, 0 first",
        "400 and the end (RFC 9112, 6.3)",
        || {
            let lines = format!("content-length: 0\r\ncontent-length: {}\r\n", SMUGGLED.len());
            then_b([get(&lines), SMUGGLED.into()].concat())
        },
        bad_request_and_end,
    ),
    must(
        "two different Content-Lengths, 0 last",
        "400 and the end (RFC 9112, 6.3)",
        || with_five("content-length: 5\r\ncontent-length: 0\r\n"),
        bad_request_and_end,
    ),
    must(
        "the same Content-Length twice",
        "400 and the end, or as one (RFC 9112, 6.3)",
        || with_five("content-length: 5\r\ncontent-length: 5\r\n"),
        body_or_bad_request,
    ),
    must(
        "Content-Length: 5, 5",
        "400 and the end, or as one (RFC 9112, 6.3)",
        || with_five("content-length: 5, 5\r\n"),
        body_or_bad_request,
    ),
    must(
        "Content-Length: 5, 0",
        "400 and the end (RFC 9112, 6.3)",
        || with_five("content-length: 5, 0\r\n"),
        bad_request_and_end,
    ),
    must(
        "Content-Length: +5",
        "400 and the end (RFC 9112, 6.3)",
        || with_five("content-length: +5\r\n"),
        bad_request_and_end,
    ),
    must(
        "Content-Length: -5",
        "400 and the end (RFC 9112, 6.3)",
        || with_five("content-length: -5\r\n"),
        bad_request_and_end,
    ),
    must(
        "Content-Length: 0x5",
        "400 and the end (RFC 9112, 6.3)",
        || with_five("content-length: 0x5\r\n"),
        bad_request_and_end,
    ),
    must(
        "Content-Length: 5 5",
        "400 and the end (RFC 9112, 6.3)",
        || with_five("content-length: 5 5\r\n"),
        bad_request_and_end,
    ),
    must(
        "an empty Content-Length",
        "400 and the end (RFC 9112, 6.3)",
        || with_five("content-length:\r\n"),
        bad_request_and_end,
    ),
    must(
        "Content-Length: 0005",
        "as 5 (RFC 9110, 8.6)",
        || with_five("content-length: 0005\r\n"),
        body_is_not_a_request,
    ),
    must(
        "a Content-Length of 2^64",
        "no answer but one (RFC 9110, 8.6)",
        || then_b(get("content-length: 18446744073709551616\r\n")),
        one_at_most,
    ),
    must(
        "a space before the colon of Content-Length",
        "400 (RFC 9112, 5.1)",
        || with_five("content-length : 5\r\n"),
        bad_request,
    ),
    must(
        "Transfer-Encoding: chunked, gzip",
        "400 and the end (RFC 9112, 6.3)",
        || with_smuggled_chunk("transfer-encoding: chunked, gzip\r\n"),
        bad_request_and_end,
    ),
    must(
        "Transfer-Encoding: chunked, and then identity",
        "400 and the end (RFC 9112, 6.3)",
        || with_smuggled_chunk("transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n"),
        bad_request_and_end,
    ),
    must(
        "Transfer-Encoding: identity",
        "400 and the end (RFC 9112, 6.3)",
        || with_smuggled_chunk("transfer-encoding: identity\r\n"),
        bad_request_and_end,
    ),
    must(
        "Transfer-Encoding: xchunked",
        "400 and the end (RFC 9112, 6.3)",
        || with_smuggled_chunk("transfer-encoding: xchunked\r\n"),
        bad_request_and_end,
    ),
    must(
        "Transfer-Encoding: \"chunked\", in quotes",
        "400 and the end (RFC 9112, 6.3)",
        || with_smuggled_chunk("transfer-encoding: \"chunked\"\r\n"),
        bad_request_and_end,
    ),
    must(
        "Transfer-Encoding: chunked, behind a vertical tab",
        "400 and the end (RFC 9112, 6.3)",
        || with_smuggled_chunk("transfer-encoding: \x0bchunked\r\n"),
        bad_request_and_end,
    ),
    must(
        "a space before the colon of Transfer-Encoding",
        "400 (RFC 9112, 5.1)",
        || with_smuggled_chunk("transfer-encoding : chunked\r\n"),
        bad_request,
    ),
    must(
        "Transfer-Encoding in a folded line",
        "400, or as one line (RFC 9112, 5.2)",
        || with_smuggled_chunk("transfer-encoding:\r\n chunked\r\n"),
        body_or_bad_request,
    ),
    must(
        "Transfer-Encoding behind LF alone",
        "400, or a line of its own (RFC 9112, 2.2)",
        || with_smuggled_chunk("x-a: b\ntransfer-encoding: chunked\r\n"),
        body_or_bad_request,
    ),
    must(
        "Transfer-Encoding behind CR alone",
        "400, or no line of its own (RFC 9112, 2.2)",
        || with_chunk("x-a: b\rtransfer-encoding: chunked\r\n"),
        |reaction| bad_request(reaction) || !reaction.greets(&["A", "B"]),
    ),
    must(
        "Transfer-Encoding: Chunked",
        "as chunked (RFC 9112, 7)",
        || with_smuggled_chunk("transfer-encoding: Chunked\r\n"),
        body_is_not_a_request,
    ),
    must(
        "Transfer-Encoding: chunked, behind a tab",
        "as chunked (RFC 9112, 5.1)",
        || with_smuggled_chunk("transfer-encoding:\tchunked\r\n"),
        body_is_not_a_request,
    ),
    must(
        "Transfer-Encoding: chunked, and an empty element",
        "as chunked, or 400 and the end (RFC 9110, 5.6.1)",
        || with_smuggled_chunk("transfer-encoding: , chunked\r\n"),
        body_or_bad_request,
    ),
    must(
        "transfer_encoding: chunked",
        "another field (RFC 9110, 5.1)",
        || with_five("content-length: 5\r\ntransfer_encoding: chunked\r\n"),
        body_is_not_a_request,
    ),
    should(
        "Transfer-Encoding: gzip, chunked",
        "501, or 400 (RFC 9112, 6.1)",
        || with_smuggled_chunk("transfer-encoding: gzip, chunked\r\n"),
        |reaction| matches!(reaction.status(), Some(400 | 501)) && one_and_end(reaction),
    ),
    should(
        "Transfer-Encoding: chunked;a=b",
        "400 and the end (RFC 9112, 7.1)",
        || with_smuggled_chunk("transfer-encoding: chunked;a=b\r\n"),
        bad_request_and_end,
    ),
    open("Transfer-Encoding: chunked, chunked", "400, or as one (RFC 9112, 7.1)", || {
        with_smuggled_chunk("transfer-encoding: chunked, chunked\r\n")
    }),
    open("an empty Transfer-Encoding", "400, or as none (RFC 9112, 6.3)", || {
        then_b(get("transfer-encoding:\r\n"))
    }),
    must(
        "Transfer-Encoding in HTTP/1.0",
        "the end after one answer (RFC 9112, 6.1)",
        || {
            let first = "GET /?name=A HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\n\
                         transfer-encoding: chunked\r\n\r\n0\r\n\r\n";
            then_b(first.into())
        },
        one_and_end,
    ),
    must(
        "a body on GET, then a request",
        "the body is none (RFC 9112, 9.3)",
        || {
            let head = get(&format!("content-length: {}\r\n", SMUGGLED.len()));
            then_b([head, SMUGGLED.into()].concat())
        },
        body_is_not_a_request,
    ),
    must(
        "a chunked body on GET, then a request",
        "the body is none (RFC 9112, 9.3)",
        || with_smuggled_chunk("transfer-encoding: chunked\r\n"),
        body_is_not_a_request,
    ),
    open("Expect: 100-continue, and the body at once", "100, or not (RFC 9110, 10.1.1)", || {
        with_five("content-length: 5\r\nexpect: 100-continue\r\n")
    }),
];
