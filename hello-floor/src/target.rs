//! What a target asks for: the path, and the name in its query.

use hello_core::{Msg, Params, Refusal};

/// What to answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer<'input> {
    /// A greeting of these bytes, as they stand in the request.
    Plain(&'input [u8]),
    /// Any other greeting.
    Decoded(Msg),
    /// No greeting.
    Refused(Refusal),
}

/// The answer to a method and a target.
pub(crate) fn answer<'input>(method: &str, target: &'input str) -> Answer<'input> {
    let (path, query) = split(target);
    match (path, method) {
        ("/", "GET" | "HEAD") => greeting(query),
        ("/", _) => Answer::Refused(Refusal::MethodNotAllowed),
        _ => Answer::Refused(Refusal::NotFound),
    }
}

/// Path and query of a target in origin form (`/?name=A`) or absolute form (`http://host/?name=A`), of any scheme.
fn split(target: &str) -> (&str, &str) {
    if let Some(query) = target.strip_prefix("/?") {
        return ("/", query);
    }
    let target = without_fragment(target);
    let halves = |origin| str::split_once(origin, '?').unwrap_or((origin, ""));
    match after_authority(target).map(halves) {
        Some(("", query)) => ("/", query),
        Some(both) => both,
        None => halves(target),
    }
}

/// No target has a fragment (RFC 9112, 3.2); the frameworks drop one all the same.
fn without_fragment(text: &str) -> &str {
    text.split_once('#').map_or(text, |(before, _)| before)
}

/// The longest scheme that the frameworks read.
const MAX_SCHEME_BYTES: usize = 64;

/// What follows the authority of a target in absolute form; `None` for a target of another form.
fn after_authority(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    let length = rest.find(['/', '?']).unwrap_or(rest.len());
    let is_of_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'~');
    let is_scheme = scheme.len() <= MAX_SCHEME_BYTES && scheme.bytes().all(is_of_scheme);
    (length > 0 && is_scheme).then(|| &rest[length..])
}

/// A query that is one plain name needs no decoding, and its name neither trimming nor escapes: the name is greeted as it
/// stands. Any other query is read by hello-core's rules.
fn greeting(query: &str) -> Answer<'_> {
    match query.strip_prefix("name=") {
        Some(name) if plain_length(name.as_bytes()) == name.len() => Answer::Plain(name.as_bytes()),
        _ => serde_urlencoded::from_str::<Params>(without_fragment(query))
            .map_or(Answer::Refused(Refusal::RepeatedName), |params| Answer::Decoded(params.greeting())),
    }
}

/// How many bytes at the front mean themselves.
pub(crate) fn plain_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !IS_PLAIN[usize::from(*byte)]).unwrap_or(bytes.len())
}

/// The bytes that mean themselves in a query, in a name that is trimmed, and in a string of JSON: visible ASCII without
/// `#`, `&`, `+` and `%`, `"` and `\`.
const IS_PLAIN: [bool; 256] = {
    let mut is_plain = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        is_plain[byte] = (byte as u8).is_ascii_graphic()
            && !matches!(byte as u8, b'#' | b'&' | b'+' | b'%' | b'"' | b'\\');
        byte += 1;
    }
    is_plain
};

#[cfg(test)]
mod tests {
    use super::*;

    fn message(method: &str, target: &str) -> String {
        match answer(method, target) {
            Answer::Plain(name) => format!("plain {}", name.escape_ascii()),
            Answer::Decoded(msg) => msg.message.into_owned(),
            Answer::Refused(refusal) => refusal.msg().message.into_owned(),
        }
    }

    #[test]
    fn origin_and_absolute_targets_are_one_path() {
        assert_eq!(message("GET", "/?name=A"), "plain A");
        assert_eq!(message("HEAD", "/?name=A"), "plain A");
        assert_eq!(message("GET", "http://h:1/?name=A"), "plain A");
        assert_eq!(message("GET", "HTTP://h?name=A"), "plain A");
        assert_eq!(message("GET", "/?name=A#B"), "Hello A!");
        for root in ["http://h", "http://h:1/", "ws://h", "://h:80", "/#name=A", "http://h#a"] {
            assert_eq!(message("GET", root), "Hello World!", "{root}");
        }
        for other in [
            "/x",
            "//",
            "*",
            "h:80",
            "http:/",
            "http://",
            "a/b://h",
            "a?b://h",
            "a:b://h",
            "a%://h",
            "",
            "?name=A",
            "/x/?name=A",
        ] {
            assert_eq!(message("GET", other), "Not Found", "{other}");
        }
        assert_eq!(message("POST", "/"), "Method Not Allowed");
        assert_eq!(message("get", "/?name=A"), "Method Not Allowed");
    }

    #[test]
    fn a_plain_name_is_what_hello_core_makes_of_it_and_all_else_is_decoded() {
        let is_same = |name: &str| {
            let params: Params = serde_urlencoded::from_str(&format!("name={name}")).unwrap();
            let body = serde_json::to_string(&params.greeting()).unwrap();
            body == format!(r#"{{"message":"Hello {name}!"}}"#)
        };
        let (mut plain, mut changed) = (0, 0);
        for byte in 0..128_u8 {
            let name = format!("{}x{0}", char::from(byte));
            let is_plain = matches!(greeting(&format!("name={name}")), Answer::Plain(_));
            assert!(!is_plain || is_same(&name), "{byte}");
            plain += usize::from(is_plain);
            changed += usize::from(!is_same(&name));
        }
        assert!(plain == 94 - 6 && changed >= 5, "{plain}, {changed}");
        assert_eq!(message("GET", "/?name=%C2%A0A"), "Hello A!");
        assert_eq!(message("GET", "/?name=\u{3000}A"), "Hello A!");
        assert_eq!(message("GET", "/?x=1&name=A&y"), "Hello A!");
        assert_eq!(message("GET", "/?name=A&name=B"), "Bad Request: name may be given once");
        assert_eq!(message("GET", "/?name="), "plain ");
        assert_eq!(message("GET", "/?"), "Hello World!");
    }
}
