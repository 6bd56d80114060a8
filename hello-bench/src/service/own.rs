//! What a catalogue says of services that do not keep the hello contract: how to start them, what to send, what to expect.

use std::collections::BTreeMap;

use hello_load::{Exchange, ExpectedBody};
use serde::Deserialize;
use serde_json::Value;

/// A command, as words or as a line.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum RunCommand {
    Words(Vec<String>),
    Line(String),
}

impl RunCommand {
    pub(super) fn words(self) -> Vec<String> {
        match self {
            Self::Words(words) => words,
            Self::Line(line) => shell(&line),
        }
    }
}

/// A line for the shell. A single command takes the place of the shell, so that signals reach it.
pub fn shell(line: &str) -> Vec<String> {
    if line.trim().is_empty() {
        return Vec::new();
    }
    let is_single = !line.contains(['&', '|', ';', '(', '\n']);
    let has_assignment = line.split_whitespace().next().is_some_and(|word| word.contains('='));
    let line = match (is_single, has_assignment) {
        (true, true) => format!("exec env {line}"),
        (true, false) => format!("exec {line}"),
        (false, _) => line.to_owned(),
    };
    ["sh".to_owned(), "-c".to_owned(), line].to_vec()
}

/// What to send.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method; `GET` when absent.
    pub method: Option<String>,
    /// Path and query; `/`, or those of the URL, when absent.
    pub path: Option<String>,
    /// Header fields.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
}

/// What to expect.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(try_from = "Fields")]
pub struct Expect {
    status: Option<u16>,
    body: Option<String>,
    json: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    status: Option<u16>,
    body: Option<String>,
    json: Option<Value>,
}

impl TryFrom<Fields> for Expect {
    type Error = &'static str;

    fn try_from(Fields { status, body, json }: Fields) -> Result<Self, Self::Error> {
        if body.is_some() && json.is_some() {
            return Err("expect takes only one of body and json");
        }
        Ok(Self { status, body, json })
    }
}

impl Expect {
    /// The exchange in which this answers the request.
    pub(super) fn of(self, default: Exchange, request: Request) -> Exchange {
        let expected = match (self.body, self.json) {
            (Some(body), _) => ExpectedBody::Exact(body),
            (None, Some(json)) => ExpectedBody::Json(json),
            (None, None) => ExpectedBody::Any,
        };
        Exchange {
            method: request.method.unwrap_or(default.method),
            path: request.path.or(default.path),
            headers: request.headers.into_iter().collect(),
            body: request.body,
            status: self.status.unwrap_or(default.status),
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_command_takes_the_place_of_the_shell() {
        let line = |text: &str| shell(text).last().cloned().unwrap_or_default();
        assert_eq!(line("./server --port {port}"), "exec ./server --port {port}");
        assert_eq!(line("A=1 ./server"), "exec env A=1 ./server");
        assert_eq!(line("cd x && ./server"), "cd x && ./server");
        assert!(shell(" ").is_empty());
    }
}
