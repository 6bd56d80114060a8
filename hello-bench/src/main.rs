//! The comparison's command line; see the library for what it does.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    hello_bench::cli::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!(
        "error: hello-bench measures with Linux's /proc, timerfd and CPU affinity: run it on Linux, in a VM or in a container. The services do run here: cargo run -p svc-axum"
    );
    ExitCode::FAILURE
}
