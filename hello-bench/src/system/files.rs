//! How many files this process and the services that it starts may have open.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that are no connections of the load: libraries, pipes, the other services.
const RESERVED: u64 = 200;

/// Raises the limit of open files as far as the system lets this process, and so that of services started from now on.
/// Returns how many connections that leaves room for on either side.
pub fn raise_limit() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let limit = if raised { hard } else { soft };
    limit.saturating_sub(RESERVED) as usize
}
