//! The outcome of a scenario in a sentence: the significant differences, and nothing else.

pub(crate) mod amount;
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
    /// A headline for each group that has services, but for one that is there to compare others with; where builds of
    /// one service are compared, one for each pair. None for a load that ranks nothing.
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
                    _ => words.sentence(scenario).into_iter().collect(),
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
    fn sentence(&self, scenario: &Scenario) -> Option<String> {
        let group = match self.group {
            Group::Tuned => ", tuned",
            Group::Image => ", in containers",
            _ => "",
        };
        Some(format!("{}{group}: {}.", under(scenario), self.outcome()?))
    }

    fn outcome(&self) -> Option<String> {
        let rows: Vec<&Row> = self.summary.rows.iter().filter(|row| row.group == self.group).collect();
        if rows.iter().all(|row| row.rank.is_none()) {
            return Some(format!("no service can be ranked by {}", self.what()));
        }
        let related: Vec<Related> = rows.iter().filter_map(|row| Some((*row, self.ratio(row)?))).collect();
        let (differing, alike): (Vec<Related>, Vec<Related>) =
            related.into_iter().partition(|(_, ratio)| ratio.p <= ALPHA);
        let mut clauses = self.differences(&differing);
        clauses.extend(self.no_difference(&alike, !differing.is_empty()));
        if clauses.is_empty() { self.without_ratios(&rows) } else { Some(clauses.join("; ")) }
    }

    /// What to say of a group in which nothing has a ratio; nothing of one service that is there for other groups.
    fn without_ratios(&self, rows: &[&Row]) -> Option<String> {
        let ranked = rows.iter().filter(|row| row.rank.is_some()).map(|row| self.name(&row.service));
        let is_other = |row: &Row| row.group != self.group && Group::RANKED.contains(&row.group);
        let has_others = self.summary.rows.iter().any(is_other);
        match (ranked.collect::<Vec<_>>().as_slice(), rows.len()) {
            ([_], 1) if has_others => None,
            ([one], 1) => Some(format!("{one} was measured alone")),
            ([one], _) => Some(format!("{one} alone can be ranked by {}", self.what())),
            (all, _) => {
                Some(format!("{} have no ratio, as what they are compared with has no rank", list(all)))
            }
        }
    }

    fn ratio<'a>(&self, row: &'a Row) -> Option<&'a Ratio> {
        row.metrics.get(&self.summary.primary)?.vs_reference.as_ref()
    }

    /// `hyper uses 11 % less CPU per request than axum and poem 4 % more`: the first clause in full, and what another
    /// is compared with where that differs.
    fn differences(&self, differing: &[Related]) -> Vec<String> {
        let first = differing.first().map(|related| self.base(related));
        let clause = |(index, related): (usize, &Related)| {
            let (name, base, amount) =
                (self.name(&related.0.service), self.base(related), self.amount(related.1));
            match (index, amount.ends_with("times")) {
                (0, true) => format!("{name} {} {amount} the {} of {base}", self.verb(), self.unit()),
                (0, false) => format!("{name} {} {amount} {} than {base}", self.verb(), self.unit()),
                _ if self.is_to_counterpart(related) || first.as_ref() != Some(&base) => {
                    format!("{name} {amount} than {base}")
                }
                _ => format!("{name} {amount}"),
            }
        };
        let clauses: Vec<String> = differing.iter().enumerate().map(clause).collect();
        if clauses.is_empty() { clauses } else { vec![list(&clauses)] }
    }

    fn no_difference(&self, alike: &[Related], is_aside: bool) -> Option<String> {
        let first = alike.first()?;
        let names: Vec<String> = alike.iter().map(|(row, _)| self.name(&row.service)).collect();
        let (names, what, count) = (list(&names), self.what(), self.summary.rounds);
        let rounds = rounds(count);
        if !is_aside && self.has_too_few_rounds(alike) {
            let be = if count == 1 { "is" } else { "are" };
            return Some(format!("{rounds} {be} too few to show a difference in {what}"));
        }
        let has_one_base =
            alike.iter().all(|related| related.1.to == first.1.to && !self.is_to_counterpart(related));
        Some(match (is_aside, has_one_base) {
            (true, _) => format!("no significant difference for {names}"),
            (false, false) => format!("no significant difference in {what} for {names} in {rounds}"),
            (false, true) => {
                format!(
                    "no significant difference in {what} between {} and {names} in {rounds}",
                    self.base(first)
                )
            }
        })
    }

    /// Whether so few rounds cannot make any of these differences significant. Within a group p is corrected for its
    /// pairs, else for the ratios.
    fn has_too_few_rounds(&self, alike: &[Related]) -> bool {
        let is_within = alike.iter().any(|(_, ratio)| self.has(&ratio.to));
        let services = alike.len() + 1;
        let comparisons = if is_within { services * (services - 1) / 2 } else { alike.len() };
        !can_be_significant(self.summary.rounds, comparisons)
    }

    /// Whether a service belongs to the group.
    fn has(&self, service: &str) -> bool {
        self.summary.rows.iter().any(|row| row.group == self.group && row.service == service)
    }

    fn amount(&self, ratio: &Ratio) -> String {
        let less = if self.wording().is_counted { "fewer" } else { "less" };
        amount(ratio.ratio).replace("less", less)
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

    /// Whether a ratio is relative to the counterpart of the service, and not to the reference.
    fn is_to_counterpart(&self, (row, ratio): &Related) -> bool {
        let metadata = self.services.iter().find(|metadata| metadata.name == row.service);
        metadata.and_then(Metadata::counterpart) == Some(&ratio.to)
    }

    /// What a ratio is relative to. The reference of a tuned service goes by its full name where it is not tuned
    /// itself.
    fn base(&self, related: &Related) -> String {
        let to = &related.1.to;
        match (self.group, self.is_to_counterpart(related)) {
            (Group::Tuned, true) => "under its own server".to_owned(),
            (Group::Image, true) => "run natively".to_owned(),
            (Group::Tuned, false) if !self.has(to) => to.clone(),
            _ => self.name(to),
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
