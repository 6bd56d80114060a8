//! The order of the trials: rounds that each visit every service, counterbalanced.

use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// One service under one scenario in one round.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Trial {
    /// The round, from 1.
    pub round: u32,
    /// The place in the round's order for this scenario, from 1.
    pub position: u32,
    /// The scenario's name.
    pub scenario: String,
    /// The service's name.
    pub service: String,
}

/// Which trials there are, and in what order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Plan {
    /// Decides the order, and the names that are asked for.
    pub seed: u64,
    /// The rounds that were asked for.
    pub rounds: u32,
    /// The scenarios, in the order in which a round visits them.
    pub scenarios: Vec<String>,
    /// The services, the floor among them.
    pub services: Vec<String>,
    /// The service that ratios are taken to.
    pub reference: String,
}

impl Plan {
    /// The trials of one round, counted from 1. Any round has them, so that a run can go on past `rounds`.
    ///
    /// The orders are the rows of a Williams design (E. J. Williams, Australian Journal of Scientific Research A 2,
    /// 1949): over its rows every service stands in each place equally often, and follows each other one equally
    /// often, so that neither drift within a round nor what the one before leaves behind favours anyone. The seed
    /// decides which service has which part.
    pub fn round(&self, round: u32) -> Vec<Trial> {
        let rows = self.rows();
        let mut trials = Vec::new();
        for (index, scenario) in self.scenarios.iter().enumerate() {
            let row = &rows[(round as usize - 1 + index) % rows.len()];
            trials.extend(row.iter().zip(1..).map(|(service, position)| Trial {
                round,
                position,
                scenario: scenario.clone(),
                service: self.services[*service].clone(),
            }));
        }
        trials
    }

    fn rows(&self) -> Vec<Vec<usize>> {
        let mut rng = Rng::with_seed(self.seed);
        let mut parts: Vec<usize> = (0..self.services.len()).collect();
        rng.shuffle(&mut parts);
        let mut rows = williams(self.services.len());
        rng.shuffle(&mut rows);
        rows.iter().map(|row| row.iter().map(|part| parts[*part]).collect()).collect()
    }
}

/// The rows of a Williams design for `n` treatments: `n` for an even number, twice as many for an odd one.
fn williams(n: usize) -> Vec<Vec<usize>> {
    let zigzag = (0..n).map(|step| if step % 2 == 1 { step.div_ceil(2) } else { (n - step / 2) % n });
    let zigzag: Vec<usize> = zigzag.collect();
    let rotated = |by: usize| zigzag.iter().map(|part| (part + by) % n).collect::<Vec<usize>>();
    let mut rows: Vec<Vec<usize>> = (0..n).map(rotated).collect();
    if n % 2 == 1 {
        rows.extend(rows.clone().into_iter().map(|row| row.into_iter().rev().collect()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn each_follows_each_and_stands_everywhere_equally_often() {
        for n in 2..12 {
            let rows = williams(n);
            let mut places = BTreeMap::new();
            let mut follows = BTreeMap::new();
            for row in &rows {
                row.iter().enumerate().for_each(|at| *places.entry(at).or_insert(0) += 1);
                row.windows(2).for_each(|pair| *follows.entry((pair[0], pair[1])).or_insert(0) += 1);
            }
            let each = rows.len() / n;
            assert!(places.len() == n * n && places.values().all(|count| *count == each), "{n}: {places:?}");
            assert!(
                follows.len() == n * (n - 1) && follows.values().all(|count| *count == each),
                "{n}: {follows:?}"
            );
        }
        assert_eq!(williams(1), [[0], [0]]);
    }

    #[test]
    fn every_round_visits_every_service_under_every_scenario() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let plan = Plan {
            seed: 3,
            rounds: 2,
            scenarios: names(&["rate", "saturate"]),
            services: names(&["a", "b", "c"]),
            reference: "a".into(),
        };
        for round in 1..20 {
            let mut visited: Vec<_> =
                plan.round(round).into_iter().map(|trial| (trial.scenario, trial.service)).collect();
            visited.sort();
            visited.dedup();
            assert_eq!(visited.len(), 6);
        }
        assert_eq!(plan.round(1), plan.clone().round(1));
        assert_ne!(plan.round(1), plan.round(2));
    }
}
