//! A peer that sends what it likes, and tells what came back and how it ended.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use hello_load::Target;
use hello_load::response::{Framing, Head};

/// How long to wait for a first answer, and for a server to take what is sent.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait for more once there was an answer.
const SETTLE: Duration = Duration::from_millis(400);

/// A request that every service answers with a greeting of A.
pub const REQUEST: &[u8] = b"GET /?name=A HTTP/1.1\r\nhost: x\r\n\r\n";

/// What came back.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reaction {
    /// The answers, in order.
    pub answers: Vec<Reply>,
    /// How it ended.
    pub end: End,
}

/// An answer, as far as a probe looks at it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum End {
    /// Not at all: the connection stayed open.
    #[default]
    Open,
    /// The server closed the connection.
    Closed,
    /// The server's system reset it.
    Reset,
}

impl Reaction {
    /// The status of the first answer.
    pub fn status(&self) -> Option<u16> {
        self.answers.first().map(|reply| reply.status)
    }

    /// Whether the server ended the connection.
    pub fn is_ended(&self) -> bool {
        self.end != End::Open
    }

    /// Whether the answers are greetings of these names and no more.
    pub fn greets(&self, names: &[&str]) -> bool {
        let greeted = self.answers.iter().zip(names).all(|(reply, name)| reply.greets(name));
        greeted && self.answers.len() == names.len()
    }

    /// Whether the first answer is a client error.
    pub fn is_refused(&self) -> bool {
        self.status().is_some_and(|status| (400..500).contains(&status))
    }
}

impl Reply {
    /// Whether it greets this name.
    pub fn greets(&self, name: &str) -> bool {
        self.status == 200 && greets(self.body.as_bytes(), name)
    }
}

/// Whether a body greets this name, however its JSON is spelt.
pub fn greets(body: &[u8], name: &str) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    value.is_some_and(|value| value["message"] == format!("Hello {name}!"))
}

impl fmt::Display for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answers: Vec<String> = self.answers.iter().map(|reply| reply.status.to_string()).collect();
        let end = match self.end {
            End::Open => "",
            End::Closed => "closed",
            End::Reset => "reset",
        };
        match (answers.is_empty(), end) {
            (true, "") => write!(f, "silence"),
            (true, end) => write!(f, "{end}"),
            (false, "") => write!(f, "{}", answers.join(", ")),
            (false, end) => write!(f, "{}, {end}", answers.join(", ")),
        }
    }
}

/// Sends bytes on a new connection and listens: while it sends, since a server may answer before the end. `half_closes`
/// closes this side once all is sent.
///
/// # Errors
/// When the server does not accept.
pub fn exchange(target: &Target, bytes: &[u8], half_closes: bool) -> Result<Reaction> {
    let connected = TcpStream::connect_timeout(&target.address, PATIENCE);
    let stream = connected.with_context(|| format!("cannot reach {}", target.address))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_read_timeout(Some(SETTLE))?;
    Ok(thread::scope(|scope| {
        scope.spawn(|| {
            // A server that refuses what it has seen so far does not take the rest.
            let sent = (&stream).write_all(bytes);
            if half_closes && sent.is_ok() {
                let _ = stream.shutdown(Shutdown::Write);
            }
        });
        let reaction = listen(&stream);
        // Whoever still sends need not wait for a server that has stopped reading.
        let _ = stream.shutdown(Shutdown::Both);
        reaction
    }))
}

fn listen(mut stream: &TcpStream) -> Reaction {
    let limit = Instant::now() + PATIENCE;
    let mut received = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let end = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break End::Closed,
            Ok(bytes) => received.extend_from_slice(&buffer[..bytes]),
            Err(cause) if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if Instant::now() >= limit || !answers(&received, false).is_empty() {
                    break End::Open;
                }
            }
            Err(_) => break End::Reset,
        }
    };
    Reaction { answers: answers(&received, end != End::Open), end }
}

/// The whole answers at the front of what was received. What is no answer ends the list.
fn answers(received: &[u8], ended: bool) -> Vec<Reply> {
    let mut answers = Vec::new();
    let mut rest = received;
    while let Ok(Some(head)) = Head::parse(rest) {
        let is_interim = head.status < 200;
        let framing = if is_interim { Ok(Framing::Length(0)) } else { head.framing() };
        let body = framing.and_then(|framing| framing.body(&rest[head.bytes..], ended));
        let Ok(Some((body, bytes))) = body else { break };
        rest = &rest[head.bytes + bytes..];
        if !is_interim {
            let body = String::from_utf8_lossy(&body).into_owned();
            answers.push(Reply { status: head.status, body });
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn answers_are_told_apart_and_interim_ones_left_out() {
        let received = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabHTTP/1.1 400 Bad Request\r\n\r\n";
        let statuses =
            |ended| -> Vec<u16> { answers(received, ended).into_iter().map(|reply| reply.status).collect() };
        assert_eq!(statuses(false), [200]);
        assert_eq!(statuses(true), [200, 400]);
        let reaction = Reaction { answers: answers(received, true), end: End::Closed };
        assert_eq!(reaction.to_string(), "200, 400, closed");
        assert!(!reaction.greets(&["A"]) && !reaction.is_refused() && reaction.is_ended());
        assert_eq!(Reaction::default().to_string(), "silence");
    }

    #[test]
    fn a_server_that_answers_early_is_heard() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target::at(listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut some = [0; 10];
            stream.read_exact(&mut some).unwrap();
            stream.write_all(b"HTTP/1.1 431 Too Large\r\ncontent-length: 0\r\n\r\n").unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let reaction = exchange(&target, &[b'x'; 1 << 20], true).unwrap();
        server.join().unwrap();
        assert_eq!((reaction.status(), reaction.is_refused(), reaction.end), (Some(431), true, End::Closed));
    }
}
