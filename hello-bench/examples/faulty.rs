//! A proxy before a real service that spoils its answers: what the tests compare to see faults reported.
//!
//! `faulty FAULT AFTER COMMAND`: starts COMMAND, passes AFTER answers on, and from then on does FAULT: `wrong` changes a
//! letter of each body, `die` ends the process, `drop` closes each connection, `shed` answers 503 and closes it. `silent`
//! never says that it is ready. `short` closes a connection on which fewer than ten bytes arrive at once, and `long` drops
//! what arrives at once beyond 2 KiB; neither counts answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, process, thread};

static ANSWERS: AtomicU64 = AtomicU64::new(0);

const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [fault, after, command] = arguments.as_slice() else { panic!("faulty FAULT AFTER COMMAND") };
    let after: u64 = after.parse().expect("AFTER is a number");
    let mut service =
        Command::new(command).env("PORT", "0").stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(service.stdout.take().expect("it is piped"))
        .read_line(&mut line)
        .expect("it says something");
    let origin: SocketAddr =
        line.trim_end().rsplit('/').next().and_then(|text| text.parse().ok()).expect("an address");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    if fault != "silent" {
        println!("faulty listening on http://{}", listener.local_addr().expect("it is bound"));
    }
    for stream in listener.incoming().flatten() {
        let fault = fault.clone();
        thread::spawn(move || pass(stream, TcpStream::connect(origin).expect("it accepts"), &fault, after));
    }
    let _ = service.wait();
}

/// Passes requests on as they come, and answers with the fault.
fn pass(mut client: TcpStream, mut service: TcpStream, fault: &str, after: u64) {
    let (mut requests, mut onward) =
        (client.try_clone().expect("a clone"), service.try_clone().expect("a clone"));
    let own_fault = fault.to_owned();
    thread::spawn(move || {
        let mut buffer = [0; 64 * 1024];
        while let Ok(bytes @ 1..) = requests.read(&mut buffer) {
            let taken = match own_fault.as_str() {
                "short" if bytes < 10 => break,
                "long" => bytes.min(2048),
                _ => bytes,
            };
            if onward.write_all(&buffer[..taken]).is_err() {
                break;
            }
        }
        let _ = onward.shutdown(std::net::Shutdown::Both);
    });
    let mut buffer = [0; 64 * 1024];
    // A closed service closes its client, too.
    let answers = client.try_clone().expect("a clone");
    let _closing = Closing(answers);
    while let Ok(bytes @ 1..) = service.read(&mut buffer) {
        if ANSWERS.fetch_add(1, Ordering::Relaxed) >= after {
            match fault {
                "die" => process::abort(),
                "drop" => return,
                "short" | "long" => {}
                "shed" => {
                    let _ = client.write_all(REFUSAL);
                    return;
                }
                _ => spoil(&mut buffer[..bytes]),
            }
        }
        if client.write_all(&buffer[..bytes]).is_err() {
            return;
        }
    }
}

/// Ends a connection when it is dropped.
struct Closing(TcpStream);

impl Drop for Closing {
    fn drop(&mut self) {
        let _ = self.0.shutdown(std::net::Shutdown::Both);
    }
}

fn spoil(answer: &mut [u8]) {
    if let Some(at) = answer.windows(5).position(|letters| letters == b"Hello") {
        answer[at + 1] = b'a';
    }
}
