//! Forest plots: ratios with their intervals about a line at 1, on an axis that is as narrow as they allow.

use crate::render::html::chart::{LEFT, RIGHT, ROW, Series, name, rows, whisker};
use crate::render::html::scale::Scale;
use crate::render::html::svg::{Drawing, WIDTH};

/// From this factor between the smallest and the largest ratio on the axis is logarithmic.
const LOGARITHMIC: f64 = 4.0;
/// How far a mark may lie beyond the services before it is drawn at the edge, as a share of their range.
const REACH: f64 = 0.6;

/// A row of the plot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ForestRow {
    pub series: Series,
    pub ratio: f64,
    /// Its bounds; absent for the reference, whose ratio is 1.
    pub bounds: Option<(f64, f64)>,
    /// The ratio as it is written.
    pub text: String,
    pub kind: RowKind,
}

/// What a row of the plot is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RowKind {
    /// A service, whose bounds are all within the axis.
    Service,
    /// A mark for orientation, which does not widen the axis much: the floor, or the control.
    Mark,
}

pub(crate) fn forest(label: String, rows_of: &[ForestRow]) -> Drawing {
    let scale = scale(rows_of);
    let mut drawing = rows(label, rows_of.len(), &scale);
    drawing.line((scale.at(1.0), 0.0), (scale.at(1.0), rows_of.len() as f64 * ROW), "one");
    for (row, index) in rows_of.iter().zip(0..) {
        let middle = (f64::from(index) + 0.5) * ROW;
        name(&mut drawing, &row.series, middle);
        match (scale.holds(row.ratio), row.bounds) {
            (true, Some((low, high))) => {
                whisker(&mut drawing, (scale.at(scale.clamp(low)), scale.at(scale.clamp(high))), middle);
                drawing.circle((scale.at(row.ratio), middle), 5.0, &format!("dot {}", row.series.colour));
            }
            (true, None) => {
                drawing.circle((scale.at(row.ratio), middle), 4.5, &format!("ring {}", row.series.colour));
            }
            (false, _) => beyond(&mut drawing, row, scale.at(scale.clamp(row.ratio)), middle),
        }
        drawing.text((WIDTH, middle + 4.0), "end", "value", &row.text);
    }
    drawing
}

/// An arrow at the edge that the ratio lies beyond.
fn beyond(drawing: &mut Drawing, row: &ForestRow, edge: f64, middle: f64) {
    let inwards = if row.ratio < 1.0 { 1.0 } else { -1.0 };
    let class = format!("span {}", row.series.colour);
    for tip in [-5.0, 5.0] {
        drawing.line((edge, middle), (edge + inwards * 7.0, middle + tip), &class);
    }
    drawing.line((edge, middle), (edge + inwards * 18.0, middle), &class);
}

/// An axis that holds 1 and all services, and marks that are not far beyond them.
fn scale(rows_of: &[ForestRow]) -> Scale {
    let ends = |row: &ForestRow| row.bounds.unwrap_or((row.ratio, row.ratio));
    let of = |kind| rows_of.iter().filter(move |row| row.kind == kind).map(ends);
    let widened = |(low, high): (f64, f64), (a, b): (f64, f64)| (low.min(a), high.max(b));
    let services = of(RowKind::Service).fold((1.0, 1.0), widened);
    let reach = (services.1 - services.0) * REACH;
    let is_near = |(low, high): &(f64, f64)| *low >= services.0 - reach && *high <= services.1 + reach;
    let (low, high) = of(RowKind::Mark).filter(is_near).fold(services, widened);
    let positions = (LEFT + 8.0, WIDTH - RIGHT - 6.0);
    if high / low > LOGARITHMIC {
        Scale::logarithmic((low, high), positions)
    } else {
        Scale::between((low, high), positions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ratio: f64, kind: RowKind) -> ForestRow {
        let series = Series { name: "a".into(), colour: "c0".into() };
        ForestRow { series, ratio, bounds: Some((ratio - 0.01, ratio + 0.01)), text: String::new(), kind }
    }

    #[test]
    fn the_axis_is_that_of_the_services_and_a_far_mark_stays_at_its_edge() {
        let near = scale(&[row(0.9, RowKind::Service), row(0.88, RowKind::Mark)]);
        assert!(near.holds(0.87) && near.holds(1.0) && !near.holds(0.8));
        let far = scale(&[row(0.9, RowKind::Service), row(0.5, RowKind::Mark)]);
        assert!(far.holds(0.89) && !far.holds(0.5));
        let labels = |rows: &[ForestRow]| forest(String::new(), rows).marks.len();
        assert!(labels(&[row(0.9, RowKind::Service), row(0.5, RowKind::Mark)]) > 8);
    }
}
