//! What a check found.

use std::fmt;

use crate::service::Exception;

/// One way in which a service breaks the contract.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Violation {
    pub case: String,
    /// What was sent or done.
    pub sent: String,
    /// What the contract asks for.
    pub expected: String,
    pub received: String,
}

impl Violation {
    pub(super) fn new(case: &str, sent: &str, expected: &str, received: String) -> Self {
        Self { case: case.to_owned(), sent: sent.to_owned(), expected: expected.to_owned(), received }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, sent, expected, received } = self;
        write!(f, "{case}\n    sent      {sent}\n    expected  {expected}\n    received  {received}")
    }
}

/// What a check found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Outcome {
    /// How many cases were checked.
    pub cases: usize,
    /// Where the contract is broken.
    pub violations: Vec<Violation>,
    /// Where it is broken and may be, each with the reason.
    pub exceptions: Vec<(Violation, String)>,
    /// The length of the answer to a request that every service gets, for comparison; absent when there was none.
    pub answer_bytes: Option<usize>,
}

impl Outcome {
    pub(super) fn add(&mut self, violation: Option<Violation>) {
        self.cases += 1;
        self.violations.extend(violation);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.cases += other.cases;
        self.violations.extend(other.violations);
        self.exceptions.extend(other.exceptions);
        self.answer_bytes = self.answer_bytes.or(other.answer_bytes);
    }

    /// Sets apart the violations that the catalogue lists as exceptions.
    pub(crate) fn set_apart(&mut self, exceptions: &[&Exception]) {
        for violation in std::mem::take(&mut self.violations) {
            match exceptions.iter().find(|exception| exception.case == violation.case) {
                Some(exception) => self.exceptions.push((violation, exception.reason.clone())),
                None => self.violations.push(violation),
            }
        }
    }

    /// As [`Outcome::set_apart`], after all cases: an exception without a violation is a violation itself.
    pub(super) fn except(&mut self, exceptions: &[&Exception]) {
        self.set_apart(exceptions);
        for exception in exceptions {
            if !self.exceptions.iter().any(|(violation, _)| violation.case == exception.case) {
                self.violations.push(Violation {
                    case: "an exception that is not needed".to_owned(),
                    sent: exception.case.clone(),
                    expected: format!("a violation, since {}", exception.reason),
                    received: "none: the exception can go".to_owned(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Finder;

    #[test]
    fn an_exception_is_set_apart_with_its_reason_and_no_other() {
        let violation = |case: &str| Violation {
            case: case.into(),
            sent: String::new(),
            expected: String::new(),
            received: String::new(),
        };
        let mut outcome = Outcome { violations: vec![violation("a"), violation("b")], ..Outcome::default() };
        let exception =
            |case: &str| Exception { command: Finder::Check, case: case.into(), reason: "upstream".into() };
        outcome.except(&[&exception("a"), &exception("c")]);
        let broken: Vec<&str> = outcome.violations.iter().map(|violation| violation.case.as_str()).collect();
        assert_eq!(broken, ["b", "an exception that is not needed"]);
        assert_eq!(outcome.exceptions, [(violation("a"), "upstream".to_owned())]);
    }
}
