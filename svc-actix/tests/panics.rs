//! A request that makes actix-http's decoder panic ends its own connection, and nothing else.
#![cfg(all(target_os = "linux", feature = "own-server"))]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

const AT_A_TIME: usize = 50;
const TIMES: usize = 3;

struct Service {
    process: Child,
    address: String,
}

impl Service {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_svc-actix"))
            .env("PORT", "0")
            .env("RUST_BACKTRACE", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit('/').next().unwrap().to_owned();
        Self { process, address }
    }

    /// What comes back until the connection ends.
    fn exchange(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let limit = Some(Duration::from_secs(5));
        stream.set_read_timeout(limit).unwrap();
        // A service that has closed the connection already takes no more.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn is_served(&self) -> bool {
        let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        self.exchange(request).starts_with("HTTP/1.1 200 ")
    }

    fn entries(&self, folder: &str) -> usize {
        let path = format!("/proc/{}/{folder}", self.process.id());
        fs::read_dir(path).unwrap().count()
    }

    /// Ends the service and returns its stderr.
    fn end(mut self) -> String {
        self.process.kill().unwrap();
        let mut lines = String::new();
        let mut err = self.process.stderr.take().unwrap();
        err.read_to_string(&mut lines).unwrap();
        self.process.wait().unwrap();
        lines
    }
}

#[test]
fn a_header_name_too_long_for_its_type_ends_one_connection() {
    let service = Service::start();
    assert!(service.is_served());
    let (threads, files) = (service.entries("task"), service.entries("fd"));
    let request = format!("GET / HTTP/1.1\r\nhost: x\r\n{}: a\r\n\r\n", "a".repeat(1 << 16));
    for _ in 0..TIMES {
        thread::scope(|scope| {
            for _ in 0..AT_A_TIME {
                scope.spawn(|| assert_eq!(service.exchange(request.as_bytes()), ""));
            }
        });
    }
    // A connection each, which the workers take in turn.
    assert!((0..2 * threads).all(|_| service.is_served()));
    // A thread or a connection that ends may be there for a moment longer.
    let limit = Instant::now() + Duration::from_secs(5);
    let is_as_before = || service.entries("task") == threads && service.entries("fd") <= files + 1;
    while !is_as_before() && Instant::now() < limit {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(service.entries("task"), threads);
    assert!(service.entries("fd") <= files + 1);
    let stderr = service.end();
    assert_eq!(stderr.lines().count(), TIMES * AT_A_TIME, "{stderr}");
    assert!(stderr.lines().all(|line| line.starts_with("svc-actix: panic at ")));
}
