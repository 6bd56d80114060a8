//! Ports for services that must be given one.

use std::fs;
use std::net::TcpListener;

use anyhow::{Context, Result, ensure};

/// The first port that a service without a choice of its own is given.
const FIRST_PORT: u16 = 10_000;

/// That nobody listens on a port: a service that has no other would be taken for whoever does.
pub(super) fn ensure_free(port: u16) -> Result<()> {
    ensure!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "port {port} is in use");
    Ok(())
}

/// A port of loopback that nobody uses now, below those that the system gives to connections: between this moment and
/// that in which the service listens, a connection of another service must not take it.
pub(super) fn free() -> Result<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first = range.split_whitespace().next().and_then(|port| port.parse().ok()).unwrap_or(32_768);
    let candidates = || fastrand::u16(FIRST_PORT..first.max(FIRST_PORT + 1));
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut tried = std::iter::repeat_with(candidates).take(1000);
    tried
        .find(is_free)
        .with_context(|| format!("there is no free port from {FIRST_PORT} to {first}"))
}
