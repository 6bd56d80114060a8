//! Charts: values to positions. What the values are is known elsewhere.

use crate::render::html::scale::Scale;
use crate::render::html::svg::{Drawing, WIDTH};

/// Where names end and the plot begins.
pub(super) const LEFT: f64 = 118.0;
/// Room at the right for the label of the longest bar.
pub(super) const RIGHT: f64 = 58.0;
/// The height of a row.
pub(super) const ROW: f64 = 28.0;
/// The height of a bar.
const BAR: f64 = 17.0;
/// Room below for the axis.
const AXIS: f64 = 24.0;
/// Letters of a name that fit beside the plot.
const LETTERS: usize = 16;

/// One service in a chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub name: String,
    /// The class of its colour.
    pub colour: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bar {
    pub series: Series,
    pub value: f64,
    /// From where to where its whisker reaches; absent for a single value.
    pub whisker: Option<(f64, f64)>,
    /// The value as it is written.
    pub text: String,
    /// A second value to mark within it.
    pub mark: Option<f64>,
}

/// Horizontal bars from zero, with whiskers and their values.
pub(crate) fn bars(label: String, bars: &[Bar]) -> Drawing {
    let reach = |bar: &Bar| bar.whisker.map_or(bar.value, |(_, high)| high.max(bar.value));
    let most = bars.iter().map(reach).fold(0.0, f64::max);
    let scale = Scale::linear(most, (LEFT, WIDTH - RIGHT));
    let mut drawing = rows(label, bars.len(), &scale);
    for (bar, index) in bars.iter().zip(0..) {
        let top = f64::from(index) * ROW + (ROW - BAR) / 2.0;
        let middle = top + BAR / 2.0;
        name(&mut drawing, &bar.series, middle);
        let end = scale.at(bar.value);
        drawing.rect((LEFT, top), (end - LEFT, BAR), &format!("bar {}", bar.series.colour));
        if let Some(mark) = bar.mark {
            drawing.line((scale.at(mark), top), (scale.at(mark), top + BAR), "mark");
        }
        let mut right = end;
        if let Some((low, high)) = bar.whisker {
            whisker(&mut drawing, (scale.at(low), scale.at(high)), middle);
            right = right.max(scale.at(high));
        }
        drawing.text((right + 6.0, middle + 4.0), "start", "value", &bar.text);
    }
    drawing
}

/// The percentiles of one service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Percentiles {
    pub series: Series,
    /// Name, value and value as it is written, ascending.
    pub points: Vec<(&'static str, f64, String)>,
}

/// Percentiles as dots on a logarithmic axis, the first and last with their values.
pub(crate) fn percentiles(label: String, rows_of: &[Percentiles]) -> Drawing {
    const HIGH: f64 = 40.0;
    let all = || rows_of.iter().flat_map(|row| row.points.iter().map(|(_, value, _)| *value));
    let scale = Scale::logarithmic(
        (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max)),
        (LEFT + 14.0, WIDTH - 26.0),
    );
    let mut drawing = framed(label, rows_of.len() as f64 * HIGH + 14.0, &scale);
    for (row, index) in rows_of.iter().zip(0..) {
        let middle = f64::from(index) * HIGH + 26.0;
        name(&mut drawing, &row.series, middle);
        let points: Vec<(f64, &(&str, f64, String))> =
            row.points.iter().map(|point| (scale.at(point.1), point)).collect();
        let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
        drawing.line((first.0, middle), (last.0, middle), &format!("span {}", row.series.colour));
        for (x, (percentile, _, text)) in &points {
            let end = *x == first.0 || *x == last.0;
            let kind = if end { "dot" } else { "ring" };
            drawing.circle(
                (*x, middle),
                if end { 5.0 } else { 4.0 },
                &format!("{kind} {}", row.series.colour),
            );
            if index == 0 && end {
                drawing.text((*x, middle - 10.0), "middle", "axis", *percentile);
            }
            if end {
                drawing.text((*x, middle + 18.0), "middle", "axis", text);
            }
        }
    }
    drawing
}

/// The rounds of one service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rounds {
    pub series: Series,
    pub values: Vec<f64>,
    /// Where the line across them stands.
    pub centre: f64,
}

/// Each round as a dot, with a line across.
pub(crate) fn rounds(label: String, rows_of: &[Rounds]) -> Drawing {
    let all = || rows_of.iter().flat_map(|row| row.values.iter().copied());
    let range = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let scale = Scale::between(range, (LEFT + 8.0, WIDTH - 12.0));
    let mut drawing = rows(label, rows_of.len(), &scale);
    for (row, index) in rows_of.iter().zip(0..) {
        let middle = (f64::from(index) + 0.5) * ROW;
        name(&mut drawing, &row.series, middle);
        let centre = scale.at(row.centre);
        drawing.line((centre, middle - 9.0), (centre, middle + 9.0), "whisker");
        for value in &row.values {
            drawing.circle((scale.at(*value), middle), 4.0, &format!("point {}", row.series.colour));
        }
    }
    drawing
}

/// Latency of one service over time on a logarithmic axis: a thick line for the median, a thin one for the 99th percentile.
pub(crate) fn over_time(
    label: String,
    colour: &str,
    points: &[(f64, f64, f64)],
    range: (f64, f64),
) -> Drawing {
    const HEIGHT: f64 = 110.0;
    const START: f64 = 44.0;
    let end = points.iter().map(|(time, ..)| *time).fold(0.0, f64::max);
    let across = Scale::linear(end, (START, WIDTH - 14.0));
    let up = Scale::logarithmic(range, (HEIGHT, 8.0));
    let mut drawing = Drawing::new(HEIGHT + AXIS, label);
    for (tick, text) in up.ticks() {
        drawing.line((START, tick), (WIDTH - 14.0, tick), "grid");
        drawing.text((START - 6.0, tick + 4.0), "end", "axis", text);
    }
    for (tick, text) in across.ticks() {
        drawing.text((tick, HEIGHT + 17.0), "middle", "axis", format!("{text} s"));
    }
    let line = |pick: fn(&(f64, f64, f64)) -> f64| -> Vec<(f64, f64)> {
        points.iter().map(|point| (across.at(point.0), up.at(pick(point)))).collect()
    };
    drawing.path(&line(|point| point.2), &format!("thin {colour}"));
    drawing.path(&line(|point| point.1), &format!("thick {colour}"));
    drawing
}

pub(super) fn rows(label: String, count: usize, scale: &Scale) -> Drawing {
    framed(label, count as f64 * ROW, scale)
}

/// An empty plot with its grid and axis below.
fn framed(label: String, height: f64, scale: &Scale) -> Drawing {
    let mut drawing = Drawing::new(height + AXIS, label);
    for (tick, text) in scale.ticks() {
        drawing.line((tick, 0.0), (tick, height), "grid");
        drawing.text((tick, height + 17.0), "middle", "axis", text);
    }
    drawing
}

pub(super) fn name(drawing: &mut Drawing, series: &Series, middle: f64) {
    drawing.text((LEFT - 8.0, middle + 4.0), "end", "name", shortened(&series.name));
}

/// A name as far as it fits; the table beside the chart has it whole.
pub(crate) fn shortened(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    name.chars().take(LETTERS - 1).chain(['…']).collect()
}

pub(super) fn whisker(drawing: &mut Drawing, (low, high): (f64, f64), middle: f64) {
    drawing.line((low, middle), (high, middle), "whisker");
    for end in [low, high] {
        drawing.line((end, middle - 4.0), (end, middle + 4.0), "whisker");
    }
}
