//! What ratios are relative to, in the words of headings.

use crate::metadata::Group;
use crate::report::Report;
use crate::summary::{Ratio, Row, Summary};

/// What the ratios of a group of services are relative to under one load.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Base {
    /// The reference of the run.
    Reference,
    /// For each service its counterpart.
    Counterpart,
    /// The reference for those whose counterpart was not measured, for the others their counterpart.
    Either,
}

impl Base {
    pub(crate) fn of(report: &Report, summary: &Summary, group: Group) -> Self {
        let rows = summary.rows.iter().filter(|row| row.group == group);
        let known: Vec<bool> = rows.filter_map(|row| is_to_counterpart(report, row)).collect();
        match (known.contains(&true), known.contains(&false)) {
            (true, true) => Self::Either,
            (true, false) => Self::Counterpart,
            (false, true) => Self::Reference,
            (false, false) if matches!(group, Group::Tuned | Group::Image) => Self::Counterpart,
            (false, false) => Self::Reference,
        }
    }
}

/// Whether the ratios of a service are relative to its counterpart, and not to the reference; `None` without ratios.
pub(crate) fn is_to_counterpart(report: &Report, row: &Row) -> Option<bool> {
    match row.metrics.values().find_map(|metric| metric.vs_reference.as_ref()) {
        Some(Ratio { to, .. }) => {
            let counterpart = report.metadata(&row.service).and_then(|metadata| metadata.counterpart());
            Some(counterpart == Some(to))
        }
        None => report.is_base(&row.service).then_some(false),
    }
}

/// The heading of a column of ratios.
pub(crate) fn heading(report: &Report, summary: &Summary, group: Group) -> String {
    match (group, Base::of(report, summary, group)) {
        (Group::Service, _) if report.has_variants() => "vs base".to_owned(),
        (Group::Tuned, Base::Counterpart) => "vs own server".to_owned(),
        (Group::Image, Base::Counterpart) => "vs native".to_owned(),
        (_, Base::Either) => format!("vs own server or {}", reference_name(report)),
        _ => format!("vs {}", reference_name(report)),
    }
}

/// The reference by the name of its framework, where that is enough.
fn reference_name(report: &Report) -> String {
    let reference = &report.run.plan.reference;
    report
        .metadata(reference)
        .map_or_else(|| reference.clone(), |metadata| metadata.label(&report.run.services))
}

/// What a ratio is followed by where the heading does not say which of two it is relative to: ` vs svc-axum`.
pub(crate) fn suffix(base: Base, ratio: Option<&Ratio>) -> String {
    ratio
        .filter(|_| base == Base::Either)
        .map_or_else(String::new, |ratio| format!(" vs {}", ratio.to))
}

/// The first group of services that has rows, beside which the floor and the control are shown.
pub(crate) fn first_group(summary: &Summary) -> Option<Group> {
    let has_rows = |group: &Group| summary.rows.iter().any(|row| row.group == *group);
    Group::RANKED.into_iter().find(has_rows)
}
