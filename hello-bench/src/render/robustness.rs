//! What services did with bad and slow peers, as tables.

use std::fmt::Write;

use crate::probe::{Level, Observation, Probed, Probes};
use crate::render::markup;
use crate::render::table::Table;

/// What a service's name begins with in the catalogue, and what a column has no room for.
const PREFIX: &str = "svc-";

/// How many services share a reaction before they are called the others.
const MANY: usize = 3;

/// Cases of one kind.
pub(crate) struct FamilySection {
    /// The kind; empty where none is known.
    pub family: String,
    /// Every case with what the services did. ✗ marks what is not as asked for.
    pub table: Table,
}

/// A section for each family, in the order of the cases.
pub(crate) fn sections(probes: &Probes) -> Vec<FamilySection> {
    let first = known(probes).next().map(|probed| probed.observations.as_slice()).unwrap_or_default();
    let mut sections: Vec<FamilySection> = Vec::new();
    for (at, seen) in first.iter().enumerate() {
        let row = vec![seen.case.clone(), asked(seen), reactions(probes, at)];
        match sections.iter_mut().find(|section| section.family == seen.family) {
            Some(section) => section.table.rows.push(row),
            None => sections.push(FamilySection { family: seen.family.clone(), table: titled(vec![row]) }),
        }
    }
    sections
}

/// The services that could be probed.
fn known(probes: &Probes) -> impl Iterator<Item = &Probed> {
    probes.services.iter().filter(|probed| probed.failure.is_none())
}

/// All sections as one table, each behind a row with its name.
pub(crate) fn table(probes: &Probes) -> Table {
    let rows = sections(probes).into_iter().flat_map(|section| {
        let title = vec![section.family, String::new(), String::new()];
        let title = Some(title).filter(|title| !title[0].is_empty());
        title.into_iter().chain(section.table.rows)
    });
    titled(rows.collect())
}

fn titled(rows: Vec<Vec<String>>) -> Table {
    let header = ["case", "required", "reaction"];
    Table { header: header.map(str::to_owned).to_vec(), rows, text_columns: header.len() }
}

/// What the services did in a case: a line for each reaction, with those that had it.
fn reactions(probes: &Probes, case: usize) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for probed in known(probes) {
        let reaction = probed.observations.get(case).map_or_else(String::new, cell);
        match groups.iter_mut().find(|(other, _)| *other == reaction) {
            Some((_, services)) => services.push(short(&probed.service)),
            None => groups.push((reaction, vec![short(&probed.service)])),
        }
    }
    if let [(reaction, services)] = groups.as_slice() {
        return if services.len() == 1 { reaction.clone() } else { format!("all: {reaction}") };
    }
    let most = groups.iter().map(|(_, services)| services.len()).max().unwrap_or_default();
    let largest = groups.iter().position(|(_, services)| most >= MANY && services.len() == most);
    let others = largest.map(|at| format!("others: {}", groups.remove(at).0));
    let named = groups.iter().map(|(reaction, services)| format!("{}: {reaction}", services.join(", ")));
    named.chain(others).collect::<Vec<_>>().join("\n")
}

/// The sections in the syntax of GitHub-flavoured Markdown.
pub(crate) fn markdown(probes: &Probes) -> String {
    let section = |section: FamilySection| {
        let title = markup::escape(&section.family);
        let title = if title.is_empty() { title } else { format!("### {title}\n\n") };
        title + &markup::table(&section.table)
    };
    sections(probes).into_iter().map(section).collect::<Vec<_>>().join("\n")
}

/// What each service has not kept, for a terminal: a paragraph a service.
pub(crate) fn summary(probes: &Probes) -> String {
    let mut page = String::new();
    for probed in &probes.services {
        let _ = writeln!(page, "{}: {}", probed.service, kept(probed));
        let broken = [Level::Must, Level::Should]
            .map(|level| probed.broken(level).collect::<Vec<_>>())
            .concat();
        for seen in broken {
            let _ = writeln!(
                page,
                "  {}\n    required  {}\n    did       {}",
                seen.case,
                asked(seen),
                seen.reaction
            );
            if let Some(reason) = &seen.exception {
                let _ = writeln!(page, "    known      {reason}");
            }
        }
    }
    page
}

/// The sections, what they count and where it was made, for a page in Markdown.
pub(crate) fn excerpt(probes: &Probes) -> String {
    let mut page = markdown(probes) + "\n";
    for probed in &probes.services {
        let _ = writeln!(page, "- {}: {}", markup::escape(&probed.service), markup::escape(&kept(probed)));
        for seen in &probed.observations {
            if let Some(reason) = &seen.exception {
                let _ = writeln!(page, "  - {}: {}", markup::escape(&seen.case), markup::escape(reason));
            }
        }
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

/// How many rules a service kept, or why that is not known.
pub(crate) fn kept(probed: &Probed) -> String {
    if let Some(failure) = &probed.failure {
        return format!("could not be probed: {failure}");
    }
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
            exception: (!is_kept).then(|| "reported".to_owned()),
        };
        let probed = |service: &str, observations| Probed::new(service, Ok(observations));
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
        let sections = sections(&probes());
        assert_eq!(sections.iter().map(|section| section.family.as_str()).collect::<Vec<_>>(), ["Syntax"]);
        let rows = &sections[0].table.rows;
        assert_eq!(rows[0], ["no Host", "must: 400", "a: 400, closed\nb: 200 ✗"]);
        assert_eq!(rows[1], ["no Host", "open: 400", "a: 200\nb: 400"]);
        let table = table(&probes());
        assert_eq!((table.rows.len(), table.rows[0][0].as_str()), (3, "Syntax"));
        let summary = summary(&probes());
        assert!(summary.contains("svc-a: 1 of 1 musts kept") && summary.contains("b: 0 of 1 musts kept"));
        assert_eq!(summary.matches("did ").count(), 1);
        assert!(summary.contains("\n    known      reported\n"), "{summary}");
        let page = excerpt(&probes());
        assert!(page.contains("\n  - no Host: reported\n"), "{page}");
        assert!(page.contains("1970-01-01") && page.contains("### Syntax\n\n| case |"), "{page}");
        assert!(page.contains("a: 400, closed<br>b: 200 ✗"), "{page}");
    }

    #[test]
    fn a_service_that_could_not_be_probed_says_why_and_leaves_the_others() {
        let mut probes = probes();
        probes.services.insert(0, Probed::new("svc-c", Err(anyhow::anyhow!("no answer"))));
        assert!(!probes.services[0].keeps_musts() && probes.services[1].keeps_musts());
        assert_eq!(sections(&probes)[0].table.rows[1], ["no Host", "open: 400", "a: 200\nb: 400"]);
        assert!(summary(&probes).starts_with("svc-c: could not be probed: no answer\nsvc-a: 1 of 1"));
        assert!(excerpt(&probes).contains("- svc-c: could not be probed: no answer\n"));
    }

    #[test]
    fn services_that_did_the_same_stand_together() {
        let with = |reactions: &[&str]| {
            let mut probes = probes();
            let seen = probes.services[0].observations[0].clone();
            probes.services = reactions
                .iter()
                .enumerate()
                .map(|(at, reaction)| {
                    let seen = Observation { reaction: (*reaction).to_owned(), ..seen.clone() };
                    Probed::new(&format!("svc-{at}"), Ok(vec![seen]))
                })
                .collect();
            super::reactions(&probes, 0)
        };
        assert_eq!(with(&["400"]), "400");
        assert_eq!(with(&["400", "400"]), "all: 400");
        assert_eq!(with(&["400", "200", "400", "400"]), "1: 200\nothers: 400");
        assert_eq!(with(&["400", "200", "400", "501"]), "0, 2: 400\n1: 200\n3: 501");
    }
}
