//! A request of the user's own, and what its answer must be: for servers that do not keep the hello contract.

use serde_json::Value;

use crate::response::{Framing, Head, excerpt};

/// A request, and what its answer must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exchange {
    /// In upper case, as sent.
    pub method: String,
    /// Path and query; that of the target's URL when absent.
    pub path: Option<String>,
    /// Header fields beside `host` and `content-length`.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: String,
    /// The status of a right answer.
    pub status: u16,
    /// The body of a right answer.
    pub expected: ExpectedBody,
}

/// The body of a right answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ExpectedBody {
    /// Whatever it is: the status alone counts.
    Any,
    /// These bytes.
    Exact(String),
    /// This JSON value, however it is written.
    Json(Value),
}

impl Exchange {
    /// `GET` of the target's path, for whatever body with status 200.
    pub fn get() -> Self {
        Self {
            method: "GET".to_owned(),
            path: None,
            headers: Vec::new(),
            body: String::new(),
            status: 200,
            expected: ExpectedBody::Any,
        }
    }

    /// What makes no request of it, if anything.
    pub fn fault(&self) -> Option<String> {
        let is_token =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        let is_line = |text: &str| !text.contains(['\r', '\n', '\0']);
        if !is_token(&self.method) {
            return Some(format!("{:?} is no method", self.method));
        }
        if let Some(path) = self
            .path
            .as_ref()
            .filter(|path| !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Some(format!("{path:?} is not a path: it must begin with / and have no spaces"));
        }
        let wrong = self.headers.iter().find(|(name, value)| !is_token(name) || !is_line(value));
        wrong.map(|(name, value)| format!("\"{name}: {value}\" is not a header field"))
    }

    /// The bytes of the request to `host`, with `path` unless it has one of its own.
    pub(crate) fn request(&self, host: &str, path: &str) -> Vec<u8> {
        let path = self.path.as_deref().unwrap_or(path);
        let has = |name: &str| self.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let mut request = format!("{} {path} HTTP/1.1\r\n", self.method);
        if !has("host") {
            request += &format!("host: {host}\r\n");
        }
        if !self.body.is_empty() && !has("content-length") {
            request += &format!("content-length: {}\r\n", self.body.len());
        }
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        (request + "\r\n" + &self.body).into_bytes()
    }

    /// How the body of an answer ends (RFC 9112, section 6.3).
    ///
    /// # Errors
    /// When `content-length` is no number.
    pub(crate) fn framing(&self, head: &Head) -> Result<Framing, String> {
        let has_none = self.has_no_body() || matches!(head.status, 100..=199 | 204 | 304);
        if has_none { Ok(Framing::Length(0)) } else { head.framing() }
    }

    /// Whether answers have no body, whatever their headers say.
    pub fn has_no_body(&self) -> bool {
        self.method == "HEAD"
    }

    /// What is wrong with an answer, if anything.
    pub fn answer_fault(&self, status: u16, body: &[u8]) -> Option<String> {
        if status != self.status {
            return Some(format!("status {status}, expected {}; body {}", self.status, excerpt(body)));
        }
        let is_right = match &self.expected {
            ExpectedBody::Any => true,
            ExpectedBody::Exact(text) => text.as_bytes() == body,
            ExpectedBody::Json(value) => serde_json::from_slice::<Value>(body).ok().as_ref() == Some(value),
        };
        (!is_right).then(|| format!("body {}, expected {}", excerpt(body), self.expected()))
    }

    /// What a right answer is, for a message.
    pub fn expected(&self) -> String {
        match &self.expected {
            ExpectedBody::Any => format!("status {}", self.status),
            ExpectedBody::Exact(text) => excerpt(text.as_bytes()),
            ExpectedBody::Json(value) => value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_what_is_asked_for_and_host_and_length() {
        let post = Exchange {
            method: "POST".into(),
            path: Some("/items?x=1".into()),
            headers: vec![("content-type".into(), "text/plain".into())],
            body: "ab".into(),
            ..Exchange::get()
        };
        let text = String::from_utf8(post.request("h:1", "/other")).unwrap();
        assert_eq!(
            text,
            "POST /items?x=1 HTTP/1.1\r\nhost: h:1\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nab"
        );
        assert_eq!(post.fault(), None);
        let faulty = |change: fn(&mut Exchange)| {
            let mut exchange = Exchange::get();
            change(&mut exchange);
            exchange.fault().is_some()
        };
        assert!(faulty(|exchange| exchange.method = "G ET".into()));
        assert!(faulty(|exchange| exchange.path = Some("x".into())));
        assert!(faulty(|exchange| exchange.headers = vec![("a".into(), "b\r\nc: d".into())]));
    }

    #[test]
    fn answers_are_compared_by_status_bytes_or_value() {
        let of = |expected| Exchange { expected, ..Exchange::get() };
        assert_eq!(of(ExpectedBody::Any).answer_fault(200, b"x"), None);
        assert!(of(ExpectedBody::Any).answer_fault(404, b"x").is_some());
        assert_eq!(of(ExpectedBody::Exact("x".into())).answer_fault(200, b"x"), None);
        assert!(of(ExpectedBody::Exact("x".into())).answer_fault(200, b"y").is_some());
        let json = of(ExpectedBody::Json(serde_json::json!({ "a": 1 })));
        assert_eq!(json.answer_fault(200, b"{ \"a\" : 1 }"), None);
        assert!(json.answer_fault(200, b"{\"a\":2}").is_some());
    }
}
