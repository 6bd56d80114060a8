//! What a server answers: each case over a raw socket, GETs through an ordinary HTTP client too, then connections.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::check::cases::{CASES, ContractCase};
use crate::check::outcome::{Outcome, Violation};
use crate::raw::{Answer, RawConnection};
use hello_load::Target;
use hello_load::response::{Framing, excerpt};
use hello_load::{Strictness, header_fault, is_json};

/// The request whose answers are compared in length.
const COMPARED: &str = "/?name=abcde";

/// Checks all that concerns answers.
///
/// # Errors
/// When the server accepts no connection.
pub(crate) fn check(target: &Target, strictness: Strictness) -> Result<Outcome> {
    RawConnection::open(target)
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("cannot reach {}", target.address))?;
    let mut outcome = Outcome::default();
    let asked = CASES.iter().filter(|case| case.core || strictness == Strictness::Exact);
    for case in asked {
        outcome.add(raw(target, case, strictness).err());
        if case.method == "GET" {
            outcome.add(client(target, case, strictness).err());
        }
    }
    match strictness {
        Strictness::Exact => connections(target, &mut outcome),
        Strictness::Core => {
            outcome.add(core_refusal(target, "GET", "/nope", &[404]).err());
            outcome.add(core_refusal(target, "POST", "/", &[404, 405]).err());
        }
    }
    outcome.answer_bytes =
        ask(target, "GET", COMPARED).ok().map(|answer| answer.head.bytes + answer.body.len());
    Ok(outcome)
}

/// A path of the contract below that of the target; what is no path stays what it is.
pub(super) fn path(target: &Target, path: &str) -> String {
    path.strip_prefix('/')
        .map_or_else(|| path.to_owned(), |rest| format!("{}{rest}", target.path))
}

fn request(target: &Target, method: &str, path: &str) -> String {
    let path = self::path(target, path);
    format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n\r\n", target.host)
}

fn ask(target: &Target, method: &str, path: &str) -> Result<Answer, String> {
    let mut connection = RawConnection::open(target)?;
    connection.send(request(target, method, path).as_bytes())?;
    connection.answer(method == "HEAD")
}

fn raw(target: &Target, case: &ContractCase, strictness: Strictness) -> Result<(), Violation> {
    let sent = format!("{} {}", case.method, case.target);
    let fail = |expected: String, received| Violation::new(&sent, &sent, &expected, received);
    let expected = format!("{} {}", case.status, case.body);
    let answer = ask(target, case.method, case.target).map_err(|cause| fail(expected.clone(), cause))?;
    let shown = format!("{} {}", answer.head.status, excerpt(&answer.body));
    if answer.head.status != case.status {
        return Err(fail(expected, shown));
    }
    match strictness {
        Strictness::Core => core_body(&answer, case.body).map_err(|expected| fail(expected, shown)),
        Strictness::Exact => {
            let body = if case.method == "HEAD" { "" } else { case.body };
            if answer.body != body.as_bytes() {
                return Err(fail(expected, shown));
            }
            exact_headers(&answer, case).map_err(|(expected, received)| fail(expected, received))?;
            if case.method == "HEAD" { head_as_get(target, case, &answer) } else { Ok(()) }
        }
    }
}

/// The headers that every answer has, and none but those on a 200: what was expected and what received.
fn exact_headers(answer: &Answer, case: &ContractCase) -> Result<(), (String, String)> {
    let shown = || {
        answer
            .head
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let must = |name: &str, value: &str| {
        let right = answer.head.header(name) == Some(value);
        if right { Ok(()) } else { Err((format!("{name}: {value}"), shown())) }
    };
    must("content-type", "application/json")?;
    must("content-length", &case.body.len().to_string())?;
    let date = answer.head.header("date").unwrap_or_default();
    if httpdate::parse_http_date(date).is_err() {
        return Err(("a date in the form of RFC 9110".into(), shown()));
    }
    if answer.head.status == 200
        && let Some(fault) = header_fault(&answer.head)
    {
        return Err(("no other headers".into(), fault));
    }
    if answer.head.status == 405 {
        let mut allowed: Vec<&str> =
            answer.head.header("allow").unwrap_or_default().split(',').map(str::trim).collect();
        allowed.sort_unstable();
        if allowed != ["GET", "HEAD"] {
            return Err(("allow: GET, HEAD".into(), shown()));
        }
    }
    Ok(())
}

/// HEAD sends the headers of GET and no body: the next answer on the connection begins right after.
fn head_as_get(target: &Target, case: &ContractCase, head: &Answer) -> Result<(), Violation> {
    let sent = format!("HEAD {} and then GET on one connection", case.target);
    let fail =
        |expected: &str, received| Violation::new("HEAD is GET without the body", &sent, expected, received);
    let both = || {
        let mut connection = RawConnection::open(target)?;
        connection.send(request(target, "HEAD", case.target).as_bytes())?;
        connection.answer(true)?;
        connection.send(request(target, "GET", case.target).as_bytes())?;
        connection.answer(false)
    };
    let get = both().map_err(|cause| fail("an answer to GET right after the head", cause))?;
    let headers = |answer: &Answer| {
        let mut headers = answer.head.headers.clone();
        headers.retain(|(name, _)| name != "date");
        headers.sort();
        headers
    };
    if headers(&get) == headers(head) {
        return Ok(());
    }
    Err(fail(&format!("{:?}", headers(&get)), format!("{:?}", headers(head))))
}

fn core_body(answer: &Answer, body: &str) -> Result<(), String> {
    if !is_json(&answer.head) {
        return Err("content-type: application/json".into());
    }
    let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    if value(&answer.body).is_some() && value(&answer.body) == value(body.as_bytes()) {
        return Ok(());
    }
    Err(format!("the JSON value of {body}"))
}

fn core_refusal(target: &Target, method: &str, path: &str, allowed: &[u16]) -> Result<(), Violation> {
    let sent = format!("{method} {path}");
    let fail = |received| Violation::new(&sent, &sent, &format!("status {allowed:?}"), received);
    let answer = ask(target, method, path).map_err(fail)?;
    if allowed.contains(&answer.head.status) {
        Ok(())
    } else {
        Err(fail(format!("status {}", answer.head.status)))
    }
}

/// The same through an ordinary client, so that no oddity of ours hides one of the server's.
fn client(target: &Target, case: &ContractCase, strictness: Strictness) -> Result<(), Violation> {
    let path = case.target.strip_prefix('/').unwrap_or(case.target);
    let url = format!("http://{}{}{path}", target.host, target.path);
    let sent = format!("GET {url} by an HTTP client");
    let expected = format!("{} {}", case.status, case.body);
    let fail = |received| Violation::new(&format!("GET {}", case.target), &sent, &expected, received);
    let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
    let mut answer = agent.get(&url).call().map_err(|cause| fail(cause.to_string()))?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_string().map_err(|cause| fail(cause.to_string()))?;
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let right = match strictness {
        Strictness::Exact => body == case.body,
        Strictness::Core => value(&body).is_some() && value(&body) == value(case.body),
    };
    if right && status == case.status { Ok(()) } else { Err(fail(format!("{status} {body:?}"))) }
}

/// Keep-alive, pipelining, slow writing, HTTP/1.0.
fn connections(target: &Target, outcome: &mut Outcome) {
    let names = ["A", "Beeblebrox", "Zaphod"];
    let requests: Vec<String> =
        names.iter().map(|name| request(target, "GET", &format!("/?name={name}"))).collect();
    let turn_by_turn = || conversation(target, &requests, 1);
    let at_once = || conversation(target, &[requests.concat()], names.len());
    let in_pieces = || {
        let mut connection = RawConnection::open(target)?;
        for piece in requests[0].as_bytes().chunks(7) {
            connection.send(piece)?;
            thread::sleep(Duration::from_millis(2));
        }
        Ok(vec![message(&connection.answer(false)?)])
    };
    let old = || {
        let mut connection = RawConnection::open(target)?;
        connection.send(b"GET /?name=A HTTP/1.0\r\n\r\n")?;
        let answer = connection.answer(false)?;
        let length = answer.head.framing()?;
        let ended = connection.ends_within(Duration::from_secs(5));
        let fits = length == Framing::Length(answer.body.len()) && ended;
        Ok(vec![if fits { message(&answer) } else { format!("{} without an end", message(&answer)) }])
    };
    let all: Vec<String> = names.iter().map(|name| format!("Hello {name}!")).collect();
    let mut add = |case: &str, sent: &str, expected: &[String], received: Result<Vec<String>, String>| {
        let right = received.as_ref().is_ok_and(|received| received == expected);
        let received = received.map_or_else(|cause| cause, |messages| format!("{messages:?}"));
        outcome.add((!right).then(|| Violation::new(case, sent, &format!("{expected:?}"), received)));
    };
    add("keep-alive", "three requests, each sent after the previous answer", &all, turn_by_turn());
    add("pipelining", "three requests at once", &all, at_once());
    add("a request in pieces", "seven bytes at a time", &all[..1], in_pieces());
    add("HTTP/1.0", "GET /?name=A HTTP/1.0", &all[..1], old());
}

fn conversation(target: &Target, writes: &[String], answers_each: usize) -> Result<Vec<String>, String> {
    let mut connection = RawConnection::open(target)?;
    let mut messages = Vec::new();
    for write in writes {
        connection.send(write.as_bytes())?;
        for _ in 0..answers_each {
            messages.push(message(&connection.answer(false)?));
        }
    }
    Ok(messages)
}

fn message(answer: &Answer) -> String {
    let value: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    let text = value.as_ref().and_then(|value| value["message"].as_str());
    text.map_or_else(|| excerpt(&answer.body), str::to_owned)
}
