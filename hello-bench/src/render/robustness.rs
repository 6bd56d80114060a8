//! What services did with bad and slow peers, as tables.

use std::fmt::Write;

use crate::probe::{Level, Observation, Probed, Probes};
use crate::render::markup;
use crate::render::table::Table;

/// What a service's name begins with in the catalogue, and what a column has no room for.
const PREFIX: &str = "svc-";

/// Every case with what each service did. ✗ marks what is not as asked for.
pub fn table(probes: &Probes) -> Table {
    let mut header = vec!["case".to_owned(), "asked for".to_owned()];
    header.extend(probes.services.iter().map(|probed| short(&probed.service).to_owned()));
    let first = probes.services.first().map(|probed| probed.observations.as_slice()).unwrap_or_default();
    let rows = first.iter().enumerate().map(|(at, seen)| {
        let cells = probes
            .services
            .iter()
            .map(|probed| probed.observations.get(at).map_or_else(String::new, cell));
        [seen.case.clone(), asked(seen)].into_iter().chain(cells).collect()
    });
    let text_columns = header.len();
    Table { rows: rows.collect(), header, text_columns }
}

/// What each service has not kept, for a terminal: a paragraph a service.
pub fn summary(probes: &Probes) -> String {
    let mut page = String::new();
    for probed in &probes.services {
        let _ = writeln!(page, "{}: {}", probed.service, kept(probed));
        let broken = [Level::Must, Level::Should]
            .map(|level| probed.broken(level).collect::<Vec<_>>())
            .concat();
        for seen in broken {
            let _ = writeln!(
                page,
                "  {}\n    asked for  {}\n    did        {}",
                seen.case,
                asked(seen),
                seen.reaction
            );
        }
    }
    page
}

/// The table, what it counts and where it was made, for a page in Markdown.
pub fn excerpt(probes: &Probes) -> String {
    let mut page = markup::table(&table(probes));
    page.push('\n');
    for probed in &probes.services {
        let _ = writeln!(page, "- {}: {}", markup::escape(&probed.service), kept(probed));
    }
    let day = probes.started_at.strftime("%Y-%m-%d");
    let _ = writeln!(
        page,
        "\nProbed by `{}` on {day}: {}.",
        probes.command.replace('`', "'"),
        markup::escape(&probes.host.line())
    );
    page
}

/// How many rules a service kept.
pub fn kept(probed: &Probed) -> String {
    let count = |level| probed.observations.iter().filter(move |seen| seen.level == level).count();
    let kept = |level| count(level) - probed.broken(level).count();
    format!(
        "{} of {} musts kept, {} of {} shoulds",
        kept(Level::Must),
        count(Level::Must),
        kept(Level::Should),
        count(Level::Should)
    )
}

fn short(service: &str) -> &str {
    service.strip_prefix(PREFIX).unwrap_or(service)
}

fn asked(seen: &Observation) -> String {
    let level = match seen.level {
        Level::Must => "must",
        Level::Should => "should",
        Level::Open => "open",
    };
    format!("{level}: {}", seen.rule)
}

fn cell(seen: &Observation) -> String {
    if seen.is_kept { seen.reaction.clone() } else { format!("{} ✗", seen.reaction) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::cores::Cores;
    use crate::system::host::Host;

    fn probes() -> Probes {
        let seen = |level, reaction: &str, is_kept| Observation {
            family: "Syntax".into(),
            case: "no Host".into(),
            level,
            rule: "400".into(),
            reaction: reaction.into(),
            is_kept,
        };
        let probed = |service: &str, observations| Probed { service: service.into(), observations };
        Probes {
            schema: 1,
            hello_bench: String::new(),
            command: "hello-bench probe".into(),
            started_at: jiff::Timestamp::UNIX_EPOCH,
            host: Host::describe(&Cores { service: vec![0], generator: vec![0] }),
            services: vec![
                probed("svc-a", vec![seen(Level::Must, "400, closed", true), seen(Level::Open, "200", true)]),
                probed("b", vec![seen(Level::Must, "200", false), seen(Level::Open, "400", true)]),
            ],
        }
    }

    #[test]
    fn what_is_not_kept_is_marked_and_counted() {
        let table = table(&probes());
        assert_eq!(table.header, ["case", "asked for", "a", "b"]);
        assert_eq!(table.rows[0], ["no Host", "must: 400", "400, closed", "200 ✗"]);
        assert_eq!(table.rows[1], ["no Host", "open: 400", "200", "400"]);
        let summary = summary(&probes());
        assert!(summary.contains("svc-a: 1 of 1 musts kept") && summary.contains("b: 0 of 1 musts kept"));
        assert_eq!(summary.matches("did ").count(), 1);
        assert!(excerpt(&probes()).contains("1970-01-01"));
    }
}
