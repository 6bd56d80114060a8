//! What loads that look for limits give cause for.

use crate::stress::crowd::IdlePoint;
use crate::stress::findings::Findings;
use crate::stress::overload::Overload;
use crate::stress::window::LimitingFactor;
use crate::warning::Warning;

impl Warning {
    /// What a load gives cause for that looks for limits.
    pub(super) fn of_findings(findings: &Findings) -> Vec<Self> {
        match findings {
            Findings::Sustain(found) => match (found.rate_per_s > 0.0, found.limit) {
                (false, _) => vec![Self::SustainsNothing],
                (true, Some(LimitingFactor::Generator)) => {
                    vec![Self::StoppedByGenerator { rate_per_s: found.rate_per_s }]
                }
                _ => Vec::new(),
            },
            Findings::Curve(_) => Vec::new(),
            Findings::Overload(overload) => {
                let nothing = overload.goodput_per_s().filter(|goodput| *goodput == 0.0);
                let nothing = nothing.map(|_| Self::NothingInTime);
                nothing.into_iter().chain(Self::of_overload(overload)).collect()
            }
            Findings::Connections(idle) => {
                idle.counts.iter().rev().find_map(Self::of_crowd).into_iter().collect()
            }
        }
    }

    fn of_overload(overload: &Overload) -> Option<Self> {
        let bound = overload.overloads().iter().filter(|phase| phase.is_generator_bound());
        let worst = bound.max_by(|a, b| a.generator_busy.total_cmp(&b.generator_busy))?;
        Some(Self::GeneratorBound { generator_busy: worst.generator_busy, service_busy: worst.service_busy })
    }

    fn of_crowd(point: &IdlePoint) -> Option<Self> {
        let (asked, connections) = (point.asked, point.connections.saturating_sub(point.closed));
        (connections < asked).then_some(Self::FewerConnections {
            asked,
            connections,
            is_refused: point.is_refused,
        })
    }
}
