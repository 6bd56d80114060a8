//! A server that takes every head that it finds for a request, whatever stands before it: what the tests probe to see
//! faults reported.
//!
//! It knows no bodies, no limits and no deadlines, never closes a connection, keeps what it has read, and dies of SIGTERM.
//! Many may wait to be accepted, and it reads slowly, so that its tests neither take long nor load the machine.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// How many connections may wait to be accepted.
const QUEUE: i32 = 1024;
/// The pause after a read that filled the buffer: more has come than one request.
const PAUSE: Duration = Duration::from_millis(25);
const END: &[u8] = b"\r\n\r\n";

fn main() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
    socket.listen(QUEUE).expect("it is bound");
    let listener = TcpListener::from(socket);
    println!("naive listening on http://{}", listener.local_addr().expect("it is bound"));
    for stream in listener.incoming().flatten() {
        thread::spawn(move || serve(stream));
    }
}

/// Answers every head, and leaks the memory of the connection.
fn serve(mut stream: TcpStream) {
    let mut received = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let (mut answered, mut searched) = (0, 0);
    while let Ok(bytes @ 1..) = stream.read(&mut buffer) {
        received.extend_from_slice(&buffer[..bytes]);
        while let Some(length) = received[searched..].windows(END.len()).position(|four| four == END) {
            let end = searched + length;
            if stream.write_all(answer(&received[answered..end]).as_bytes()).is_err() {
                break;
            }
            (answered, searched) = (end + END.len(), end + END.len());
        }
        // The end of a head may have come in two parts.
        searched = searched.max(received.len().saturating_sub(END.len() - 1));
        if bytes == buffer.len() {
            thread::sleep(PAUSE);
        }
    }
    std::mem::forget(received);
}

/// A greeting of the letter behind the first `name=`, or of the world.
fn answer(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let name = text.split_once("name=").map_or("World", |(_, rest)| rest.get(..1).unwrap_or_default());
    let body = format!(r#"{{"message":"Hello {name}!"}}"#);
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
