//! A conversation: all that a peer sends, and all that comes back until the end of the connection.

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use hello_load::response::{Framing, Head};

use crate::raw::connection::{Answer, RawConnection};

/// What a peer sends in one conversation.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a> {
    /// Written one after the other.
    pub pieces: &'a [&'a [u8]],
    /// The time between two pieces.
    pub pause: Duration,
    /// Whether this side is closed once all is sent.
    pub half_closes: bool,
}

/// How long a peer listens.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    /// For a first answer, and for a server to take what is sent.
    pub first: Duration,
    /// For more once there was an answer.
    pub more: Duration,
}

/// What came back in one conversation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Conversation {
    /// The answers, in order, without interim ones.
    pub answers: Vec<Answer>,
    /// How it ended.
    pub end: End,
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

impl RawConnection {
    /// Sends and listens meanwhile, since a server may answer before it has seen the end, and then hangs up.
    ///
    /// # Errors
    /// When the system takes no time-outs.
    pub fn converse(mut self, sending: Sending, listening: Listening) -> io::Result<Conversation> {
        self.stream.set_write_timeout(Some(listening.first))?;
        self.stream.set_read_timeout(Some(listening.more))?;
        let writer = self.stream.try_clone()?;
        Ok(thread::scope(|scope| {
            // A server that refuses what it has seen so far does not take the rest.
            scope.spawn(|| sending.to(&writer));
            let conversation = self.listen(listening.first);
            // Whoever still sends need not wait for a server that has stopped reading.
            let _ = self.stream.shutdown(Shutdown::Both);
            conversation
        }))
    }

    fn listen(&mut self, first: Duration) -> Conversation {
        let limit = Instant::now() + first;
        let end = loop {
            match self.stream_read() {
                Ok(0) => break End::Closed,
                Ok(_) => {}
                Err(cause) if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if Instant::now() >= limit || !answers(&self.received, false).is_empty() {
                        break End::Open;
                    }
                }
                Err(_) => break End::Reset,
            }
        };
        Conversation { answers: answers(&self.received, end != End::Open), end }
    }
}

impl Sending<'_> {
    fn to(&self, mut stream: &TcpStream) {
        for (index, piece) in self.pieces.iter().enumerate() {
            if index > 0 {
                thread::sleep(self.pause);
            }
            if stream.write_all(piece).is_err() {
                return;
            }
        }
        if self.half_closes {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

/// The whole answers at the front of what was received, without interim ones. What is no answer ends the list. Which of
/// them are answers to HEAD is not known: one whose body does not come, since the next answer begins there or nothing
/// more was received, is taken for one.
fn answers(received: &[u8], ended: bool) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut rest = received;
    while let Ok(Some(head)) = Head::parse(rest) {
        let after = &rest[head.bytes..];
        let is_interim = head.status < 200;
        let is_bare = is_interim || after.is_empty() || after.starts_with(b"HTTP/1.");
        let framing = if is_bare { Ok(Framing::Length(0)) } else { head.framing() };
        let Ok(Some((body, bytes))) = framing.and_then(|framing| framing.body(after, ended)) else { break };
        rest = &after[bytes..];
        if !is_interim {
            answers.push(Answer { head, body });
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use hello_load::Target;

    use super::*;

    fn statuses(received: &[u8], ended: bool) -> Vec<(u16, usize)> {
        let answers = answers(received, ended);
        answers.iter().map(|answer| (answer.head.status, answer.body.len())).collect()
    }

    #[test]
    fn answers_are_told_apart_and_interim_ones_left_out() {
        let received = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabHTTP/1.1 400 Bad Request\r\n\r\nwhy";
        assert_eq!(statuses(received, false), [(200, 2)]);
        assert_eq!(statuses(received, true), [(200, 2), (400, 3)]);
    }

    #[test]
    fn a_body_that_does_not_come_is_none_and_half_a_body_no_answer() {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
        assert_eq!(
            statuses(format!("{head}{head}ab{head}").as_bytes(), false),
            [(200, 0), (200, 2), (200, 0)]
        );
        assert_eq!(statuses(format!("{head}a").as_bytes(), true), []);
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
            let _ = io::copy(&mut stream, &mut io::sink());
        });
        let long = [b'x'; 1 << 20];
        let sending = Sending { pieces: &[&long], pause: Duration::ZERO, half_closes: true };
        let listening = Listening { first: Duration::from_secs(2), more: Duration::from_millis(400) };
        let heard = RawConnection::open(&target).unwrap().converse(sending, listening).unwrap();
        server.join().unwrap();
        let statuses: Vec<u16> = heard.answers.iter().map(|answer| answer.head.status).collect();
        assert_eq!((statuses, heard.end), (vec![431], End::Closed));
    }
}
