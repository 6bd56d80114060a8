//! What a reader must know beside the numbers: warnings, what the control shows, and how to read ranks.

use crate::headline::amount;
use crate::report::Report;
use crate::summary::{Ratio, Row, Summary};

/// How to read a range of ranks.
pub(crate) const RANKS: &str = "A rank is a range: the best is one more than the number of services that are \
                                significantly better, the worst is the number of services less those that are \
                                significantly worse.";

/// What the control shows, in one line; `None` without a control.
pub(crate) fn control(summary: &Summary) -> Option<String> {
    let control = summary.control.as_ref()?;
    let Ratio { ratio, low, high, .. } = &control.ratio;
    Some(match control.resolves {
        _ if control.differs() => {
            let percent = (ratio - 1.0).abs() * 100.0;
            format!(
                "control {ratio:.3} [{low:.3}, {high:.3}] differs from 1: \
                 this run finds differences of {percent:.1} % where there are none"
            )
        }
        Some(resolves) => {
            let percent = resolves * 100.0;
            format!("control {ratio:.3} [{low:.3}, {high:.3}]: this run resolves about {percent:.1} %")
        }
        None => format!("control {ratio:.3} (range {low:.3} to {high:.3}): too few rounds for an interval"),
    })
}

/// The notes on one load: its warnings, each with the service that it touches, and why services are not ranked.
pub(crate) fn of_load(summary: &Summary) -> Vec<String> {
    let own = summary.warnings.iter().map(ToString::to_string);
    let rows = summary.rows.iter().flat_map(|row| {
        let cause = row.failure.iter().map(|cause| not_ranked(&row.service, cause));
        cause.chain(doubts(row)).collect::<Vec<_>>()
    });
    own.chain(rows).collect()
}

/// The notes on several loads of a report: what touches all of them, each service that is not ranked once, and the
/// warnings of each load with its name.
pub(crate) fn of_loads<'a>(report: &'a Report, loads: impl Iterator<Item = &'a Summary>) -> Vec<String> {
    let general = report.warnings.iter().map(ToString::to_string);
    let failed = report.failed().into_iter().map(|(service, cause)| not_ranked(service, cause));
    let own = loads.flat_map(|summary| {
        let warnings = summary.warnings.iter().map(ToString::to_string);
        let all = warnings.chain(summary.rows.iter().flat_map(doubts));
        all.map(|note| format!("{}: {note}", summary.scenario)).collect::<Vec<_>>()
    });
    general.chain(failed).chain(own).collect()
}

fn not_ranked(service: &str, cause: &str) -> String {
    format!("{service} is not ranked: {cause}")
}

/// What puts metrics of a service in doubt.
fn doubts(row: &Row) -> impl Iterator<Item = String> {
    row.warnings.iter().map(|warning| format!("{}: {warning}", row.service))
}

/// How many rounds every ranked service has completed: `12 rounds`, or `6 rounds of churn, 3 of curve` where loads
/// differ.
pub(crate) fn rounds(report: &Report) -> String {
    let Some((first, others)) = report.summaries.split_first() else { return amount::rounds(0) };
    if others.iter().all(|other| other.rounds == first.rounds) {
        return amount::rounds(first.rounds);
    }
    let others = others.iter().map(|other| format!(", {} of {}", other.rounds, other.scenario));
    format!("{} of {}{}", amount::rounds(first.rounds), first.scenario, others.collect::<String>())
}
