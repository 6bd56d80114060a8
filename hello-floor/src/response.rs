//! Answers as bytes: status, the contract's three headers, compact JSON.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use hello_core::Refusal;

use crate::request::Asked;

/// The value of `date`, formatted anew when the second changes.
pub(crate) struct Clock {
    second: u64,
    date: String,
}

impl Clock {
    /// A clock that shows the present second.
    pub(crate) fn new() -> Self {
        let mut clock = Self {
            second: 0,
            date: String::new(),
        };
        clock.tick();
        clock
    }

    /// Looks at the time.
    pub(crate) fn tick(&mut self) {
        let now = SystemTime::now();
        let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if second != self.second {
            self.second = second;
            self.date = httpdate::fmt_http_date(now);
        }
    }
}

/// Appends the answer to `asked`; `last` says that the connection closes after it.
pub(crate) fn write(output: &mut Vec<u8>, clock: &Clock, asked: &Asked, last: bool) {
    let (status, extra, msg) = match &asked.answer {
        Ok(msg) => ("200 OK", "", msg),
        Err(refusal) => (status_line(*refusal), allow(*refusal), &refusal.msg()),
    };
    let close = if last { "connection: close\r\n" } else { "" };
    let body = serde_json::to_vec(msg).unwrap_or_default();
    let _ = write!(
        output,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{extra}{close}date: {}\r\n\r\n",
        body.len(),
        clock.date
    );
    if !asked.head_only {
        output.extend_from_slice(&body);
    }
}

/// Appends the answer to what is no request.
pub(crate) fn bad_request(output: &mut Vec<u8>, clock: &Clock) {
    let _ = write!(
        output,
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: {}\r\n\r\n",
        clock.date
    );
}

fn status_line(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::RepeatedName => "400 Bad Request",
        Refusal::NotFound => "404 Not Found",
        Refusal::MethodNotAllowed => "405 Method Not Allowed",
    }
}

fn allow(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::MethodNotAllowed => "allow: GET, HEAD\r\n",
        Refusal::RepeatedName | Refusal::NotFound => "",
    }
}
