//! Tables beside those of a report: what changed between two runs, and what was counted.

use crate::count::Counts;
use crate::diff::{Diff, Interval, MetricChange, Verdict};
use crate::metric::grouped;
use crate::render::table::Table;
use crate::render::tables::{Width, label};

/// The table of what changed between two runs: the primary metric of each load, and whatever improved or regressed.
pub(crate) fn changes(diff: &Diff) -> Table {
    let header = ["load", "service", "metric", "earlier", "later", "later/earlier", ""];
    let is_shown = |change: &&MetricChange| change.verdict != Verdict::NoDifference || change.is_primary;
    let row = |change: &MetricChange| {
        let verdict = match change.verdict {
            Verdict::Improved => "improved",
            Verdict::Regressed => "regressed",
            Verdict::NoDifference => "=",
        };
        vec![
            change.scenario.clone(),
            change.service.clone(),
            label(change.metric, Width::Narrow).to_owned(),
            change.metric.show(change.earlier),
            change.metric.show(change.later),
            change_ratio(change, 2),
            verdict.to_owned(),
        ]
    };
    let rows = diff.changes.iter().filter(is_shown).map(row).collect();
    Table { header: header.map(str::to_owned).to_vec(), rows, text_columns: 3 }
}

/// The ratio of a change with its interval.
pub(crate) fn change_ratio(change: &MetricChange, digits: usize) -> String {
    match change.interval {
        Some(Interval { low, high }) => {
            format!("{:.digits$} [{low:.digits$}, {high:.digits$}]", change.ratio)
        }
        None => format!("{:.digits$}", change.ratio),
    }
}

/// What a request of these services takes, in instructions and system calls.
pub(crate) fn counts(counts: &Counts, services: &[&str]) -> Table {
    let row = |name: &&str| {
        let count = counts.services.get(*name)?;
        Some(vec![(*name).to_owned(), grouped(count.instructions), format!("{:.2}", count.system_calls)])
    };
    let header = ["service", "instructions/request", "system calls/request"];
    let rows = services.iter().filter_map(row).collect();
    Table { header: header.map(str::to_owned).to_vec(), rows, text_columns: 1 }
}
