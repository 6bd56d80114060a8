//! The outcome of a scenario in a sentence: the significant differences, and nothing else.

mod amount;
mod pairs;
mod wording;

use std::fmt;

use hello_load::{Model, Scenario, Stress};
use hello_stats::ranks::{ALPHA, can_be_significant};
use serde::{Deserialize, Serialize};

use crate::headline::amount::{amount, list, rounds};
use crate::headline::pairs::Pairs;
use crate::headline::wording::Wording;
use crate::metadata::{Group, Metadata};
use crate::metric::grouped;
use crate::summary::{Ratio, Row, Summary, is_ranking};

/// What one scenario shows of one group of services.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Headline {
    /// The scenario's name.
    pub scenario: String,
    /// The services that it is about.
    pub group: Group,
    /// A sentence with its full stop.
    pub text: String,
}

impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Headline {
    /// A headline for each group that has services; where builds of one service are compared, one for each pair. None for
    /// a load that ranks nothing.
    pub fn of(summary: &Summary, scenario: &Scenario, services: &[Metadata]) -> Vec<Self> {
        if !is_ranking(scenario) {
            return Vec::new();
        }
        let has_rows = |group: &Group| summary.rows.iter().any(|row| row.group == *group);
        let groups = Group::RANKED.into_iter().filter(has_rows);
        let headline = |group, text| Self { scenario: summary.scenario.clone(), group, text };
        groups
            .flat_map(|group| {
                let words = Words { summary, services, group };
                let texts = match Pairs::of(summary, services) {
                    Some(pairs) if group == Group::Service => pairs.sentences(&under(scenario)),
                    _ => vec![words.sentence(scenario)],
                };
                texts.into_iter().map(move |text| headline(group, text))
            })
            .collect()
    }
}

struct Words<'a> {
    summary: &'a Summary,
    services: &'a [Metadata],
    group: Group,
}

/// A service with its ratio.
type Related<'a> = (&'a Row, &'a Ratio);

impl Words<'_> {
    fn sentence(&self, scenario: &Scenario) -> String {
        let group = match self.group {
            Group::Tuned => ", tuned",
            Group::Image => ", in containers",
            _ => "",
        };
        format!("{}{group}: {}.", under(scenario), self.outcome())
    }

    fn outcome(&self) -> String {
        let rows: Vec<&Row> = self.summary.rows.iter().filter(|row| row.group == self.group).collect();
        if rows.iter().all(|row| row.rank.is_none()) {
            return format!("no service can be ranked by {}", self.what());
        }
        let related: Vec<Related> = rows.iter().filter_map(|row| Some((*row, self.ratio(row)?))).collect();
        let (differing, alike): (Vec<Related>, Vec<Related>) =
            related.into_iter().partition(|(_, ratio)| ratio.p <= ALPHA);
        let mut clauses = self.differences(&differing);
        clauses.extend(self.no_difference(&alike, !differing.is_empty()));
        if clauses.is_empty() {
            let ranked: Vec<String> =
                rows.iter().filter(|row| row.rank.is_some()).map(|row| self.name(&row.service)).collect();
            return match ranked.as_slice() {
                [one] => format!("{one} was measured alone"),
                all => format!("{} have no ratio, as what they are compared with has no rank", list(all)),
            };
        }
        clauses.join("; ")
    }

    fn ratio<'a>(&self, row: &'a Row) -> Option<&'a Ratio> {
        row.metrics.get(&self.summary.primary)?.vs_reference.as_ref()
    }

    /// `hyper uses 11 % less CPU per request than axum; poem uses 4 % more`: the first clause in full.
    fn differences(&self, differing: &[Related]) -> Vec<String> {
        let mut clauses: Vec<String> = Vec::new();
        for (row, ratio) in differing {
            let (name, verb, amount) = (self.name(&row.service), self.verb(), self.amount(ratio.ratio));
            let is_multiple = amount.ends_with("times");
            clauses.push(match (clauses.is_empty(), is_multiple) {
                (true, true) => format!("{name} {verb} {amount} the {} of {}", self.unit(), self.base(ratio)),
                (true, false) => format!("{name} {verb} {amount} {} than {}", self.unit(), self.base(ratio)),
                (false, _) if self.group == Group::Tuned || self.group == Group::Image => {
                    format!("{name} {amount} than {}", self.base(ratio))
                }
                (false, _) => format!("{name} {amount}"),
            });
        }
        match clauses.len() {
            0 | 1 => clauses,
            _ => vec![list(&clauses)],
        }
    }

    fn no_difference(&self, alike: &[Related], is_aside: bool) -> Option<String> {
        let (_, first) = alike.first()?;
        let names: Vec<String> = alike.iter().map(|(row, _)| self.name(&row.service)).collect();
        let count = self.summary.rounds;
        let rounds = rounds(count);
        if !is_aside && self.has_too_few_rounds(alike) {
            let be = if count == 1 { "is" } else { "are" };
            return Some(format!("{rounds} {be} too few to show a difference in {}", self.what()));
        }
        Some(match (is_aside, self.group) {
            (true, _) => format!("no significant difference for {}", list(&names)),
            (false, Group::Tuned | Group::Image) => {
                format!("no significant difference in {} for {} in {rounds}", self.what(), list(&names))
            }
            (false, _) => format!(
                "no significant difference in {} between {} and {} in {rounds}",
                self.what(),
                self.base(first),
                list(&names)
            ),
        })
    }

    /// Whether so few rounds cannot make any of these differences significant. Within a group p is corrected for its pairs,
    /// else for the ratios.
    fn has_too_few_rounds(&self, alike: &[Related]) -> bool {
        let own =
            |name: &str| self.summary.rows.iter().any(|row| row.group == self.group && row.service == name);
        let is_within = alike.iter().any(|(_, ratio)| own(&ratio.to));
        let services = alike.len() + 1;
        let comparisons = if is_within { services * (services - 1) / 2 } else { alike.len() };
        !can_be_significant(self.summary.rounds, comparisons)
    }

    fn amount(&self, ratio: f64) -> String {
        let less = if self.wording().is_counted { "fewer" } else { "less" };
        amount(ratio).replace("less", less)
    }

    fn wording(&self) -> Wording {
        Wording::of(self.summary.primary)
    }

    fn what(&self) -> &'static str {
        self.wording().what
    }

    fn verb(&self) -> &'static str {
        self.wording().verb
    }

    fn unit(&self) -> &'static str {
        self.wording().unit
    }

    /// What a ratio is relative to.
    fn base(&self, ratio: &Ratio) -> String {
        match self.group {
            Group::Tuned => "under its own server".to_owned(),
            Group::Image => "run natively".to_owned(),
            _ => self.name(&ratio.to),
        }
    }

    fn name(&self, service: &str) -> String {
        let metadata = self.services.iter().find(|metadata| metadata.name == service);
        metadata.map_or_else(|| service.to_owned(), |metadata| metadata.short_label(self.services))
    }
}

/// What a scenario puts services under.
fn under(scenario: &Scenario) -> String {
    match (&scenario.stress, scenario.rate_per_s) {
        (Some(Stress::Sustain { search }), _) => format!("With p99 at most {} ms", search.p99_ms),
        (Some(Stress::Overload { factors, .. }), _) => {
            let most = factors.iter().copied().fold(0.0, f64::max);
            format!("At {most} times the sustainable rate")
        }
        (Some(Stress::Connections { counts, .. }), _) => {
            let most = counts.iter().max().copied().unwrap_or_default();
            format!("With {} idle connections", grouped(most.into()))
        }
        (_, Some(rate)) if scenario.model == Model::Open => format!("At {} requests/s", grouped(rate)),
        _ if scenario.connection_per_request => "With a connection for each request".to_owned(),
        _ if scenario.saturates() => "At saturation".to_owned(),
        _ => format!("Under {}", scenario.name),
    }
}
