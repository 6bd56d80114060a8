//! Ports for services that must be given one.

use std::fs;
use std::net::TcpListener;

use anyhow::{Context, Result, ensure};

/// The first port that a service without a choice of its own is given.
const FIRST_PORT: u16 = 10_000;
/// Of fewer ports, two services might soon be given the same.
const MIN_CHOICE: u16 = 1000;

/// That nobody listens on a port: a service that has no other would be taken for whoever does.
pub(super) fn ensure_free(port: u16) -> Result<()> {
    ensure!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "port {port} is in use");
    Ok(())
}

/// A port of loopback that nobody uses now, below those that the system gives to connections: between this moment and
/// that in which the service listens, a connection of another service must not take it.
pub(super) fn free() -> Result<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first: u16 = range.split_whitespace().next().and_then(|port| port.parse().ok()).unwrap_or(32_768);
    if first < FIRST_PORT + MIN_CHOICE {
        // The system gives nearly all ports to connections: one that it chooses is the best there is.
        let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
        return Ok(listener.local_addr()?.port());
    }
    let candidates = || fastrand::u16(FIRST_PORT..first);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut tried = std::iter::repeat_with(candidates).take(1000);
    tried
        .find(is_free)
        .with_context(|| format!("no port from {FIRST_PORT} to {first} is free"))
}
