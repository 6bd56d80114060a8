//! Answers as bytes: status, the contract's three fields, compact JSON.
//!
//! A plain greeting is put together from pieces that are ready beforehand; the date among them changes once a second. The
//! pieces are cut from an answer of hello-core, which alone has the words. Names of one length share all that stands before them.

use hello_core::{Msg, Params, Refusal};

use crate::clock::Clock;
use crate::request::{Fault, ParsedRequest};
use crate::target::Answer;

const CONTENT: &[u8] = b"content-type: application/json\r\n";
const CLOSE: &[u8] = b"connection: close\r\n";

/// The pieces of answers.
pub(crate) struct Responses {
    /// The date as a whole field.
    date: Vec<u8>,
    /// The body of a greeting up to its name.
    before: Vec<u8>,
    /// The body after the name.
    after: Vec<u8>,
    /// All that stands before a name of `name_bytes`: head and body.
    greeting: Vec<u8>,
    name_bytes: usize,
}

impl Responses {
    /// The pieces, with the date of the clock.
    pub(crate) fn new(clock: &Clock) -> Self {
        let (before, after) = around_a_name();
        let mut responses = Self { date: Vec::new(), before, after, greeting: Vec::new(), name_bytes: 0 };
        responses.set_date(clock);
        responses
    }

    /// Shows the date of the clock from now on.
    pub(crate) fn set_date(&mut self, clock: &Clock) {
        self.date = [b"date: ", clock.date().as_bytes(), b"\r\n"].concat();
        self.prepare(self.name_bytes);
    }

    /// Makes what stands before a name of so many bytes.
    fn prepare(&mut self, name_bytes: usize) {
        let length = (self.before.len() + name_bytes + self.after.len()).to_string();
        let parts: [&[u8]; 7] = [
            b"HTTP/1.1 200 OK\r\n",
            CONTENT,
            &self.date,
            b"content-length: ",
            length.as_bytes(),
            b"\r\n\r\n",
            &self.before,
        ];
        (self.greeting, self.name_bytes) = (parts.concat(), name_bytes);
    }

    /// Appends the answer to a request; `is_last` says that the connection ends with it.
    pub(crate) fn write(&mut self, output: &mut Vec<u8>, request: &ParsedRequest, is_last: bool) {
        match &request.answer {
            Answer::Plain(name) if !is_last && !request.is_head => self.greet(output, name),
            Answer::Plain(name) => {
                let body = [self.before.as_slice(), name, &self.after].concat();
                self.whole(output, "200 OK", &body, request.is_head, is_last);
            }
            Answer::Decoded(msg) => self.whole(output, "200 OK", &json(msg), request.is_head, is_last),
            Answer::Refused(refusal) => {
                let body = json(&refusal.msg());
                self.whole(output, status(*refusal), &body, request.is_head, is_last);
            }
        }
    }

    fn greet(&mut self, output: &mut Vec<u8>, name: &[u8]) {
        if name.len() != self.name_bytes {
            self.prepare(name.len());
        }
        output.extend_from_slice(&self.greeting);
        output.extend_from_slice(name);
        output.extend_from_slice(&self.after);
    }

    fn whole(&self, output: &mut Vec<u8>, status: &str, body: &[u8], is_head: bool, is_last: bool) {
        let length = body.len().to_string();
        let close = if is_last { CLOSE } else { b"" };
        let parts: [&[u8]; 9] = [
            b"HTTP/1.1 ",
            status.as_bytes(),
            b"\r\n",
            CONTENT,
            &self.date,
            close,
            b"content-length: ",
            length.as_bytes(),
            b"\r\n\r\n",
        ];
        parts.iter().for_each(|part| output.extend_from_slice(part));
        output.extend_from_slice(if is_head { b"" } else { body });
    }

    /// Appends the answer to what is no request, the last of its connection.
    pub(crate) fn refuse(&self, output: &mut Vec<u8>, fault: Fault) {
        let status: &[u8] = match fault {
            Fault::Malformed => b"400 Bad Request",
            Fault::TargetTooLong => b"414 URI Too Long",
            Fault::HeadTooLong => b"431 Request Header Fields Too Large",
        };
        let parts: [&[u8]; 5] = [b"HTTP/1.1 ", status, b"\r\ncontent-length: 0\r\n", CLOSE, &self.date];
        parts.iter().for_each(|part| output.extend_from_slice(part));
        output.extend_from_slice(b"\r\n");
    }
}

/// The body of a greeting before and after a name that stands in it as it is.
fn around_a_name() -> (Vec<u8>, Vec<u8>) {
    let name = "name";
    let body = json(&Params { name: Some(name.to_owned()) }.greeting());
    let at = body.windows(name.len()).rposition(|window| window == name.as_bytes()).unwrap_or_default();
    (body[..at].to_vec(), body[at + name.len()..].to_vec())
}

fn json(msg: &Msg) -> Vec<u8> {
    serde_json::to_vec(msg).unwrap_or_default()
}

/// The status line's end, and for 405 the field that belongs to it.
fn status(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::RepeatedName => "400 Bad Request",
        Refusal::NotFound => "404 Not Found",
        Refusal::MethodNotAllowed => "405 Method Not Allowed\r\nallow: GET, HEAD",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Parsed, parse};

    fn answer(responses: &mut Responses, input: &str, is_last: bool) -> String {
        let mut output = Vec::new();
        match parse(input.as_bytes()) {
            Parsed::Request(request) => responses.write(&mut output, &request, is_last),
            other => panic!("{other:?}"),
        }
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn the_ready_pieces_make_the_same_answer_as_the_whole_one() {
        let clock = Clock::new();
        let mut responses = Responses::new(&clock);
        let get = |name: &str| format!("GET /?name={name} HTTP/1.1\r\nhost: x\r\n\r\n");
        let plain = answer(&mut responses, &get("abcde"), false);
        // The same name, with a letter that has to be decoded.
        assert_eq!(plain, answer(&mut responses, &get("%61bcde"), false));
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: ";
        let rest = "\r\ncontent-length: 26\r\n\r\n{\"message\":\"Hello abcde!\"}";
        assert_eq!(plain, [head, clock.date(), rest].concat());
        let last = answer(&mut responses, &get("abcde"), true);
        assert_eq!(last.replace("connection: close\r\n", ""), plain);
        assert_ne!(last, plain);
        let long = answer(&mut responses, &get(&"a".repeat(1000)), false);
        assert!(long.contains("content-length: 1021\r\n"), "{long}");
    }

    #[test]
    fn head_and_refusals_are_written_whole() {
        let mut responses = Responses::new(&Clock::new());
        let head = answer(&mut responses, "HEAD / HTTP/1.1\r\nhost: x\r\n\r\n", false);
        assert!(head.contains("content-length: 26\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        let post = answer(&mut responses, "POST / HTTP/1.1\r\nhost: x\r\n\r\n", false);
        assert!(post.starts_with("HTTP/1.1 405 Method Not Allowed\r\nallow: GET, HEAD\r\n"), "{post}");
        let mut refused = Vec::new();
        responses.refuse(&mut refused, Fault::TargetTooLong);
        let refused = String::from_utf8(refused).unwrap();
        assert!(refused.starts_with("HTTP/1.1 414 ") && refused.ends_with("\r\n\r\n"), "{refused}");
        assert!(refused.contains("connection: close\r\n"), "{refused}");
    }
}
