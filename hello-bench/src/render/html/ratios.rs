//! Cards of ratios: the forest plot that answers the page's question, and the rounds behind it.

use hello_load::Stress;
use hello_stats::{Bounds, median_absolute_deviation};

use crate::metadata::Group;
use crate::metric::grouped;
use crate::render::html::card::{Card, series};
use crate::render::html::cards::table;
use crate::render::html::chart::{self, Rounds, Series};
use crate::render::html::forest::{ForestRow, RowKind, forest};
use crate::render::relative::{self, Base};
use crate::render::tables;
use crate::report::Report;
use crate::summary::{Ratio, Row, Summary};

/// The ratios of a group of services under one scenario; `None` where there are none.
pub(crate) fn forest_card(report: &Report, summary: &Summary, group: Group) -> Option<Card> {
    let rows = forest_rows(report, summary, group);
    let services = rows.iter().filter(|row| row.kind == RowKind::Service).count();
    if services == 0 || services == 1 && relative::first_group(summary) == Some(group) {
        return None;
    }
    let better = if summary.primary.lower_is_better() { "less is better" } else { "more is better" };
    let title = title(report, summary, group);
    let spoken: Vec<String> = rows.iter().map(|row| format!("{} {}", row.series.name, row.text)).collect();
    Some(Card {
        drawing: Some(forest(format!("{title}: {}", spoken.join(", ")), &rows)),
        subtitle: format!("{}; {}, {better}", load_in_short(report, summary), bounds_in_words(summary)),
        title,
        table: table(&["service", "ratio", "p"], data(report, summary, group)),
    })
}

/// `CPU time per request, rate, vs axum`.
fn title(report: &Report, summary: &Summary, group: Group) -> String {
    let whose = match tables::group_title(group) {
        "" => String::new(),
        group => format!(", {group}"),
    };
    format!(
        "{}, {}{whose}, {}",
        summary.primary.title(),
        summary.scenario,
        relative::heading(report, summary, group)
    )
}

fn load_in_short(report: &Report, summary: &Summary) -> String {
    let Some(scenario) = report.scenario(summary) else { return String::new() };
    match (&scenario.stress, scenario.rate_per_s) {
        (Some(Stress::Overload { factors, .. }), _) => {
            format!("{} times the sustainable rate", factors.iter().copied().fold(0.0, f64::max))
        }
        (Some(Stress::Connections { counts, .. }), _) => {
            format!("{} connections", grouped(counts.iter().max().copied().unwrap_or_default().into()))
        }
        (Some(stress), _) => {
            format!("p99 at most {} ms", stress.search().map_or(0.0, |search| search.p99_ms))
        }
        (None, Some(rate)) => format!("{} requests/s", grouped(rate)),
        (None, None) => format!("{} connections", scenario.connections),
    }
}

fn bounds_in_words(summary: &Summary) -> &'static str {
    let ratios = summary.rows.iter().filter_map(|row| ratio(row, summary));
    match ratios.map(|ratio| ratio.bounds).next() {
        Some(Bounds::Range) => "lines are the range of the rounds",
        _ => "lines are 95 % intervals",
    }
}

fn ratio<'a>(row: &'a Row, summary: &Summary) -> Option<&'a Ratio> {
    row.metrics.get(&summary.primary)?.vs_reference.as_ref()
}

/// The services of the group, with the reference; after those of the first group, the control and the floor.
fn forest_rows(report: &Report, summary: &Summary, group: Group) -> Vec<ForestRow> {
    let own = summary.rows.iter().filter(|row| row.group == group).filter_map(|row| {
        let series = series(report, &row.service);
        match ratio(row, summary) {
            Some(ratio) => Some(forest_row(series, ratio, RowKind::Service)),
            None if report.is_base(&row.service) => Some(reference_row(series)),
            None => None,
        }
    });
    let has_marks = relative::first_group(summary) == Some(group);
    own.chain(marks(summary).into_iter().filter(|_| has_marks)).collect()
}

/// The control and the floor.
fn marks(summary: &Summary) -> Vec<ForestRow> {
    let control = summary.control.iter().map(|control| ("control", &control.ratio));
    let floor = summary.rows.iter().filter(|row| row.group == Group::Floor);
    let floor = floor.filter_map(|row| Some((row.service.as_str(), ratio(row, summary)?)));
    let mark = |(name, ratio): (&str, &Ratio)| {
        let series = Series { name: name.to_owned(), colour: "c9".to_owned() };
        forest_row(series, ratio, RowKind::Mark)
    };
    control.chain(floor).map(mark).collect()
}

fn forest_row(series: Series, ratio: &Ratio, kind: RowKind) -> ForestRow {
    let digits = if ratio.ratio < 10.0 { 3 } else { 1 };
    ForestRow {
        series,
        ratio: ratio.ratio,
        bounds: Some((ratio.low, ratio.high)),
        text: format!("{:.digits$}", ratio.ratio),
        kind,
    }
}

fn reference_row(series: Series) -> ForestRow {
    ForestRow { series, ratio: 1.0, bounds: None, text: "1".into(), kind: RowKind::Service }
}

fn data(report: &Report, summary: &Summary, group: Group) -> Vec<Vec<String>> {
    let base = Base::of(report, summary, group);
    let cells = |name: &str, ratio: &Ratio| {
        let shown = tables::show_ratio(ratio, 3) + &relative::suffix(base, Some(ratio));
        vec![name.to_owned(), shown, format!("{:.4}", ratio.p)]
    };
    let has_marks = relative::first_group(summary) == Some(group);
    let is_shown = |row: &&Row| row.group == group || has_marks && row.group == Group::Floor;
    let shown = summary.rows.iter().filter(is_shown);
    let rows = shown.filter_map(|row| Some(cells(&row.service, ratio(row, summary)?)));
    let control = summary.control.iter().filter(|_| has_marks);
    rows.chain(control.map(|control| cells(&control.service, &control.ratio))).collect()
}

/// The ratio of every round in the first group that has such; `None` where there is none.
pub(crate) fn rounds_card(report: &Report, summary: &Summary) -> Option<Card> {
    let is_ranked = |row: &&Row| Group::RANKED.contains(&row.group);
    let related = |row| Some((row, ratio(row, summary)?));
    let mut own: Vec<(&Row, &Ratio)> = summary.rows.iter().filter(is_ranked).filter_map(related).collect();
    let group = own.iter().map(|(row, _)| row.group).min()?;
    own.retain(|(row, _)| row.group == group);
    let rows: Vec<Rounds> = own
        .iter()
        .map(|(row, ratio)| Rounds {
            series: series(report, &row.service),
            values: ratio.rounds.clone(),
            centre: ratio.ratio,
        })
        .collect();
    let data = own.iter().map(|(row, ratio)| {
        let values: Vec<String> = ratio.rounds.iter().map(|value| format!("{value:.3}")).collect();
        let spread = median_absolute_deviation(&ratio.rounds).unwrap_or_default();
        vec![row.service.clone(), format!("{spread:.4}"), values.join(", ")]
    });
    let title = format!("{}, {}: rounds", summary.primary.title(), summary.scenario);
    let label = format!("{title}: one dot for each round of each service; the table has their spread");
    Some(Card {
        drawing: Some(chart::rounds(label, &rows)),
        title,
        subtitle: format!(
            "ratio {}; each dot is a round, the line is their mean",
            relative::heading(report, summary, group)
        ),
        table: table(&["service", "MAD", "rounds"], data.collect()),
    })
}
