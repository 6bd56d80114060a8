//! Long work shown: a bar with what runs now and the time left on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often the bar is drawn while nothing else happens.
const BEAT: Duration = Duration::from_millis(100);

/// The progress of a run, on stderr.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Progress over `steps` steps; 0 where there is nothing to count.
    pub(crate) fn new(steps: u64) -> Self {
        if !io::stderr().is_terminal() {
            return Self { bar: None };
        }
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template(if steps == 0 {
            "{spinner} {wide_msg}"
        } else {
            "{bar:24} {pos}/{len} {wide_msg} {prefix}"
        }) {
            bar.set_style(style);
        }
        Self { bar: Some(bar) }
    }

    /// Says what runs now, and how long all that is left takes, where that is known.
    pub(crate) fn now(&self, what: &str, left: Option<Duration>) {
        let left = left.map(|left| format!("{} left", clock(left))).unwrap_or_default();
        match &self.bar {
            Some(bar) => {
                bar.set_message(what.to_owned());
                bar.set_prefix(left);
                bar.tick();
            }
            None if left.is_empty() => line(what),
            None => line(&format!("{what}, {left}")),
        }
    }

    /// Work without steps to count, drawn until it is dropped.
    pub(crate) fn working(what: &str) -> Self {
        let progress = Self::new(0);
        progress.now(what, None);
        progress.beat();
        progress
    }

    /// As [`Progress::now`] where that replaces what was shown, and nothing where it would be one more line.
    pub(crate) fn redraw(&self, what: &str, left: Duration) {
        if self.bar.is_some() {
            self.now(what, Some(left));
        }
    }

    /// How often it is worth telling what runs now: seldom where each is a line that stays.
    pub(crate) fn interval(&self) -> Duration {
        if self.bar.is_some() { BEAT } else { Duration::from_secs(10) }
    }

    /// A step is done.
    pub(crate) fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// The work goes on beyond what was planned.
    pub(crate) fn extend(&self, steps: u64) {
        if let Some(bar) = &self.bar {
            bar.inc_length(steps);
        }
    }

    /// Says something that stays.
    pub(crate) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| line(text)),
            None => line(text),
        }
    }

    /// Draws the bar from a thread of its own until it is finished: for work without a beat.
    pub(crate) fn beat(&self) {
        if let Some(bar) = &self.bar {
            bar.enable_steady_tick(BEAT);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(text: &str) {
    // A reader of stderr that has gone away is no reason to stop.
    let _ = writeln!(io::stderr(), "{text}");
}

/// `4:05` or `1:02:03`.
pub(crate) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_like_a_clock() {
        assert_eq!(clock(Duration::from_secs(245)), "4:05");
        assert_eq!(clock(Duration::from_secs(3723)), "1:02:03");
    }
}
