//! A history as tables: a row for each build, for a terminal and for a page of Markdown.

use std::fmt::Write;

use anyhow::Result;

use crate::history::{Build, History, ServiceHistory, Sitting, Value};
use crate::metric::{Metric, grouped};
use crate::render::markup::{self, escape};
use crate::render::splice;
use crate::render::table::{ABSENT, Table};
use crate::render::terminal;

/// How to read the tables.
const HOW: &str = "Ratios are paired within the rounds of one sitting, with a 95 % interval in brackets, or the range \
                   of few rounds in parentheses. Each sitting stands for itself.";

/// The builds of a sitting: metrics under load relative to the first, and what is known without load.
pub(crate) fn table(sitting: &Sitting) -> Table {
    let mut header = vec![sitting.package.clone().unwrap_or_else(|| "build".to_owned())];
    let columns = sitting.builds.first().map(|build| build.values.as_slice()).unwrap_or_default();
    header.extend(columns.iter().map(title));
    let known = ["instructions/request", "peak RSS MiB", "binary MiB", "clean build s"];
    header.extend(known.map(str::to_owned));
    Table { header, rows: sitting.builds.iter().map(row).collect(), text_columns: 1 }
}

/// `CPU time per request, saturate`.
pub(crate) fn title(value: &Value) -> String {
    format!("{}, {}", value.metric.title(), value.scenario)
}

fn row(build: &Build) -> Vec<String> {
    let name = if build.failure.is_some() { format!("{} ✗", build.name) } else { build.name.clone() };
    let known = [
        build.instructions.map(|counted| grouped(counted.mean)),
        build.peak_rss_bytes.map(|bytes| Metric::PeakRssBytes.show(bytes)),
        build.binary_bytes.map(|bytes| Metric::PeakRssBytes.show(bytes as f64)),
        build.clean_build_s.map(|seconds| format!("{seconds:.1}")),
    ];
    let known = known.into_iter().map(|cell| cell.unwrap_or_else(|| ABSENT.to_owned()));
    std::iter::once(name).chain(build.values.iter().map(cell)).chain(known).collect()
}

/// The value, and its ratio below.
fn cell(value: &Value) -> String {
    let Some(absolute) = value.value.map(|number| value.metric.show(number)) else {
        return ABSENT.to_owned();
    };
    let unit = if value.metric == Metric::CpuUsPerRequest { " µs" } else { "/s" };
    match &value.ratio {
        Some(ratio) => format!("{absolute}{unit}\n{}", ratio.shown()),
        None => format!("{absolute}{unit}"),
    }
}

/// `axum: svc-axum`, or the service alone.
pub(crate) fn heading(service: &ServiceHistory) -> String {
    match service.framework.as_str() {
        "" | "none" => service.service.clone(),
        framework => format!("{framework} ({})", service.service),
    }
}

/// Where and how a sitting was measured.
pub(crate) fn provenance(sitting: &Sitting) -> String {
    let rounds =
        if sitting.rounds == 1 { "1 round".to_owned() } else { format!("{} rounds", sitting.rounds) };
    let day = sitting.started_at.strftime("%Y-%m-%d");
    format!("{day}, {rounds} on {}", sitting.host)
}

/// The tables for a terminal.
pub(crate) fn terminal(history: &History, styled: bool) -> String {
    let mut page = String::new();
    for (service, sitting) in sittings(history) {
        let _ = writeln!(page, "\n{}, {}", heading(service), provenance(sitting));
        page.push_str(&terminal::table(&table(sitting), styled));
        for (build, cause) in failures(sitting) {
            let _ = writeln!(page, "  ! {build}: {cause}");
        }
    }
    page
}

/// The tables in Markdown.
pub(crate) fn markdown(history: &History) -> String {
    let mut page = format!("{HOW}\n");
    let mut last = "";
    for (service, sitting) in sittings(history) {
        if service.service != last {
            let _ = write!(page, "\n### {}\n", escape(&heading(service)));
            last = &service.service;
        }
        let command = sitting.command.replace('`', "'");
        let _ = write!(page, "\n`{command}`, {}:\n\n", escape(&provenance(sitting)));
        page.push_str(&markup::table(&table(sitting)));
        for (build, cause) in failures(sitting) {
            let _ = write!(page, "\n- ✗ {}: {}\n", escape(build), escape(cause));
        }
    }
    page
}

/// Replaces what stands between the history markers of `text`.
///
/// # Errors
/// When a marker is missing.
pub(crate) fn splice(text: &str, history: &History) -> Result<String> {
    splice::history(text, &markdown(history))
}

fn sittings(history: &History) -> impl Iterator<Item = (&ServiceHistory, &Sitting)> {
    let of = |service| -> Vec<(&ServiceHistory, &Sitting)> {
        let service: &ServiceHistory = service;
        service.sittings.iter().map(|sitting| (service, sitting)).collect()
    };
    history.services.iter().flat_map(of)
}

/// The builds that are not ranked, with the reason.
pub(crate) fn failures(sitting: &Sitting) -> Vec<(&str, &str)> {
    let failed = |build: &Build| build.failure.is_some();
    let failed = sitting.builds.iter().filter(|build| failed(build));
    failed
        .map(|build| (build.name.as_str(), build.failure.as_deref().unwrap_or_default()))
        .collect()
}
