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
        f.write_str(&match self {
            Self::GeneratorBound { generator_busy, service_busy } => {
                generator_bound(*generator_busy, *service_busy)
            }
            Self::LittlesLaw { in_flight, connections } => {
                format!("Little's law is off: {in_flight:.1} requests in flight on {connections} connections")
            }
            Self::ScheduleLag { p99_us } => {
                format!("schedule lag: 1 % of the requests were sent {:.1} ms late or more", p99_us / 1e3)
            }
            Self::Unsent { requests } => {
                format!("unsent: no connection was free for {requests} scheduled requests")
            }
            Self::Reconnects { connections } => {
                format!("the service closed connections: {connections} were reopened")
            }
            Self::Steal { fraction } => {
                format!("steal: the hypervisor took {:.1} % of the machine's time", fraction * 100.0)
            }
            Self::OtherLoad { fraction } => {
                format!("other load: other programs took {:.1} % of the machine's time", fraction * 100.0)
            }
            Self::Frequency { fraction } => {
                format!("the clock frequency of the cores changed by {:.0} %", fraction * 100.0)
            }
            Self::ReferenceMissing { service, cause } => reference_missing(service, cause.as_deref()),
            Self::ControlFailed { cause } => {
                format!("the control failed, so the resolution of this run is unknown: {cause}")
            }
            Self::EmptySlices { slices } => {
                format!("too slow for slices of this length: {slices} slices of a round had no answer")
            }
            Self::ControlDiffers { ratio, low, high } => control_differs([*ratio, *low, *high]),
            Self::TooFewRounds { rounds, needed } => {
                format!("too few rounds: with {rounds} no rank can be significant; {needed} are needed")
            }
            Self::EngineIsK6 => "k6 saturates before the service does: the throughput is k6's own".to_owned(),
            Self::LoadByK6 { version } => load_by_k6(version),
            Self::StoppedByGenerator { rate_per_s } => stopped_by_generator(*rate_per_s),
            Self::FewerConnections { asked, connections, is_refused } => {
                format!("{connections} of {asked} connections: {}", why_fewer(*is_refused))
            }
            Self::NothingInTime => "nothing was answered in time at the heaviest overload".to_owned(),
            Self::SustainsNothing => "p99 is over the limit at every rate".to_owned(),
            Self::Elsewhere { service } => elsewhere(service),
            Self::SharedCores => {
                "service and generator share the only core, so each slows the other down".to_owned()
            }
        })
    }
}

fn generator_bound(generator_busy: f64, service_busy: Option<f64>) -> String {
    let service = match service_busy {
        Some(busy) => format!("those of the service {:.0} %", busy * 100.0),
        None => "those of the service are unknown".to_owned(),
    };
    format!(
        "generator-bound: the cores of the generator were {:.0} % busy, {service}",
        generator_busy * 100.0
    )
}

fn reference_missing(service: &str, cause: Option<&str>) -> String {
    let cause = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
    format!(
        "no ratios: the reference {service} has no usable value{cause}; choose another one with --reference"
    )
}

fn control_differs([ratio, low, high]: [f64; 3]) -> String {
    format!(
        "the control differs: a second copy of the reference has the ratio {ratio:.3} [{low:.3}, {high:.3}]. One table in 20 shows that by chance: measure again before you rely on this one"
    )
}

fn load_by_k6(version: &str) -> String {
    format!(
        "every load was offered by k6 {version}: latency is measured from when a request was sent and includes k6's own scheduling, and the warm-up is measured as well"
    )
}

fn stopped_by_generator(rate_per_s: f64) -> String {
    let rate = grouped(rate_per_s);
    format!("limited by the generator: it cannot offer much more than {rate} requests/s")
}

fn why_fewer(is_refused: bool) -> &'static str {
    if is_refused {
        "the service refused or closed the others"
    } else {
        "raise the limit of open files (ulimit -Hn), or the service closed the others"
    }
}

fn elsewhere(service: &str) -> String {
    format!(
        "{service} was loaded by its URL: its CPU time, memory and start-up are unknown, and so is what else its machine does"
    )
}
