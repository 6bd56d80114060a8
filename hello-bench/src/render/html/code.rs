//! Source code with its syntax marked: runs of text with a class each.

use std::path::Path;
use std::sync::LazyLock;

use syntect::easy::ScopeRegionIterator;
use syntect::parsing::{ParseState, ScopeStack, SyntaxSet};

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// What the scopes of a syntax are shown as, the first that fits the innermost scope.
const CLASSES: [(&str, &str); 8] = [
    ("comment", "cm"),
    ("string", "st"),
    ("constant", "nu"),
    ("keyword.operator", ""),
    ("keyword", "kw"),
    ("storage", "kw"),
    ("entity.name.function", "fn"),
    ("support.function", "fn"),
];

/// Text of one kind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CodeSpan {
    /// The class of its colour; empty for plain text.
    pub class: &'static str,
    pub text: String,
}

/// Marks the syntax of a file, by the ending of its name. A file of an unknown kind is plain text.
pub(crate) fn highlight(path: &str, text: &str) -> Vec<CodeSpan> {
    let plain = || vec![CodeSpan { class: "", text: text.to_owned() }];
    let ending = Path::new(path).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let Some(syntax) = SYNTAXES.find_syntax_by_extension(ending) else { return plain() };
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let mut spans: Vec<CodeSpan> = Vec::new();
    for line in text.split_inclusive('\n') {
        let Ok(operations) = state.parse_line(line, &SYNTAXES) else { return plain() };
        for (piece, operation) in ScopeRegionIterator::new(&operations, line) {
            if stack.apply(operation).is_err() {
                return plain();
            }
            append(&mut spans, class(&stack), piece);
        }
    }
    spans
}

/// Adds text, to the last span where it is of the same kind or blank.
fn append(spans: &mut Vec<CodeSpan>, class: &'static str, piece: &str) {
    match spans.last_mut() {
        _ if piece.is_empty() => {}
        Some(last) if last.class == class || piece.trim().is_empty() => last.text.push_str(piece),
        _ => spans.push(CodeSpan { class, text: piece.to_owned() }),
    }
}

fn class(stack: &ScopeStack) -> &'static str {
    let innermost_first = stack.as_slice().iter().rev();
    let names = innermost_first.map(|scope| scope.build_string());
    let mut known = names.filter_map(|name| CLASSES.iter().find(|(prefix, _)| name.starts_with(prefix)));
    known.next().map_or("", |(_, class)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_source_is_lost() {
        let text = "// a <b>\nfn main() {\n    let x = \"y\"; // z\n}\n";
        let spans = highlight("a.rs", text);
        assert_eq!(spans.iter().map(|span| span.text.as_str()).collect::<String>(), text);
        let class = |part: &str| spans.iter().find(|span| span.text.contains(part)).unwrap().class;
        assert_eq!((class("// a"), class("fn"), class("main"), class("y")), ("cm", "kw", "fn", "st"));
        assert_eq!(highlight("a.unknown", text), [CodeSpan { class: "", text: text.into() }]);
    }
}
