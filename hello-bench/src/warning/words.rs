//! Each warning as a sentence.

use std::fmt;

use crate::metric::grouped;
use crate::warning::{ServiceWarning, Warning};

impl fmt::Display for ServiceWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (in {} of {} rounds)", self.warning, self.rounds, self.of)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |fraction: &f64| fraction * 100.0;
        match self {
            Self::GeneratorBound { generator_busy, service_busy } => {
                let generator = percent(generator_busy);
                write!(f, "generator-bound: the generator's cores were {generator:.0} % busy")?;
                match service_busy {
                    Some(busy) => write!(f, ", the service's {:.0} %", percent(busy)),
                    None => write!(f, ", the service's are unknown"),
                }
            }
            Self::LittlesLaw { in_flight, connections } => {
                write!(
                    f,
                    "Little's law is off: {in_flight:.1} requests in flight on {connections} connections"
                )
            }
            Self::ScheduleLag { p99_us } => {
                write!(f, "schedule lag: 1 % of the requests were sent {:.1} ms late or more", p99_us / 1e3)
            }
            Self::Unsent { requests } => {
                write!(f, "unsent: no connection was free for {requests} requests of the schedule")
            }
            Self::Reconnects { connections } => {
                write!(f, "the service closed connections: {connections} were opened anew")
            }
            Self::Steal { fraction } => {
                write!(f, "steal: a hypervisor took {:.1} % of the machine's time", percent(fraction))
            }
            Self::OtherLoad { fraction } => {
                write!(
                    f,
                    "other load: {:.1} % of the machine's time went to other programs",
                    percent(fraction)
                )
            }
            Self::Frequency { fraction } => {
                write!(f, "the cores' clock changed by {:.0} %", percent(fraction))
            }
            Self::ControlFailed { cause } => {
                write!(f, "the control failed, so nothing shows what this run resolves: {cause}")
            }
            Self::EmptySlices { slices } => {
                write!(f, "too slow for slices of this length: {slices} slices of a round had no answer")
            }
            Self::ControlDiffers { ratio, low, high } => write!(
                f,
                "the control differs: a second copy of the reference has the ratio {ratio:.3} [{low:.3}, {high:.3}]. One table of 20 shows that by chance: measure again before you rely on this one"
            ),
            Self::TooFewRounds { rounds, needed } => {
                write!(f, "too few rounds: no rank can be significant with {rounds}, it takes {needed}")
            }
            Self::EngineIsK6 => write!(f, "k6 saturates before the service does: the throughput is k6's own"),
            Self::LoadByK6 { version } => write!(
                f,
                "every load was offered by k6 {version}: latency is from when a request was sent and contains k6's own scheduling, and what warms up is measured too"
            ),
            Self::StoppedByGenerator { rate_per_s } => write!(
                f,
                "stopped by the generator: it cannot offer much more than {} requests/s",
                grouped(*rate_per_s)
            ),
            Self::FewerConnections { asked, connections, is_refused: true } => {
                write!(f, "{connections} of {asked} connections: the service refused or closed the others")
            }
            Self::FewerConnections { asked, connections, is_refused: false } => write!(
                f,
                "{connections} of {asked} connections: raise the limit of open files (ulimit -Hn), or the service closed the others"
            ),
            Self::SustainsNothing => write!(f, "p99 holds at no rate"),
            Self::Elsewhere { service } => write!(
                f,
                "{service} is loaded by its URL: its CPU time, memory and start-up are unknown, and so is what else its machine does"
            ),
            Self::SharedCores => {
                write!(f, "service and generator share the only core, so throughput and latency are of both")
            }
        }
    }
}
