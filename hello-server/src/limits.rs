//! What a peer may send, hold and take.

use std::time::Duration;

/// How long a connection may go without a whole request head: while it is idle, too, so that the time between two
/// requests on it must be shorter.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest request head, as sent in one write or in many. More is answered with 431. It leaves room for a target that
/// hyper finds too long, at 65 535 bytes, and answers with 414 as RFC 9112, section 3, asks for. The number of header fields
/// is limited to 100 by hyper: to set another number would cost an allocation for each request.
pub const HEAD_BYTES: usize = 80 * 1024;

/// The most connections at a time, where the limit of open files allows as many. One more is answered with 503 and
/// closed.
pub const CONNECTIONS: usize = 16_384;

/// How long a connection that the server ends may still receive, so that its last answer is not lost to a reset
/// (RFC 9112, section 9.6).
pub const LINGER: Duration = Duration::from_secs(1);

/// How long it may still receive once the server has drained, whether its last answer was long ago or came at the end of
/// [`GRACE`]: the process is not to wait for a second one.
pub const LAST_LINGER: Duration = Duration::from_millis(250);

/// How long a handshake that is under way may take, once the process is asked to stop.
pub const HANDSHAKE: Duration = Duration::from_millis(100);

/// How long idle connections stay open once the process is asked to stop: what arrives meanwhile is answered, with
/// `connection: close`.
pub const GRACE: Duration = Duration::from_secs(1);
