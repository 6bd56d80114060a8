//! How many connections a process may have, by its limit of open files.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that are not connections: the listener, the standard streams, what a runtime opens for itself.
const RESERVED_FILES: u64 = 32;

/// How many connections this process may have, `most` at the most. The soft limit of open files is raised to the hard one
/// first, as Go and Java do, since it is low for the sake of programs that use `select`.
pub fn connections(most: usize) -> usize {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
    let is_raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    within(if is_raised { hard } else { soft }, most)
}

fn within(files: u64, most: usize) -> usize {
    usize::try_from(files.saturating_sub(RESERVED_FILES)).map_or(most, |left| left.clamp(1, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        assert_eq!(within(1024, 16_384), 992);
        assert_eq!(within(16, 16_384), 1);
        assert_eq!(within(u64::MAX, 16_384), 16_384);
    }
}
