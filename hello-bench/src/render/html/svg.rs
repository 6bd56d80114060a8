//! A drawing as data: marks at positions, which the template writes as inline SVG.

/// The width of every drawing, in its own units: on a phone one unit is one pixel, so that text keeps its size.
pub(crate) const WIDTH: f64 = 340.0;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawing {
    /// Its height; the width is [`WIDTH`].
    pub height: f64,
    /// What it shows, for those who do not see it.
    pub label: String,
    /// What it consists of, from back to front.
    pub marks: Vec<Mark>,
}

/// A part of a drawing, with the CSS classes that give it colour.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    Rect {
        /// The left edge.
        x: f64,
        /// The upper edge.
        y: f64,
        width: f64,
        height: f64,
        class: String,
    },
    /// A straight line.
    Line {
        from: (f64, f64),
        to: (f64, f64),
        class: String,
    },
    /// A line through points.
    Path {
        /// The points as SVG writes them.
        points: String,
        class: String,
    },
    Circle {
        at: (f64, f64),
        radius: f64,
        class: String,
    },
    Text {
        /// The anchor on the base line.
        at: (f64, f64),
        /// Which side the anchor is on: `start`, `middle` or `end`.
        anchor: &'static str,
        class: String,
        text: String,
    },
}

impl Drawing {
    /// An empty drawing.
    pub(crate) fn new(height: f64, label: String) -> Self {
        Self { height, label, marks: Vec::new() }
    }

    /// Adds a rectangle; one without width is not drawn.
    pub(crate) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), class: &str) {
        if width > 0.0 {
            self.marks.push(Mark::Rect {
                x: tenth(x),
                y: tenth(y),
                width: tenth(width),
                height,
                class: class.into(),
            });
        }
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        self.marks.push(Mark::Line { from: tenths(from), to: tenths(to), class: class.into() });
    }

    /// Adds a line through points.
    pub(crate) fn path(&mut self, points: &[(f64, f64)], class: &str) {
        let points = points.iter().map(|(x, y)| format!("{:.1},{:.1}", x, y));
        self.marks
            .push(Mark::Path { points: points.collect::<Vec<_>>().join(" "), class: class.into() });
    }

    /// Adds a disc.
    pub(crate) fn circle(&mut self, at: (f64, f64), radius: f64, class: &str) {
        self.marks.push(Mark::Circle { at: tenths(at), radius, class: class.into() });
    }

    /// Adds a word.
    pub(crate) fn text(
        &mut self,
        at: (f64, f64),
        anchor: &'static str,
        class: &str,
        text: impl Into<String>,
    ) {
        self.marks
            .push(Mark::Text { at: tenths(at), anchor, class: class.into(), text: text.into() });
    }
}

/// Rounded to a tenth of a pixel, which nobody sees and which halves the page.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn tenths((x, y): (f64, f64)) -> (f64, f64) {
    (tenth(x), tenth(y))
}
