//! The comparison's command line; see the library for what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    hello_bench::cli::main()
}
