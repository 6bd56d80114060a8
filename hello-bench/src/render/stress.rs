//! What loads found that look for limits, as text: columns beside the rank, and what one server did.

use hello_load::{Scenario, Stress};
use hello_stats::{Bounds, Estimate};

use crate::metric::{Metric, grouped};
use crate::render::table::{ABSENT, Table};
use crate::stress::beyond::{ConnectionsRow, IdleRow, OverloadRow, PhaseRow};
use crate::stress::row::{CurveRow, StressRow, SustainedRow};
use crate::stress::window::LimitingFactor;

/// The headings of what a load of this kind found, beside rank and primary metric.
pub(crate) fn header(row: &StressRow, is_wide: bool) -> Vec<String> {
    match row {
        StressRow::Sustain(_) if is_wide => words(&["95 % interval", "stopped by"]),
        StressRow::Sustain(_) => words(&["stopped by"]),
        StressRow::Curve(curve) => {
            let at = curve.points.iter().map(|point| format!("{} %", point.percent));
            std::iter::once("100 % is".to_owned()).chain(at).collect()
        }
        StressRow::Overload(overload) => overload_header(overload, is_wide),
        StressRow::Connections(found) => {
            let mut header: Vec<String> = smaller(found)
                .iter()
                .map(|count| format!("KiB, {}", grouped(count.asked.into())))
                .collect();
            let more: &[&str] =
                if is_wide { &["idle CPU µs/s", "MiB before", "MiB after"] } else { &["MiB after"] };
            header.extend(words(more));
            header
        }
    }
}

/// The cells below. `watched_s` is how long a recovery was watched for, see [`watched_s`].
pub(crate) fn cells(row: &StressRow, is_wide: bool, watched_s: Option<f64>) -> Vec<String> {
    match row {
        StressRow::Sustain(found) if is_wide => vec![interval(found.rate_per_s), stopped_by(found)],
        StressRow::Sustain(found) => vec![stopped_by(found)],
        StressRow::Curve(curve) => curve_cells(curve, is_wide),
        StressRow::Overload(overload) => overload_cells(overload, is_wide, watched_s),
        StressRow::Connections(found) => {
            let mut cells: Vec<String> = smaller(found).iter().map(kib).collect();
            if is_wide {
                let idle = found.counts.last().and_then(|count| count.cpu_us_per_s);
                cells.extend([or_absent(idle, grouped), mib(found.before_rss_bytes)]);
            }
            cells.push(mib(found.after_rss_bytes));
            cells
        }
    }
}

/// The counts below the largest, which is the primary metric's.
fn smaller(found: &ConnectionsRow) -> &[IdleRow] {
    found.counts.split_last().map_or(&[], |(_, smaller)| smaller)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn or_absent(value: Option<f64>, show: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| ABSENT.to_owned(), show)
}

fn mib(bytes: Option<f64>) -> String {
    or_absent(bytes, |bytes| Metric::PeakRssBytes.show(bytes))
}

fn kib(count: &IdleRow) -> String {
    or_absent(count.bytes_per_connection, |bytes| Metric::ConnectionBytes.show(bytes))
}

/// A rate with its interval, or with the range of few rounds.
pub(crate) fn interval(rate: Option<Estimate>) -> String {
    let Some(Estimate { low, high, bounds, .. }) = rate else { return ABSENT.to_owned() };
    match bounds {
        Bounds::Interval => format!("[{}, {}]", grouped(low), grouped(high)),
        Bounds::Range => format!("({}–{})", grouped(low), grouped(high)),
    }
}

/// What stopped a service.
pub(crate) fn stopped_by(found: &SustainedRow) -> String {
    match found.limit {
        Some(LimitingFactor::Latency) => "p99",
        Some(LimitingFactor::Unsent) => "unsent",
        Some(LimitingFactor::Generator) => "generator",
        None => ABSENT,
    }
    .to_owned()
}

/// Milliseconds with two digits or three.
pub(crate) fn ms(us: f64) -> String {
    match us / 1e3 {
        ms if ms < 10.0 => format!("{ms:.2}"),
        ms if ms < 100.0 => format!("{ms:.1}"),
        ms => grouped(ms),
    }
}

/// A fraction in percent; less than half a tenth is nothing.
pub(crate) fn percent(fraction: f64) -> String {
    match fraction * 100.0 {
        none if none < 0.05 => "0".to_owned(),
        few if few < 10.0 => format!("{few:.1}"),
        many => format!("{many:.0}"),
    }
}

fn curve_cells(curve: &CurveRow, is_wide: bool) -> Vec<String> {
    let at = curve.points.iter().map(|point| {
        let doubt = if point.is_generator_bound { " !" } else { "" };
        if is_wide {
            format!("{} / {} / {}{doubt}", ms(point.p50_us), ms(point.p99_us), ms(point.p999_us))
        } else {
            format!("{}{doubt}", ms(point.p99_us))
        }
    });
    std::iter::once(grouped(curve.base_per_s)).chain(at).collect()
}

fn overload_header(overload: &OverloadRow, is_wide: bool) -> Vec<String> {
    if !is_wide {
        let first = overloads(overload).first().map(|phase| format!("{}× %", phase.factor));
        return first.into_iter().chain(words(&["shed %", "normal s"])).collect();
    }
    let of_phase =
        |phase: &PhaseRow| [format!("% at {}×", phase.factor), format!("p99 ms at {}×", phase.factor)];
    let more = ["shed %", "lost %", "late %", "unsent %", "peak RSS MiB", "normal after s"];
    overloads(overload).iter().flat_map(of_phase).chain(words(&more)).collect()
}

/// Goodput as a share of the rate that the factors are of; the other shares are the largest of the phases.
fn overload_cells(overload: &OverloadRow, is_wide: bool, watched_s: Option<f64>) -> Vec<String> {
    let goodput = |phase: &PhaseRow| {
        let doubt = if phase.is_generator_bound { " !" } else { "" };
        format!("{:.0}{doubt}", phase.goodput_per_s / overload.base_per_s.max(1e-9) * 100.0)
    };
    let most =
        |share: fn(&PhaseRow) -> f64| percent(overloads(overload).iter().map(share).fold(0.0, f64::max));
    let (shed, recovery) = (most(|phase| phase.shed), recovery(overload, watched_s));
    if !is_wide {
        let first = overloads(overload).first().map(goodput);
        return first.into_iter().chain([shed, recovery]).collect();
    }
    let of_phase = |phase: &PhaseRow| [goodput(phase), or_absent(phase.good_p99_us, ms)];
    let lost = most(|phase| phase.dropped + phase.unanswered);
    let (late, unsent) = (most(|phase| phase.late), most(|phase| phase.unsent));
    let more = [shed, lost, late, unsent, mib(overload.peak_rss_bytes), recovery];
    overloads(overload).iter().flat_map(of_phase).chain(more).collect()
}

/// How long a recovery is watched for, in seconds; `None` for a load that is no overload.
pub(crate) fn watched_s(scenario: Option<&Scenario>) -> Option<f64> {
    match scenario?.stress.as_ref()? {
        Stress::Overload { recovery_s, .. } => Some(*recovery_s),
        _ => None,
    }
}

/// How soon all is normal again, in seconds: `0.3`, or `> 3 s` where that took longer than it was watched for.
pub(crate) fn recovery(overload: &OverloadRow, watched_s: Option<f64>) -> String {
    match (overload.recovery_s, watched_s) {
        (Some(seconds), _) => format!("{seconds:.1}"),
        (None, Some(watched)) => format!("> {watched} s"),
        (None, None) => "not while watched".to_owned(),
    }
}

/// The phases of overload, without that of recovery.
pub(crate) fn overloads(overload: &OverloadRow) -> &[PhaseRow] {
    overload.phases.split_last().map_or(&[], |(_, overloads)| overloads)
}

/// What was found of one server: names and values.
pub(crate) fn values(row: &StressRow) -> Vec<(&'static str, String)> {
    match row {
        StressRow::Sustain(found) => vec![
            ("sustained/s", or_absent(found.rate_per_s.map(|rate| rate.value), grouped)),
            ("p99 at most ms", format!("{}", found.p99_limit_us / 1e3)),
            ("stopped by", stopped_by(found)),
            ("at saturation/s", grouped(found.burst_per_s)),
        ],
        StressRow::Curve(curve) => vec![("100 % is", format!("{}/s", grouped(curve.base_per_s)))],
        StressRow::Overload(overload) => vec![
            ("1× is", format!("{}/s", grouped(overload.base_per_s))),
            ("normal after s", recovery(overload, None)),
            ("peak RSS MiB", mib(overload.peak_rss_bytes)),
        ],
        StressRow::Connections(found) => {
            vec![("MiB before", mib(found.before_rss_bytes)), ("MiB after", mib(found.after_rss_bytes))]
        }
    }
}

/// A table of what one server did; `None` where there is one value only.
pub(crate) fn detail(row: &StressRow) -> Option<Table> {
    match row {
        StressRow::Sustain(_) => None,
        StressRow::Curve(curve) => Some(points(curve)),
        StressRow::Overload(overload) => Some(phases(overload)),
        StressRow::Connections(found) => Some(counts(found)),
    }
}

fn points(curve: &CurveRow) -> Table {
    let row = |point: &crate::stress::row::CurvePointRow| {
        let mut cells = vec![format!("{} %", point.percent), grouped(point.rate_per_s)];
        cells.extend([point.p50_us, point.p99_us, point.p999_us].map(ms));
        cells.push(percent(point.unsent));
        cells
    };
    Table {
        header: words(&["load", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "unsent %"]),
        rows: curve.points.iter().map(row).collect(),
        text_columns: 1,
    }
}

pub(crate) fn phases(overload: &OverloadRow) -> Table {
    let row = |phase: &PhaseRow| {
        let mut cells = vec![format!("{}×", phase.factor), grouped(phase.offered_per_s)];
        cells.extend([grouped(phase.goodput_per_s), or_absent(phase.good_p99_us, ms)]);
        cells.extend([phase.late, phase.shed, phase.dropped, phase.unsent, phase.unanswered].map(percent));
        cells
    };
    Table {
        header: words(&[
            "load",
            "requests/s",
            "in time/s",
            "p99 ms",
            "late %",
            "shed %",
            "dropped %",
            "unsent %",
            "unanswered %",
        ]),
        rows: overload.phases.iter().map(row).collect(),
        text_columns: 1,
    }
}

fn counts(found: &ConnectionsRow) -> Table {
    let row = |count: &IdleRow| {
        vec![
            grouped(count.asked.into()),
            grouped(count.connections),
            kib(count),
            or_absent(count.cpu_us_per_s, grouped),
        ]
    };
    Table {
        header: words(&["asked for", "idle", "KiB/connection", "CPU µs/s"]),
        rows: found.counts.iter().map(row).collect(),
        text_columns: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_recover_is_not_said_to_never_do_so() {
        let row = |recovery_s| {
            let (base_per_s, phases, peak_rss_bytes) = (1000.0, Vec::new(), None);
            OverloadRow { base_per_s, phases, recovery_s, peak_rss_bytes }
        };
        assert_eq!(recovery(&row(Some(0.31)), Some(3.0)), "0.3");
        assert_eq!(recovery(&row(None), Some(3.0)), "> 3 s");
        assert_eq!(cells(&StressRow::Overload(row(None)), false, Some(2.5)).last().unwrap(), "> 2.5 s");
        assert_eq!(recovery(&row(None), None), "not while watched");
    }
}
