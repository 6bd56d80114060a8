//! The contract of a service of the user's own: that what it is sent brings what is expected.

use hello_load::{Exchange, Target};

use crate::check::outcome::{Outcome, Violation};
use crate::raw::RawConnection;

/// Checks a running server.
pub(crate) fn check(target: &Target, exchange: &Exchange) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.add(fault(target, exchange).map(|received| Violation {
        case: "the answer is the one in the catalogue".to_owned(),
        sent: format!("{} {}", exchange.method, exchange.path.as_deref().unwrap_or(&target.path)),
        expected: exchange.expected(),
        received,
    }));
    outcome
}

/// What is wrong with the answer to one request, if anything.
fn fault(target: &Target, exchange: &Exchange) -> Option<String> {
    let answer = || -> Result<_, String> {
        let mut connection = RawConnection::open(target)?;
        connection.send(&target.request().0)?;
        connection.answer(exchange.has_no_body())
    };
    match answer() {
        Ok(answer) => exchange.answer_fault(answer.head.status, &answer.body),
        Err(cause) => Some(cause),
    }
}
