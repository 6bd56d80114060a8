//! What a service did with a stream of bytes, as far as services must agree.

use std::fmt;

use hello_bench::raw::{Answer, Conversation, End};

/// The answers and the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reaction {
    /// Status and message of each answer, in order. The message is empty where the body has none: frameworks word their
    /// own errors as they like.
    pub answers: Vec<(u16, String)>,
    /// Whether the service ended the connection. A reset counts as an end: which of the two a peer sees depends on what
    /// was still on its way.
    pub is_ended: bool,
}

impl Reaction {
    /// The reaction in a conversation.
    pub fn of(heard: Conversation) -> Self {
        let answers = heard.answers.iter().map(|answer| (answer.head.status, message(answer))).collect();
        Self { answers, is_ended: heard.end != End::Open }
    }

    /// The reaction that most have; of those that equally many have, the first.
    pub fn commonest(all: &[Self]) -> Self {
        let count = |one: &Self| all.iter().filter(|other| *other == one).count();
        let most = all.iter().map(count).max().unwrap_or_default();
        all.iter().find(|one| count(one) == most).expect("there are services").clone()
    }
}

fn message(answer: &Answer) -> String {
    let value: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    let text = value.as_ref().and_then(|value| value["message"].as_str());
    text.unwrap_or_default().to_owned()
}

impl fmt::Display for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (status, message) in &self.answers {
            write!(f, "{status} {message:?}, ")?;
        }
        f.write_str(if self.is_ended { "ended" } else { "open" })
    }
}
