//! What a check found.

use std::fmt;

/// One way in which a service breaks the contract.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The case.
    pub case: String,
    /// What was sent or done.
    pub sent: String,
    /// What the contract asks for.
    pub expected: String,
    /// What came instead.
    pub received: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, sent, expected, received } = self;
        write!(f, "{case}\n    sent      {sent}\n    expected  {expected}\n    received  {received}")
    }
}

/// What a check found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    /// How many cases were checked.
    pub cases: usize,
    /// Where the contract is broken.
    pub violations: Vec<Violation>,
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
        self.answer_bytes = self.answer_bytes.or(other.answer_bytes);
    }
}
