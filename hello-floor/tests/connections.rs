//! Every request is answered: many in one write, whenever the answers are read, and those of peers that had to wait.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
/// More peers than the usual queue holds: 128.
const PEERS: usize = 200;

struct Floor {
    child: Child,
    address: SocketAddr,
}

impl Floor {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hello-floor"));
        let mut child = command.env("PORT", "0").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit('/').next().unwrap().parse().unwrap();
        Self { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The length of the answer to one request.
fn answer_bytes(stream: &mut TcpStream) -> usize {
    stream.write_all(REQUEST).unwrap();
    let mut answer = [0; 1024];
    let bytes = stream.read(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
    bytes
}

#[test]
fn a_connection_stays_whose_answers_fill_what_is_held_at_a_time() {
    let floor = Floor::start();
    let mut stream = floor.connect();
    let bytes = answer_bytes(&mut stream);
    for requests in [64 * 1024 / bytes, 64 * 1024 / bytes + 1, 64 * 1024 / bytes + 2] {
        stream.write_all(&REQUEST.repeat(requests)).unwrap();
        let mut answers = vec![0; requests * bytes];
        stream.read_exact(&mut answers).unwrap();
        assert_eq!(answer_bytes(&mut stream), bytes, "{requests}");
    }
}

#[test]
fn a_peer_that_reads_late_gets_every_answer() {
    const REQUESTS: usize = 50_000;
    let floor = Floor::start();
    let mut stream = floor.connect();
    let bytes = answer_bytes(&mut stream);
    let mut sender = stream.try_clone().unwrap();
    let sending = thread::spawn(move || sender.write_all(&REQUEST.repeat(REQUESTS)).unwrap());
    // Both sides' buffers are full by then.
    thread::sleep(Duration::from_millis(500));
    let mut answers = vec![0; REQUESTS * bytes];
    stream.read_exact(&mut answers).unwrap();
    sending.join().unwrap();
    assert_eq!(answer_bytes(&mut stream), bytes);
}

#[test]
fn more_peers_than_the_usual_queue_holds_can_wait() {
    let floor = Floor::start();
    let pid = Pid::from_raw(floor.child.id().cast_signed());
    kill(pid, Signal::SIGSTOP).unwrap();
    let mut peers: Vec<TcpStream> = (0..PEERS).map(|_| floor.connect()).collect();
    kill(pid, Signal::SIGCONT).unwrap();
    for peer in &mut peers {
        answer_bytes(peer);
    }
}
