//! Differences in words: percentages, multiples, intervals.

use hello_stats::Bounds;

use crate::metric::Metric;
use crate::summary::Ratio;

/// From this ratio on a difference is shown as a multiple.
const MULTIPLE: f64 = 2.0;

/// `11 % less`, `4 % more`, `3.1 times`.
pub(super) fn amount(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    let digits = usize::from(percent.abs() < 2.0);
    match ratio {
        _ if ratio >= 10.0 => format!("{ratio:.0} times"),
        _ if ratio >= MULTIPLE => format!("{ratio:.1} times"),
        _ if ratio < 1.0 => format!("{:.digits$} % less", -percent),
        _ => format!("{percent:.digits$} % more"),
    }
}

/// `1.8 % [1.1, 2.5]`, `3.1 times [2.9, 3.3]`; with the bounds only where they are an interval.
pub(super) fn amount_with_bounds(ratio: &Ratio) -> String {
    let within = |low: f64, high: f64| match ratio.bounds {
        Bounds::Interval => format!(" [{low:.1}, {high:.1}]"),
        Bounds::Range => String::new(),
    };
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    let Ratio { ratio, low, high, .. } = *ratio;
    if ratio >= MULTIPLE {
        format!("{ratio:.1} times{}", within(low, high))
    } else if ratio < 1.0 {
        format!("{:.1} %{}", -percent(ratio), within(-percent(high), -percent(low)))
    } else {
        format!("{:.1} %{}", percent(ratio), within(percent(low), percent(high)))
    }
}

/// `less`, `fewer` or `more`; absent where the amount is a multiple.
pub(super) fn direction(ratio: &Ratio, metric: Metric) -> Option<&'static str> {
    match ratio.ratio {
        ratio if ratio >= MULTIPLE => None,
        ratio if ratio >= 1.0 => Some("more"),
        _ if !metric.lower_is_better() => Some("fewer"),
        _ => Some("less"),
    }
}

/// The largest difference to either side that the interval allows, in percent; absent where there is a range only.
pub(super) fn bound(ratio: &Ratio) -> Option<f64> {
    let percent = |ratio: f64| (ratio - 1.0).abs() * 100.0;
    (ratio.bounds == Bounds::Interval).then(|| percent(ratio.low).max(percent(ratio.high)))
}

/// `1 round`, `12 rounds`.
pub(crate) fn rounds(count: usize) -> String {
    match count {
        1 => "1 round".to_owned(),
        count => format!("{count} rounds"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_percentages_or_multiples() {
        let shown = [0.893, 0.985, 1.043, 2.04, 38.2].map(amount);
        assert_eq!(shown, ["11 % less", "1.5 % less", "4 % more", "2.0 times", "38 times"]);
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn bounds_are_those_of_the_percentage() {
        let ratio = |logs: [f64; 6]| Ratio::new("a", &logs.map(f64::ln), 0.0).unwrap();
        let less = ratio([0.98, 0.98, 0.99, 0.98, 0.98, 0.98]);
        assert_eq!(amount_with_bounds(&less), "1.8 % [1.4, 2.3]");
        assert_eq!(direction(&less, Metric::CpuUsPerRequest), Some("less"));
        let more = amount_with_bounds(&ratio([1.0, 1.02, 1.0, 1.02, 1.0, 1.02]));
        assert!(more.starts_with("1.0 % [-0.1, 2.2]"), "{more}");
        assert!((bound(&ratio([1.0, 1.02, 1.0, 1.02, 1.0, 1.02])).unwrap() - 2.2).abs() < 0.1);
        let range = Ratio::new("a", &[0.02, 0.03], 0.5).unwrap();
        assert_eq!((amount_with_bounds(&range).as_str(), bound(&range)), ("2.5 %", None));
    }
}
