//! The outcome of a scenario in a sentence: who leads, by how much the others are behind, or that nothing differs.

use crate::figure::Figure;
use crate::program::Facts;
use crate::summary::{Row, Summary};

/// Says in a sentence what the ranking by the primary figure shows.
pub fn finding(summary: &Summary, services: &[Facts]) -> String {
    let words = words(summary, services);
    format!("{}: {words}.", summary.scenario.name)
}

fn words(summary: &Summary, services: &[Facts]) -> String {
    let what = what(summary.primary);
    let mut groups = groups(summary).into_iter();
    let Some(leaders) = groups.next() else {
        return format!("no service can be ranked by {what}");
    };
    let leading = names(&leaders, services);
    let behind: Vec<Vec<&Row>> = groups.collect();
    match (behind.as_slice(), leaders.as_slice()) {
        ([], [_]) => format!("{leading} alone, nothing to compare it with"),
        ([], _) => {
            format!("no difference in {what} that {} could tell between {leading}", rounds(summary.rounds))
        }
        (behind, leaders) => {
            let lead = if leaders.len() == 1 { "leads" } else { "lead" };
            let trail: Vec<String> = behind
                .iter()
                .map(|rows| format!("{} by {}", names(rows, services), distance(rows, summary.primary)))
                .collect();
            let many = behind.len() > 1 || behind[0].len() > 1;
            format!(
                "{leading} {lead} in {what}; {} {}",
                if many { "behind are" } else { "behind is" },
                list(&trail)
            )
        }
    }
}

fn what(primary: Figure) -> &'static str {
    if primary == Figure::ThroughputPerS { "throughput" } else { "CPU time per request" }
}

fn rounds(count: usize) -> String {
    if count == 1 { "1 round".to_owned() } else { format!("{count} rounds") }
}

/// The ranked rows by the best place that they may have: the first group holds all that may be the best.
fn groups(summary: &Summary) -> Vec<Vec<&Row>> {
    let place = |row: &Row| row.place(summary.primary).map(|place| place.best);
    let mut ranked: Vec<&Row> = summary.rows.iter().filter(|row| place(row).is_some()).collect();
    ranked.sort_by_key(|row| place(row));
    ranked.chunk_by(|a, b| place(a) == place(b)).map(<[&Row]>::to_vec).collect()
}

/// By how much services are behind the best one: `6 %`, or `14 to 18 %` for several.
fn distance(rows: &[&Row], figure: Figure) -> String {
    let ratios = rows.iter().filter_map(|row| row.figures.get(&figure)?.to_best.as_ref());
    let mut percents: Vec<f64> = ratios.map(|ratio| ((ratio.ratio - 1.0) * 100.0).abs().round()).collect();
    percents.sort_unstable_by(f64::total_cmp);
    match (percents.first(), percents.last()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most} %"),
        (Some(only), _) => format!("{only} %"),
        _ => "an unknown distance".to_owned(),
    }
}

fn names(rows: &[&Row], services: &[Facts]) -> String {
    list(&rows.iter().map(|row| name(row, services)).collect::<Vec<_>>())
}

/// The framework, where one service alone uses it; the service otherwise.
fn name(row: &Row, services: &[Facts]) -> String {
    let facts = services.iter().find(|facts| facts.name == row.service);
    let users = |framework: &str| services.iter().filter(|other| other.framework == framework).count();
    match facts {
        Some(facts) if !facts.floor && users(&facts.framework) == 1 => facts.framework.clone(),
        _ => row.service.clone(),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
