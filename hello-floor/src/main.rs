//! The limit of this machine: the contract with one epoll loop a core, one read and one write a request.
//!
//! No framework and no async runtime: what a service costs above this is what its framework costs. It is
//! measured in every round, and never ranked.
//!
//! What a request needs is done once, on bytes that stay where they were read: the loop's one buffer. What it does not need
//! (decoding, escapes, bodies, what is left of a read or a write) stands apart and costs a comparison.
//!
//! | link | file |
//! |---|---|
//! | the process | `server`: accepts, deals connections to the loops, ends without losing anybody |
//! | a core | `event_loop`: what is ready, what is overdue; `clock`: looked at once a turn |
//! | a connection | `connection`: one read, its answers, one write |
//! | a request | `request`: its head; `fields`: what concerns the connection; `target`: what is asked; `body`: skipped |
//! | an answer | `response` |

#[cfg(target_os = "linux")]
mod body;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod connection;
#[cfg(target_os = "linux")]
mod event_loop;
#[cfg(target_os = "linux")]
mod fields;
#[cfg(target_os = "linux")]
mod handicap;
#[cfg(target_os = "linux")]
mod request;
#[cfg(target_os = "linux")]
mod response;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod target;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    server::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("hello-floor needs Linux: it is the limit of epoll");
    std::process::exit(1);
}
