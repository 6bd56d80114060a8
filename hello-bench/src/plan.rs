//! What a run sets out to do, and the random orders in it.

use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// What a run sets out to do.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Plan {
    /// Decides the orders, and the names that are asked for.
    pub seed: u64,
    /// The rounds that were asked for.
    pub rounds: u32,
    /// The scenarios, in the order in which a round visits them.
    pub scenarios: Vec<String>,
    /// The services, the floor and the control among them.
    pub services: Vec<String>,
    /// The service that ratios are relative to.
    pub reference: String,
}

impl Plan {
    /// The random numbers of one round under one scenario: the same for the same seed.
    pub fn rng(&self, round: u32, scenario: &str) -> Rng {
        let index = self.scenarios.iter().position(|name| name == scenario).unwrap_or_default() as u64;
        // A generator seeded by consecutive numbers gives consecutive streams that are not alike, once it has run.
        let mut rng = Rng::with_seed(self.seed ^ (u64::from(round) << 32) ^ (index << 56));
        Rng::with_seed(rng.u64(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_and_scenario_has_numbers_of_its_own() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let plan = Plan {
            seed: 3,
            rounds: 2,
            scenarios: names(&["rate", "saturate"]),
            services: names(&["a", "b", "c"]),
            reference: "a".into(),
        };
        let first = |round, scenario| plan.rng(round, scenario).u64(..);
        assert_eq!(first(1, "rate"), first(1, "rate"));
        assert_ne!(first(1, "rate"), first(2, "rate"));
        assert_ne!(first(1, "rate"), first(1, "saturate"));
    }
}
