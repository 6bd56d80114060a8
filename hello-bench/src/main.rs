//! The comparison's command line; see the library for what it does.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    hello_bench::cli::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!(
        "error: hello-bench needs Linux, whose /proc, timerfd and core affinity it measures with: run it in a Linux machine, VM or container. The services run here: cargo run -p svc-axum"
    );
    ExitCode::FAILURE
}
