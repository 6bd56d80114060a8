//! Axes: values to positions, with ticks at round numbers.

use crate::metric::grouped;

/// An axis from one position to another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
    positions: (f64, f64),
    ticks: Vec<f64>,
}

impl Scale {
    /// From zero to at least `most`.
    pub(crate) fn linear(most: f64, positions: (f64, f64)) -> Self {
        let most = if most > 0.0 && most.is_finite() { most } else { 1.0 };
        let step = round_step(most / 4.0);
        let ticks = (0..)
            .map(|index| f64::from(index) * step)
            .take_while(|tick| *tick <= most * 1.0001)
            .collect();
        Self { low: 0.0, high: most, logarithmic: false, positions, ticks }
    }

    /// Between two values, with a little room.
    pub(crate) fn between((low, high): (f64, f64), positions: (f64, f64)) -> Self {
        if !(low.is_finite() && high > low) {
            return Self::linear(high.max(low), positions);
        }
        let step = round_step((high - low) / 4.0);
        let first = (low / step).ceil() as i64;
        let ticks = (first..).map(|index| index as f64 * step).take_while(|tick| *tick <= high).collect();
        Self { low, high, logarithmic: false, positions, ticks }
    }

    /// Between two values above zero, by their logarithms.
    pub(crate) fn logarithmic((low, high): (f64, f64), positions: (f64, f64)) -> Self {
        if !(low > 0.0 && low.is_finite() && high > low && high.is_finite()) {
            return Self::linear(high, positions);
        }
        let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
        let steps: &[f64] = if high / low > 30.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let all = decades.flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)));
        let ticks = all.filter(|tick| (low..=high).contains(tick)).collect();
        Self { low, high, logarithmic: true, positions, ticks }
    }

    /// Whether a value lies on the axis.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The nearest value on the axis.
    pub(crate) fn clamp(&self, value: f64) -> f64 {
        value.clamp(self.low, self.high)
    }

    /// Where a value lies.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.positions.0 + share * (self.positions.1 - self.positions.0)
    }

    /// Positions of the ticks, and their labels.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        self.ticks.iter().map(|tick| (self.at(*tick), short(*tick))).collect()
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `rough`.
fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(power)
}

/// A number as an axis writes it: `0.5`, `20`, `20k`.
fn short(value: f64) -> String {
    if value.abs() >= 1e4 {
        return format!("{}k", grouped(value / 1e3));
    }
    let text = format!("{value:.3}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(scale: &Scale) -> Vec<String> {
        scale.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(words(&Scale::linear(58_100.0, (0.0, 1.0))), ["0", "20k", "40k"]);
        assert_eq!(words(&Scale::linear(1.3, (0.0, 1.0))), ["0", "0.5", "1"]);
        assert_eq!(words(&Scale::logarithmic((180.0, 700.0), (0.0, 1.0))), ["200", "500"]);
        assert_eq!(words(&Scale::between((0.93, 1.06), (0.0, 1.0))), ["0.95", "1", "1.05"]);
    }

    #[test]
    fn positions_are_in_proportion() {
        let scale = Scale::linear(10.0, (100.0, 200.0));
        assert!((scale.at(5.0) - 150.0).abs() < 1e-9);
        let scale = Scale::logarithmic((1.0, 100.0), (0.0, 10.0));
        assert!((scale.at(10.0) - 5.0).abs() < 1e-9);
        assert!(Scale::linear(0.0, (0.0, 1.0)).at(0.0).is_finite());
        assert!(Scale::between((2.0, 2.0), (0.0, 1.0)).at(2.0).is_finite());
    }
}
