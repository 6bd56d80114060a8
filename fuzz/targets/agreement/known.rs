//! Differences between services that are known, each with its reason.

use crate::reaction::Reaction;

/// Why this service may differ from most; `None` when nobody knows.
pub fn reason(_service: &str, _input: &[u8], _own: &Reaction, _common: &Reaction) -> Option<&'static str> {
    None
}
