//! A chart of lines: one for each service over the load that it was offered.

use crate::render::html::chart::Series;
use crate::render::html::scale::Scale;
use crate::render::html::svg::{Drawing, WIDTH};

/// Where the axis of values ends and the plot begins.
const START: f64 = 44.0;
/// The height of the plot.
const HEIGHT: f64 = 220.0;
/// Room below for the axis and what it counts.
const AXIS: f64 = 36.0;
/// The height of a row of names below the plot, and how many stand in it.
const NAMES: (f64, usize) = (17.0, 3);

/// The points of one service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub series: Series,
    /// Whether the line is dashed, to tell services of one colour apart.
    pub is_dashed: bool,
    /// Offered load and value, by load.
    pub points: Vec<(f64, f64)>,
}

/// How values are drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Values {
    Logarithmic,
    /// From zero, with the line on which a value is as large as the load.
    AgainstLoad,
}

/// Lines over the load, with a name for each below.
pub(crate) fn lines(label: String, unit: &str, lines: &[Line], values: Values) -> Drawing {
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let most = |pick: fn((f64, f64)) -> f64| points().map(pick).fold(0.0, f64::max);
    let least = points()
        .map(|(_, value)| value)
        .filter(|value| *value > 0.0)
        .fold(f64::INFINITY, f64::min);
    let across = Scale::linear(most(|(load, _)| load), (START, WIDTH - 14.0));
    let highest = most(|(_, value)| value);
    let up = match values {
        Values::Logarithmic => Scale::logarithmic((least, highest), (HEIGHT, 8.0)),
        Values::AgainstLoad => Scale::linear(highest, (HEIGHT, 8.0)),
    };
    let rows = lines.len().div_ceil(NAMES.1) as f64;
    let mut drawing = Drawing::new(HEIGHT + AXIS + rows * NAMES.0, label);
    axes(&mut drawing, &across, &up, unit);
    if values == Values::AgainstLoad {
        let end = most(|(load, _)| load).min(highest);
        drawing.line((across.at(0.0), up.at(0.0)), (across.at(end), up.at(end)), "one dashed");
    }
    for (index, line) in lines.iter().enumerate() {
        let dashed = if line.is_dashed { " dashed" } else { "" };
        let class = format!("thick {}{dashed}", line.series.colour);
        let at = |(load, value): &(f64, f64)| (across.at(*load), up.at(value.max(least.min(highest))));
        let at = |point: &(f64, f64)| match values {
            Values::Logarithmic => at(point),
            Values::AgainstLoad => (across.at(point.0), up.at(point.1)),
        };
        let places: Vec<(f64, f64)> = line.points.iter().map(at).collect();
        drawing.path(&places, &class);
        for place in places {
            drawing.circle(place, 2.5, &format!("dot {}", line.series.colour));
        }
        name(&mut drawing, index, line, &class);
    }
    drawing
}

fn axes(drawing: &mut Drawing, across: &Scale, up: &Scale, unit: &str) {
    for (tick, text) in up.ticks() {
        drawing.line((START, tick), (WIDTH - 14.0, tick), "grid");
        drawing.text((START - 6.0, tick + 4.0), "end", "axis", text);
    }
    for (tick, text) in across.ticks() {
        drawing.text((tick, HEIGHT + 15.0), "middle", "axis", text);
    }
    drawing.text((WIDTH - 14.0, HEIGHT + 29.0), "end", "axis", unit);
}

fn name(drawing: &mut Drawing, index: usize, line: &Line, class: &str) {
    let width = (WIDTH - 8.0) / NAMES.1 as f64;
    let left = 4.0 + (index % NAMES.1) as f64 * width;
    let middle = HEIGHT + AXIS + (index / NAMES.1) as f64 * NAMES.0 + 8.0;
    drawing.line((left, middle), (left + 14.0, middle), class);
    drawing.text((left + 19.0, middle + 4.0), "start", "name", &line.series.name);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::html::svg::Mark;

    #[test]
    fn every_point_lies_within_the_plot_and_every_line_has_its_name() {
        let line = |name: &str, points: &[(f64, f64)]| Line {
            series: Series { name: name.into(), colour: "c0".into() },
            is_dashed: false,
            points: points.to_vec(),
        };
        let all = [line("a", &[(0.0, 0.0), (1000.0, 90.0)]), line("b", &[(500.0, 4.0)]), line("c", &[])];
        for values in [Values::Logarithmic, Values::AgainstLoad] {
            let drawing = lines("l".into(), "requests/s", &all, values);
            let names = drawing
                .marks
                .iter()
                .filter(|mark| matches!(mark, Mark::Text { class, .. } if class == "name"));
            assert_eq!(names.count(), 3);
            for mark in &drawing.marks {
                if let Mark::Circle { at, .. } = mark {
                    assert!((START..=WIDTH).contains(&at.0) && (0.0..=HEIGHT).contains(&at.1), "{at:?}");
                }
            }
        }
    }
}
