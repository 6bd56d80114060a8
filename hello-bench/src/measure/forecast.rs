//! How long the rounds of a comparison take, roughly: for the progress bar.

use std::time::Duration;

use hello_load::{Scenario, Stress};

use crate::generator::Generator;
use crate::measure::{Measurement, is_past, rounds_of};
use crate::round::WARM_UP_SWEEPS;

/// What a start, the idle time and the end take beside the load.
const OVERHEAD: Duration = Duration::from_millis(350);

impl Measurement<'_> {
    /// How long the rounds after so many take, roughly.
    pub(super) fn expected(&self, done: u32) -> Duration {
        let left = |scenario| rounds_of(scenario, self.run.plan.rounds).saturating_sub(done);
        self.run
            .scenarios
            .iter()
            .map(|scenario| self.expected_round(scenario) * left(scenario))
            .sum()
    }

    /// How long one round takes under one scenario, roughly.
    fn expected_round(&self, scenario: &Scenario) -> Duration {
        let alive = self.alive();
        let warm_up: u32 = alive.iter().map(|program| program.service.warm_up_s).sum();
        let warm_up = Duration::from_secs(warm_up.into());
        let services = alive.len() as u32;
        warm_up
            + match (self.generator, scenario.slices, &scenario.stress) {
                (Generator::Embedded, Some(slicing), _) => {
                    slicing.expected() * services * (slicing.sweeps + WARM_UP_SWEEPS)
                        + scenario.rest()
                        + OVERHEAD
                }
                (Generator::Embedded, _, Some(stress)) => {
                    stress.expected_round(services, self.is_rate_known(scenario)) + OVERHEAD
                }
                _ => (scenario.expected() + OVERHEAD) * services,
            }
    }

    /// How long is left, roughly, from the start of this scenario in this round.
    pub(super) fn left(&self, round: u32, scenario: &Scenario) -> Duration {
        let rest = self.expected(round);
        let from_here = self.run.scenarios.iter().skip_while(|other| other.name != scenario.name);
        let from_here = from_here.filter(|scenario| !is_past(scenario, round, self.run.plan.rounds));
        rest + from_here.map(|scenario| self.expected_round(scenario)).sum::<Duration>()
    }

    /// Whether the rate that a load is relative to is known before it begins: from the scenario, or from another load of
    /// the same round.
    fn is_rate_known(&self, scenario: &Scenario) -> bool {
        let finds = |other: &Scenario| matches!(other.stress, Some(Stress::Sustain { .. }));
        scenario.rate_per_s.is_some()
            || self.run.scenarios.iter().take_while(|other| other.name != scenario.name).any(finds)
    }
}
