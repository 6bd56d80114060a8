//! From where on a measurement is in doubt.

/// Above this share of its cores the generator may be what limits throughput.
pub(crate) const GENERATOR_BUSY: f64 = 0.9;
/// Below this share of its cores the service is not what limits throughput.
pub(crate) const SERVICE_BUSY: f64 = 0.95;
/// In a closed loop, throughput times latency is the number of connections (Little's law); below this share of it
/// requests spend their time elsewhere than with the service.
pub(crate) const LITTLE: f64 = 0.9;
/// Steal beyond this share of the machine's time is shown.
pub(crate) const STEAL: f64 = 0.01;
/// Other programs' CPU time beyond this share is shown.
pub(crate) const OTHER_LOAD: f64 = 0.05;
/// A change of the cores' clock beyond this is shown.
pub(crate) const FREQUENCY: f64 = 0.05;
/// A schedule lag at the 99th percentile beyond this, in µs, blurs the latencies that it is part of.
pub(crate) const LAG_US: f64 = 1000.0;
