//! A panic as one line on stderr.

use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};

/// Reports each panic in one line that begins with this name, and without a backtrace, whatever `RUST_BACKTRACE` says: a
/// peer that knows how to make a framework panic gets no more than a line of the log for each request.
pub(crate) fn report_in_one_line(name: &str) {
    let name = name.to_owned();
    panic::set_hook(Box::new(move |info| {
        let _ = io::stderr().write_all(line(&name, info).as_bytes());
    }));
}

fn line(name: &str, info: &PanicHookInfo) -> String {
    let message = info.payload_as_str().unwrap_or("no message");
    let first = message.lines().next().unwrap_or_default();
    info.location().map_or_else(
        || format!("{name}: panic: {first}\n"),
        |place| format!("{name}: panic at {place}: {first}\n"),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_panic_is_one_line_with_its_place() {
        let lines = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&lines);
        panic::set_hook(Box::new(move |info| {
            sink.lock().unwrap().push_str(&line("svc", info));
        }));
        let _ = panic::catch_unwind(|| panic!("one\ntwo"));
        drop(panic::take_hook());
        let lines = lines.lock().unwrap();
        assert!(lines.starts_with("svc: panic at ") && lines.ends_with(": one\n"), "{lines}");
        assert_eq!(lines.lines().count(), 1);
    }
}
