//! A peer that sends what it likes, and what came back.

use std::fmt;
use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::raw::{Answer, Conversation, Listening, RawConnection, Sending};
use hello_load::Target;

pub use crate::raw::{End, REQUEST, greets};

/// How long to wait for answers, first and, since a busy machine is late, before a rule counts as broken.
const QUICK: Listening = Listening { first: Duration::from_secs(2), more: Duration::from_millis(400) };
const PATIENT: Listening = Listening { first: Duration::from_secs(3), more: Duration::from_secs(1) };

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
    /// As text; bytes that are no UTF-8 are replaced.
    pub body: String,
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

impl From<Conversation> for Reaction {
    fn from(Conversation { answers, end }: Conversation) -> Self {
        Self { answers: answers.into_iter().map(Reply::from).collect(), end }
    }
}

impl From<Answer> for Reply {
    fn from(Answer { head, body }: Answer) -> Self {
        Self { status: head.status, body: String::from_utf8_lossy(&body).into_owned() }
    }
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

/// Bytes that a peer sends on a connection of their own.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a> {
    /// What is sent.
    pub sent: &'a [u8],
    /// Whether the peer closes its own side then.
    pub half_closes: bool,
}

impl<'a> Bytes<'a> {
    /// Bytes behind which the peer keeps its side open.
    pub fn new(sent: &'a [u8]) -> Self {
        Self { sent, half_closes: false }
    }

    /// Sends them and listens. A reaction that keeps no rule, and of which more may be to come, is heard once more with
    /// patience: whoever breaks the rule does so again.
    ///
    /// # Errors
    /// When the server does not accept.
    pub fn exchange(self, target: &Target, is_kept: impl Fn(&Reaction) -> bool) -> Result<Reaction> {
        let reaction = self.exchange_once(target, QUICK)?;
        if is_kept(&reaction) || reaction.is_ended() {
            return Ok(reaction);
        }
        self.exchange_once(target, PATIENT)
    }

    fn exchange_once(self, target: &Target, listening: Listening) -> Result<Reaction> {
        let connection = RawConnection::open(target)
            .map_err(|cause| anyhow!("cannot reach {}: {cause}", target.address))?;
        let sending = Sending { pieces: &[self.sent], pause: Duration::ZERO, half_closes: self.half_closes };
        Ok(connection.converse(sending, listening)?.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_server_that_is_late_is_heard_again_before_it_breaks_a_rule() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target::at(listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            // The first connection is open until the peer leaves, the second ends behind its answer.
            for is_late in [true, false] {
                let (mut stream, _) = listener.accept().unwrap();
                stream.read_exact(&mut [0; REQUEST.len()]).unwrap();
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").unwrap();
                if is_late {
                    let _ = stream.read(&mut [0; 1]);
                }
            }
        });
        let reaction = Bytes::new(REQUEST).exchange(&target, Reaction::is_ended).unwrap();
        server.join().unwrap();
        assert_eq!(reaction.to_string(), "400, closed");
    }

    #[test]
    fn a_reaction_reads_as_statuses_and_the_end() {
        let reply = |status, body: &str| Reply { status, body: body.to_owned() };
        let answers = vec![reply(200, r#"{"message":"Hello A!"}"#), reply(400, "")];
        let reaction = Reaction { answers, end: End::Closed };
        assert_eq!(reaction.to_string(), "200, 400, closed");
        assert!(!reaction.greets(&["A"]) && !reaction.is_refused() && reaction.is_ended());
        assert!(reaction.answers[0].greets("A") && !reaction.answers[0].greets("B"));
        assert_eq!(Reaction::default().to_string(), "silence");
    }
}
