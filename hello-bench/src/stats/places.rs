//! Places in which services that cannot be told apart share one.

use serde::{Deserialize, Serialize};

use crate::stats::sign_flip::{holm, p_value, smallest_p};
use crate::stats::{log_ratios, median};

/// The family-wise rate of false alarms.
pub const ALPHA: f64 = 0.05;

/// A service's place by one figure.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Place {
    /// 1 for the best; as many as are ahead, plus one.
    pub place: usize,
    /// Whether another service has the same.
    pub shared: bool,
}

/// Ranks services by their values in the same rounds; `None` for one whose values cannot be paired with all others'.
///
/// Services are sorted by their median, and a place ends where *every* service before is significantly better than
/// *every* service after, by the sign-flip test on paired ratios with Holm's correction over all pairs. So two
/// services in different places can always be told apart, and two that cannot be told apart share theirs.
pub fn places(values: &[&[f64]], lower_is_better: bool) -> Vec<Option<Place>> {
    let Some((order, differ)) = tell_apart(values, lower_is_better) else {
        return vec![None; values.len()];
    };
    let mut placed = vec![None; values.len()];
    let mut start = 0;
    for end in 1..=order.len() {
        let splits = order[..end]
            .iter()
            .all(|a| order[end..].iter().all(|b| differ[*a][*b]));
        if splits {
            for index in &order[start..end] {
                placed[*index] = Some(Place {
                    place: start + 1,
                    shared: end - start > 1,
                });
            }
            start = end;
        }
    }
    placed
}

/// The fewest rounds in which the test can tell any of so many services apart.
pub fn rounds_needed(services: usize) -> usize {
    let pairs = (services * services.saturating_sub(1) / 2) as f64;
    (1..)
        .find(|rounds| smallest_p(*rounds) * pairs <= ALPHA || *rounds >= 16)
        .unwrap_or(16)
}

type Relation = Vec<Vec<bool>>;

/// The indices from best to worst, and which pairs differ.
fn tell_apart(values: &[&[f64]], lower_is_better: bool) -> Option<(Vec<usize>, Relation)> {
    let medians = values
        .iter()
        .map(|values| median(values))
        .collect::<Option<Vec<f64>>>()?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| {
        let ascending = medians[*a].total_cmp(&medians[*b]);
        if lower_is_better {
            ascending
        } else {
            ascending.reverse()
        }
    });
    let pairs: Vec<(usize, usize)> = (0..values.len())
        .flat_map(|a| (0..a).map(move |b| (a, b)))
        .collect();
    let p_values = pairs
        .iter()
        .map(|(a, b)| log_ratios(values[*a], values[*b]).map(|ratios| p_value(&ratios)))
        .collect::<Option<Vec<f64>>>()?;
    let mut differ = vec![vec![false; values.len()]; values.len()];
    for ((a, b), p) in pairs.into_iter().zip(holm(&p_values)) {
        differ[a][b] = p <= ALPHA;
        differ[b][a] = p <= ALPHA;
    }
    Some((order, differ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(base: f64, wobble: f64) -> Vec<f64> {
        (0..9)
            .map(|round| base + wobble * f64::from(round * 7 % 9 - 4))
            .collect()
    }

    fn shown(values: &[Vec<f64>]) -> Vec<String> {
        let slices: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
        let places = places(&slices, true).into_iter();
        places
            .map(|place| {
                place.map_or("-".into(), |p| {
                    format!("{}{}", p.place, if p.shared { "=" } else { "" })
                })
            })
            .collect()
    }

    #[test]
    fn equal_services_share_a_place_and_the_next_counts_them() {
        let noisy = |sign: f64| {
            (0..9)
                .map(|round| 10.0 + sign * if round % 2 == 0 { 0.1 } else { -0.1 })
                .collect()
        };
        assert_eq!(
            shown(&[rounds(12.0, 0.01), noisy(1.0), noisy(-1.0)]),
            ["3", "1=", "1="]
        );
    }

    #[test]
    fn a_chain_that_cannot_be_told_apart_link_by_link_is_one_place() {
        let values = [rounds(10.0, 0.0), rounds(10.05, 0.1), rounds(10.1, 0.01)];
        assert_eq!(shown(&values), ["1=", "1=", "1="]);
    }

    #[test]
    fn too_few_rounds_place_nobody_alone() {
        assert_eq!(
            shown(&[vec![1.0; 3], vec![2.0; 3], vec![3.0; 3]]),
            ["1=", "1=", "1="]
        );
        assert_eq!(shown(&[vec![1.0; 3], vec![2.0; 2]]), ["-", "-"]);
        assert_eq!((rounds_needed(2), rounds_needed(5)), (6, 9));
    }
}
