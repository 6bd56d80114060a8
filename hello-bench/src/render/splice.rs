//! Generated parts of a hand-written page: results and sources between markers.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::probe::Probes;
use crate::render::{markdown, robustness};
use crate::report::Report;

const RESULTS: (&str, &str) = ("<!-- results -->", "<!-- /results -->");
const PROBE: (&str, &str) = ("<!-- probe -->", "<!-- /probe -->");
const HISTORY: (&str, &str) = ("<!-- history -->", "<!-- /history -->");
const SOURCE: (&str, &str) = ("<!-- source ", "<!-- /source -->");

/// Replaces what stands between the results markers of `text`, and each quoted source file by what it holds now.
/// Sources are found relative to `root`.
///
/// # Errors
/// When a marker or a source is missing.
pub(crate) fn splice(text: &str, report: &Report, root: &Path) -> Result<String> {
    let results = format!("\n{}", markdown::excerpt(report));
    sources(&replace(text, RESULTS, &results)?, root)
}

/// Replaces what stands between the probe markers of `text`.
///
/// # Errors
/// When a marker is missing.
pub(crate) fn probe(text: &str, probes: &Probes) -> Result<String> {
    replace(text, PROBE, &format!("\n{}", robustness::excerpt(probes)))
}

/// Replaces what stands between the history markers of `text`.
///
/// # Errors
/// When a marker is missing.
pub(crate) fn history(text: &str, tables: &str) -> Result<String> {
    replace(text, HISTORY, &format!("\n{tables}"))
}

/// Replaces each quoted source file by what it holds now.
///
/// # Errors
/// When an end marker or a source is missing.
pub(crate) fn sources(text: &str, root: &Path) -> Result<String> {
    let mut spliced = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(SOURCE.0) {
        let (name, after) = after.split_once(" -->").context("a source marker has no end")?;
        let (_, after) = after.split_once(SOURCE.1).with_context(|| format!("{} is missing", SOURCE.1))?;
        let path = root.join(name);
        let code = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        spliced.push_str(&format!("{before}{}{name} -->\n\n```rust\n{}```\n\n{}", SOURCE.0, code, SOURCE.1));
        rest = after;
    }
    Ok(spliced + rest)
}

fn replace(text: &str, (open, close): (&str, &str), block: &str) -> Result<String> {
    let parts = text.split_once(open).and_then(|(before, rest)| Some((before, rest.split_once(close)?.1)));
    let (before, after) = parts.with_context(|| format!("there is no {open} … {close} to replace"))?;
    ensure!(!after.contains(open), "there is more than one {open}");
    Ok(format!("{before}{open}\n{block}\n{close}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_replaced_and_markers_kept() {
        let once = replace("a <!-- results -->old<!-- /results --> b", RESULTS, "new").unwrap();
        assert_eq!(once, "a <!-- results -->\nnew\n<!-- /results --> b");
        assert_eq!(replace(&once, RESULTS, "new").unwrap(), once);
        assert!(replace("none", RESULTS, "new").is_err());
    }

    #[test]
    fn the_readme_quotes_the_services_as_they_are() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let readme = fs::read_to_string(root.join("README.md")).unwrap();
        assert!(readme.contains("<!-- source svc-axum/src/app.rs -->"));
        let spliced = sources(&readme, &root).unwrap();
        assert!(spliced == readme, "run `cargo hello report DIR --splice README.md`");
    }
}
