//! The time, looked at once a turn of the loop, and the date that answers show.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A length of time that a clock shows at a time.
const SECOND: Duration = Duration::from_secs(1);

/// When the present turn began, and its second as a date.
pub(crate) struct Clock {
    now: Instant,
    /// When `date` is to be formatted anew.
    date_until: Instant,
    date: String,
}

impl Clock {
    /// A clock that shows the present.
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let mut clock = Self { now, date_until: now, date: String::new() };
        clock.tick();
        clock
    }

    /// Looks at the time; true when the date has changed.
    pub(crate) fn tick(&mut self) -> bool {
        self.now = Instant::now();
        let is_over = self.now >= self.date_until;
        if is_over {
            let wall = SystemTime::now();
            let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
            self.date = httpdate::fmt_http_date(wall);
            self.date_until = self.now + SECOND - Duration::from_nanos(since.subsec_nanos().into());
        }
        is_over
    }

    /// The beginning of this turn.
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// The date as a field of HTTP has it (RFC 9110, 5.6.7).
    pub(crate) fn date(&self) -> &str {
        &self.date
    }
}
