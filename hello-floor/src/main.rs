//! The limit of this machine: the contract with one epoll loop a core, one read and one write a request.
//!
//! No framework and no async runtime: what a service costs above this is what its framework costs. It is
//! measured in every round, and never ranked.

#[cfg(target_os = "linux")]
mod connection;
#[cfg(target_os = "linux")]
mod event_loop;
#[cfg(target_os = "linux")]
mod handicap;
#[cfg(target_os = "linux")]
mod request;
#[cfg(target_os = "linux")]
mod response;
#[cfg(target_os = "linux")]
mod server;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    server::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("hello-floor needs Linux: it is the limit of epoll");
    std::process::exit(1);
}
