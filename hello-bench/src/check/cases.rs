//! The table of the contract: requests, and what each is answered.

/// A request and its answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ContractCase {
    pub method: &'static str,
    /// Path and query.
    pub target: &'static str,
    /// The status code.
    pub status: u16,
    /// The body that GET would send.
    pub body: &'static str,
    /// Whether services in other languages must answer it too.
    pub core: bool,
}

const BAD: &str = r#"{"message":"Bad Request: name may be given once"}"#;
const NOT_FOUND: &str = r#"{"message":"Not Found"}"#;
const NOT_ALLOWED: &str = r#"{"message":"Method Not Allowed"}"#;
const WORLD: &str = r#"{"message":"Hello World!"}"#;
const NOBODY: &str = r#"{"message":"Hello !"}"#;
const ZAPHOD: &str = r#"{"message":"Hello Zaphod!"}"#;
const A: &str = r#"{"message":"Hello A!"}"#;

/// The answer of a GET, core contract.
const fn core(target: &'static str, body: &'static str) -> ContractCase {
    ContractCase { method: "GET", target, status: 200, body, core: true }
}

/// The answer of a GET that only the exact contract asks for.
const fn exact(target: &'static str, body: &'static str) -> ContractCase {
    ContractCase { core: false, ..core(target, body) }
}

/// A request that is refused.
const fn refused(
    method: &'static str,
    target: &'static str,
    status: u16,
    body: &'static str,
) -> ContractCase {
    ContractCase { method, target, status, body, core: false }
}

/// Every case of the contract that one request can show.
pub(crate) const CASES: &[ContractCase] = &[
    core("/", WORLD),
    core("/?", WORLD),
    core("/?name=Beeblebrox", r#"{"message":"Hello Beeblebrox!"}"#),
    core("/?name=+Zaphod%20", ZAPHOD),
    exact("/?name=%E3%80%80Zaphod%C2%A0", ZAPHOD),
    exact("/?name=%09Zaphod%0D%0A", ZAPHOD),
    core("/?name=", NOBODY),
    core("/?name=%20", NOBODY),
    exact("/?name", NOBODY),
    core("/?name=%E4%B8%96%E7%95%8C", r#"{"message":"Hello 世界!"}"#),
    exact("/?name=%22%5C%0A%00", "{\"message\":\"Hello \\\"\\\\\\n\\u0000!\"}"),
    exact("/?name=%3Cb%3E%26%2F", r#"{"message":"Hello <b>&/!"}"#),
    exact("/?name=a+b%2Bc", r#"{"message":"Hello a b+c!"}"#),
    core("/?x=1&name=A&y", A),
    core("/?x=1", WORLD),
    exact("/?x=1&x=2&name=A", A),
    exact("/?Name=A", WORLD),
    exact("/?n%61me=A", A),
    exact("/?name=A=B", r#"{"message":"Hello A=B!"}"#),
    exact("/?&&name=A&", A),
    exact("/?name=%zz", r#"{"message":"Hello %zz!"}"#),
    exact("/?name=%", r#"{"message":"Hello %!"}"#),
    exact("/?name=%FF", "{\"message\":\"Hello \u{FFFD}!\"}"),
    refused("GET", "/?name=A&name=B", 400, BAD),
    refused("GET", "/?name=&x=1&name=", 400, BAD),
    refused("HEAD", "/?name=A&name=B", 400, BAD),
    ContractCase { method: "HEAD", ..exact("/", WORLD) },
    ContractCase { method: "HEAD", ..exact("/?name=A", A) },
    refused("POST", "/", 405, NOT_ALLOWED),
    refused("PUT", "/", 405, NOT_ALLOWED),
    refused("PATCH", "/", 405, NOT_ALLOWED),
    refused("DELETE", "/", 405, NOT_ALLOWED),
    refused("OPTIONS", "/", 405, NOT_ALLOWED),
    refused("TRACE", "/", 405, NOT_ALLOWED),
    refused("BREW", "/", 405, NOT_ALLOWED),
    refused("get", "/", 405, NOT_ALLOWED),
    refused("POST", "/?name=A&name=B", 405, NOT_ALLOWED),
    refused("GET", "/nope", 404, NOT_FOUND),
    refused("GET", "/nope?name=A&name=B", 404, NOT_FOUND),
    refused("GET", "/index.html", 404, NOT_FOUND),
    refused("GET", "/%2F", 404, NOT_FOUND),
    refused("HEAD", "/nope", 404, NOT_FOUND),
    refused("POST", "/nope", 404, NOT_FOUND),
    refused("DELETE", "/nope/", 404, NOT_FOUND),
    // A target in authority form has no path at all.
    refused("GET", "h:80", 404, NOT_FOUND),
    refused("CONNECT", "h:80", 404, NOT_FOUND),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_compact_json_with_a_message() {
        for case in CASES {
            let value: serde_json::Value = serde_json::from_str(case.body).unwrap();
            assert!(value["message"].is_string() && value.as_object().unwrap().len() == 1, "{case:?}");
            assert_eq!(serde_json::to_string(&value).unwrap(), case.body);
        }
    }
}
