//! One sentence for each pair of builds: how a build differs from the one that it is compared with.

use hello_stats::ranks::ALPHA;

use crate::headline::amount::{amount_with_bounds, bound, direction, rounds};
use crate::headline::wording::Wording;
use crate::metadata::{Group, Metadata};
use crate::metric::Metric;
use crate::summary::{Ratio, Row, Summary};

/// The builds of a scenario.
pub(super) struct Pairs<'a> {
    summary: &'a Summary,
    services: &'a [Metadata],
}

impl<'a> Pairs<'a> {
    /// The builds; `None` where there is one of each service.
    pub(super) fn of(summary: &'a Summary, services: &'a [Metadata]) -> Option<Self> {
        let has_variants = services.iter().any(|metadata| metadata.variant.is_some());
        has_variants.then_some(Self { summary, services })
    }

    pub(super) fn sentences(&self, under: &str) -> Vec<String> {
        let rows = self.summary.rows.iter().filter(|row| row.group == Group::Service);
        let related = rows.filter_map(|row| Some((row, self.ratio(row)?)));
        let sentences: Vec<String> = related
            .map(|(row, (metric, ratio))| format!("{under}: {}.", self.sentence(row, metric, ratio)))
            .collect();
        if sentences.is_empty() {
            return vec![format!("{under}: no two builds can be compared.")];
        }
        sentences
    }

    /// The ratio by the metric that services are ranked by, or else by the median latency, which has no CPU time.
    fn ratio<'b>(&self, row: &'b Row) -> Option<(Metric, &'b Ratio)> {
        let metrics = [self.summary.primary, Metric::LatencyP50Us].into_iter();
        let mut ratios =
            metrics.filter_map(|metric| Some((metric, row.metrics.get(&metric)?.vs_reference.as_ref()?)));
        ratios.next()
    }

    fn sentence(&self, row: &Row, metric: Metric, ratio: &Ratio) -> String {
        let (own, base) = self.names(&row.service, &ratio.to);
        let Wording { verb, unit: what, .. } = Wording::of(metric);
        if ratio.p <= ALPHA {
            let amount = amount_with_bounds(ratio);
            return match direction(ratio, metric) {
                Some(direction) => format!("{own} {verb} {amount} {direction} {what} than {base}"),
                None => format!("{own} {verb} {amount} the {what} of {base}"),
            };
        }
        match bound(ratio) {
            Some(percent) => format!("no difference in {what} above {percent:.1} % between {own} and {base}"),
            None => {
                let rounds = rounds(self.summary.rounds);
                format!("no significant difference in {what} between {own} and {base} in {rounds}")
            }
        }
    }

    /// What to call two builds in one sentence: where the framework itself differs, its versions alone.
    fn names(&self, own: &str, base: &str) -> (String, String) {
        let find = |name: &str| self.services.iter().find(|metadata| metadata.name == name);
        let (Some(own), Some(base)) = (find(own), find(base)) else {
            return (own.to_owned(), base.to_owned());
        };
        let (Some(variant), Some(other)) = (&own.variant, &base.variant) else {
            return (own.name.clone(), base.name.clone());
        };
        if variant.service != other.service {
            return (own.name.clone(), base.name.clone());
        }
        let version = |phrase: &str| {
            let version = phrase.strip_prefix(&format!("with {} ", own.framework))?;
            version.starts_with(|letter: char| letter.is_ascii_digit()).then(|| version.to_owned())
        };
        match (version(&variant.phrase), version(&other.phrase)) {
            (Some(version), Some(other)) => (format!("{} {version}", own.framework), other),
            _ => (format!("{} {}", variant.service, variant.phrase), other.phrase.clone()),
        }
    }
}
