//! The contract's requests and answers as data: the first link of the chain, without a framework.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The body of every response, serialized as `{"message":"…"}`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Msg {
    /// A greeting, or why there is none.
    pub message: Cow<'static, str>,
}

/// The query parameters of `GET /`. Others are ignored; `name` given twice does not deserialize.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub struct Params {
    /// Whom to greet. `None` when the parameter is missing, which is not the same as empty.
    pub name: Option<String>,
}

impl Params {
    /// Greets the name without the white space around it ([`str::trim`]), or the world when there is no name.
    pub fn greeting(&self) -> Msg {
        let name = self.name.as_deref().map_or("World", str::trim);
        Msg {
            message: Cow::Owned(["Hello ", name, "!"].concat()),
        }
    }
}

/// Why a request gets no greeting.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// `name` stands in the query more than once.
    RepeatedName,
    /// The path is not `/`.
    NotFound,
    /// The path is `/`, but the method is neither GET nor HEAD.
    MethodNotAllowed,
}

impl Refusal {
    /// The HTTP status code of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::RepeatedName => 400,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
        }
    }

    /// The body of the answer.
    pub const fn msg(self) -> Msg {
        let message = match self {
            Self::RepeatedName => "Bad Request: name may be given once",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed => "Method Not Allowed",
        };
        Msg {
            message: Cow::Borrowed(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(query: &str) -> String {
        let params: Params = serde_urlencoded::from_str(query).unwrap();
        serde_json::to_string(&params.greeting()).unwrap()
    }

    #[test]
    fn greets_the_trimmed_name_and_the_world_only_when_it_is_missing() {
        assert_eq!(body(""), r#"{"message":"Hello World!"}"#);
        assert_eq!(body("x=1"), r#"{"message":"Hello World!"}"#);
        assert_eq!(body("name="), r#"{"message":"Hello !"}"#);
        assert_eq!(body("name=%20"), r#"{"message":"Hello !"}"#);
        assert_eq!(body("name=+Zaphod%20"), r#"{"message":"Hello Zaphod!"}"#);
        assert_eq!(body("name=%E3%80%80A%C2%A0"), r#"{"message":"Hello A!"}"#);
    }

    #[test]
    fn writes_utf8_and_the_escapes_of_serde_json() {
        assert_eq!(body("name=%E4%B8%96%E7%95%8C"), r#"{"message":"Hello 世界!"}"#);
        assert_eq!(
            body("name=%22%5C%0Ax%00"),
            r#"{"message":"Hello \"\\\nx\u0000!"}"#
        );
        assert_eq!(body("name=%zz"), r#"{"message":"Hello %zz!"}"#);
        assert_eq!(body("name=%FF"), "{\"message\":\"Hello \u{FFFD}!\"}");
    }

    #[test]
    fn a_repeated_name_does_not_deserialize() {
        assert!(serde_urlencoded::from_str::<Params>("name=A&name=B").is_err());
        assert!(serde_urlencoded::from_str::<Params>("x=1&name=A&x=2").is_ok());
    }
}
