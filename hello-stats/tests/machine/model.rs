//! A synthetic machine: what one slice of load costs on hardware that others use too.
//!
//! Effects multiply, so they are added as logarithms. How much sweeps and rounds vary in all fits what was measured on
//! a shared virtual machine with two cores, five services and slices of 20 ms. How that divides into causes is assumed.

use std::f64::consts::TAU;

use fastrand::Rng;

/// Clock speed, temperature and other guests change slowly, and neighbouring slices share it: a random walk with steps
/// of 0.8 %, about 10 % over the three seconds of a round.
const DRIFT_STEP: f64 = 0.008;
/// A walk alone would drift away for ever. This pull back to zero keeps its standard deviation at 18 %.
const DRIFT_KEPT: f64 = 0.999;
/// What lasts for a tenth of a second affects all slices of a sweep alike, and the next sweep not at all.
const SWEEP_SD: f64 = 0.10;
/// While the hypervisor runs another guest on the core, a slice takes 1.2 to 3 times as long.
const BURST: [f64; 2] = [1.2, 3.0];
/// The chance that a burst ends with its slice; otherwise it hits the next one too.
const BURST_END: f64 = 0.5;
/// The scale of a slice's own noise, by Student's t with 3 degrees of freedom: interrupts and scheduling have heavy
/// tails.
/// Together with the bursts, one sweep's log ratio gets the standard deviation of 13 to 15 % that was measured.
const NOISE_SCALE: f64 = 0.043;
/// The first slice of a sweep costs more, as if the generator's bookkeeping between sweeps evicted caches. A random
/// order shares this out.
const FIRST_SLICE: f64 = 0.02;
/// Processes of one binary differ by their memory layout, for as long as they live: less than 1 % was measured.
const PROCESS_SD: f64 = 0.008;

/// In which order the slices are measured.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    /// Sweeps, each in a new random order.
    Shuffled,
    /// Sweeps, each in the same order.
    Fixed,
    /// All slices of a service, then all of the next.
    Sequential,
}

/// How many rounds of how many sweeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Design {
    pub(crate) rounds: usize,
    pub(crate) sweeps: usize,
}

/// Costs of slices, by service and sweep.
pub(crate) type Round = Vec<Vec<f64>>;

/// What differs between the machines that are simulated.
#[derive(Clone, Copy)]
pub(crate) struct Machine {
    pub(crate) order: Order,
    /// The chance that a burst begins with a slice. The average burst lasts for two.
    pub(crate) burst_rate: f64,
}

/// What the estimator is meant for: the machine that was measured.
pub(crate) const MEASURED: Machine = Machine { order: Order::Shuffled, burst_rate: 0.007 };
/// The same on a bad day: one slice in eleven is hit.
pub(crate) const DISTURBED: Machine = Machine { burst_rate: 0.05, ..MEASURED };

impl Machine {
    /// One run: rounds that follow each other, with services whose true costs are `levels`.
    pub(crate) fn run(&self, design: Design, levels: &[f64], rng: &mut Rng) -> Vec<Round> {
        let mut conditions = Conditions::new(self.burst_rate, rng);
        (0..design.rounds)
            .map(|_| self.round(design.sweeps, levels, &mut conditions, rng))
            .collect()
    }

    fn round(&self, sweeps: usize, levels: &[f64], conditions: &mut Conditions, rng: &mut Rng) -> Round {
        let processes: Vec<f64> = levels.iter().map(|level| level.ln() + PROCESS_SD * normal(rng)).collect();
        let mut round = vec![Vec::with_capacity(sweeps); levels.len()];
        for sweep in self.visits(sweeps, levels.len(), rng).chunks(levels.len()) {
            let common = SWEEP_SD * normal(rng);
            for (position, service) in sweep.iter().enumerate() {
                let first = if position == 0 { FIRST_SLICE } else { 0.0 };
                let noise = NOISE_SCALE * student(rng);
                let log = processes[*service] + common + first + conditions.next(rng) + noise;
                round[*service].push(log.exp());
            }
        }
        round
    }

    /// The service of each slice of a round.
    fn visits(&self, sweeps: usize, services: usize, rng: &mut Rng) -> Vec<usize> {
        let slices = 0..sweeps * services;
        if let Order::Sequential = self.order {
            return slices.map(|slice| slice / sweeps).collect();
        }
        let mut visits: Vec<usize> = slices.map(|slice| slice % services).collect();
        if let Order::Shuffled = self.order {
            visits.chunks_mut(services).for_each(|sweep| rng.shuffle(sweep));
        }
        visits
    }
}

/// What neighbouring slices share.
struct Conditions {
    burst_rate: f64,
    drift: f64,
    burst: f64,
}

impl Conditions {
    fn new(burst_rate: f64, rng: &mut Rng) -> Self {
        let drift = DRIFT_STEP / (1.0 - DRIFT_KEPT.powi(2)).sqrt() * normal(rng);
        Self { burst_rate, drift, burst: 0.0 }
    }

    /// The logarithm of what they do to the next slice.
    fn next(&mut self, rng: &mut Rng) -> f64 {
        self.drift = DRIFT_KEPT * self.drift + DRIFT_STEP * normal(rng);
        if self.burst > 0.0 {
            self.burst *= f64::from(u8::from(rng.f64() >= BURST_END));
        } else if rng.f64() < self.burst_rate {
            let [low, high] = BURST.map(f64::ln);
            self.burst = low + (high - low) * rng.f64();
        }
        self.drift + self.burst
    }
}

/// By the Box-Muller transform.
fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (TAU * rng.f64()).cos()
}

/// Student's t with 3 degrees of freedom, by R. W. Bailey, "Polar Generation of Random Variates with the
/// t-Distribution", Mathematics of Computation 62:206, 1994.
fn student(rng: &mut Rng) -> f64 {
    (3.0 * ((1.0 - rng.f64()).powf(-2.0 / 3.0) - 1.0)).sqrt() * (TAU * rng.f64()).cos()
}
