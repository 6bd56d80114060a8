//! A workspace of its own with one small service, and a repository of it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::common::{bench, scenarios};

const SERVER: &str = r#"
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let port = std::env::var("PORT").unwrap().parse().unwrap();
    for stream in TcpListener::bind(("127.0.0.1", port)).unwrap().incoming() {
        let stream = stream.unwrap();
        std::thread::spawn(|| serve(stream));
    }
}

fn serve(mut stream: TcpStream) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    loop {
        while !lines.next()?.ok()?.is_empty() {}
        for number in 0..WORK {
            std::hint::black_box(number);
        }
        let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH);
        let answer = format!("HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: 2\r\n\r\nok");
        stream.write_all(answer.as_bytes()).ok()?;
    }
}
"#;

/// Work that makes a request cost many times as much, so that no noise hides it.
pub(crate) const MUCH_WORK: u32 = 40_000;

/// The workspace, in a temporary folder.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        let workspace = Self { folder: tempfile::tempdir().unwrap() };
        let manifest = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nhttpdate = \"1.0.3\"\n";
        workspace.write("Cargo.toml", "[workspace]\nmembers = [\"tiny\"]\nresolver = \"3\"\n");
        workspace.write("tiny/Cargo.toml", manifest);
        workspace.write(
            "services.toml",
            "[[service]]\nname = \"tiny\"\npackage = \"tiny\"\nexpect = { body = \"ok\" }\n",
        );
        workspace.write(".gitignore", "/target\n/out*\n");
        workspace.serve(0);
        scenarios(&workspace.root());
        workspace
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The service, with so many turns of a loop for each request.
    pub(crate) fn serve(&self, work: u32) {
        self.write("tiny/src/main.rs", &format!("const WORK: u32 = {work};{SERVER}"));
    }

    pub(crate) fn commit(&self) {
        for words in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "--message", "x"]] {
            let identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
            let mut git = Command::new("git");
            assert!(git.current_dir(self.root()).args(identity).args(words).status().unwrap().success());
        }
    }

    pub(crate) fn command(&self, out: &str) -> assert_cmd::Command {
        let mut command = bench();
        command.current_dir(self.root()).env("CARGO_NET_OFFLINE", "true");
        command.args(["compare", "--profile", "dev", "--scenario", "saturate", "--rounds", "6"]);
        command.args(["--scenarios", "scenarios.json", "--out", out]);
        command
    }

    pub(crate) fn results(&self, out: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(out).join("results.json")).unwrap()).unwrap()
    }

    /// The folders and files below that of the builds whose names begin so.
    pub(crate) fn kept(&self, prefix: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.path("target/variants")];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
                if path.file_name().unwrap().to_string_lossy().starts_with(prefix) {
                    found.push(path.clone());
                }
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        found
    }
}
