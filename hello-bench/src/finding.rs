//! The outcome of a scenario in a sentence: who leads, by how much the others are behind, or that nothing differs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::facts::{Facts, Group};
use crate::figure::Figure;
use crate::summary::{Row, Summary};

/// What the ranking of one scenario shows.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// The scenario's name.
    pub scenario: String,
    /// Whom it is about.
    #[serde(default)]
    pub group: Group,
    /// The outcome, as a sentence without its full stop.
    pub text: String,
}

impl Finding {
    /// Says what the ranking of each group by the primary figure shows; of none, that none can be ranked.
    pub fn of(summary: &Summary, services: &[Facts], reference: &str) -> Vec<Self> {
        let has = |group: &Group| summary.rows.iter().any(|row| row.group == *group);
        let mut groups: Vec<Group> = Group::RANKED.into_iter().filter(has).collect();
        if groups.is_empty() {
            groups.push(Group::Service);
        }
        let finding = |group| Self {
            scenario: summary.scenario.name.clone(),
            group,
            text: match group {
                Group::Baseline => by_reference(summary, services, reference),
                _ => words(summary, group, services),
            },
        };
        groups.into_iter().map(finding).collect()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whom = match self.group {
            Group::Tuned => ", tuned",
            Group::Image => ", in containers",
            Group::Baseline => ", other languages",
            Group::Service | Group::Floor => "",
        };
        write!(f, "{}{whom}: {}.", self.scenario, self.text)
    }
}

fn words(summary: &Summary, group: Group, services: &[Facts]) -> String {
    let what = what(summary.primary);
    let (leaders, behind) = split(summary, group);
    let leading = list(&leaders.iter().map(|row| name(row, services)).collect::<Vec<_>>());
    match (leaders.as_slice(), behind.as_slice()) {
        ([], _) => format!("no service can be ranked by {what}"),
        ([_], []) => format!("{leading} alone, nothing to compare it with"),
        (_, []) => {
            format!("no difference in {what} that {} could tell between {leading}", rounds(summary.rounds))
        }
        (leaders, behind) => {
            let lead = if leaders.len() == 1 { "leads" } else { "share the lead" };
            let trailing =
                |row: &&Row| format!("{} by {}", name(row, services), distance(row, summary.primary));
            let trail: Vec<String> = behind.iter().map(trailing).collect();
            format!("{leading} {lead} in {what}; {}", behind_by(&trail))
        }
    }
}

/// What services in other languages take, by what the reference takes.
fn by_reference(summary: &Summary, services: &[Facts], reference: &str) -> String {
    let rows = summary.rows.iter().filter(|row| row.group == Group::Baseline);
    let ratio = |row: &Row| {
        let ratio = row.figures.get(&summary.primary)?.to_reference.as_ref()?.ratio;
        Some(format!("{} {ratio:.2}", name(row, services)))
    };
    let ratios: Vec<String> = rows.filter_map(ratio).collect();
    let what = what(summary.primary);
    if ratios.is_empty() {
        return format!("none can be compared with {reference} by {what}");
    }
    format!("{what} is, by {reference}'s, {}", list(&ratios))
}

/// `warp trails by 6 %`, or `behind are warp by 6 % and poem by 9 %`.
fn behind_by(trail: &[String]) -> String {
    match trail {
        [one] => one.replacen(" by ", " trails by ", 1),
        many => format!("behind are {}", list(many)),
    }
}

fn what(primary: Figure) -> &'static str {
    if primary == Figure::ThroughputPerS { "throughput" } else { "CPU time per request" }
}

fn rounds(count: usize) -> String {
    if count == 1 { "1 round".to_owned() } else { format!("{count} rounds") }
}

/// The ranked rows that may be the best, and those that may not, each from best to worst.
fn split(summary: &Summary, group: Group) -> (Vec<&Row>, Vec<&Row>) {
    let place = |row: &Row| row.place(summary.primary);
    let ranked = summary.rows.iter().filter(|row| row.group == group && place(row).is_some());
    ranked.partition(|row| place(row).is_some_and(|place| place.best == 1))
}

/// By how much a service is behind the best one.
fn distance(row: &Row, figure: Figure) -> String {
    let ratio = row.figures.get(&figure).and_then(|estimate| estimate.to_best.as_ref());
    ratio.map_or_else(
        || "an unknown distance".to_owned(),
        |ratio| format!("{:.0} %", ((ratio.ratio - 1.0) * 100.0).abs()),
    )
}

fn name(row: &Row, services: &[Facts]) -> String {
    let facts = services.iter().find(|facts| facts.name == row.service);
    facts.map_or_else(|| row.service.clone(), |facts| facts.label(services))
}

/// `a`, `a and b`, `a, b and c`.
fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
