//! Manifests of a copied workspace: requirements on one crate rewritten, a crate patched.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

/// Makes every requirement on a crate of the registry in this manifest one on exactly this version; whether there was
/// one. Features stay as they are.
///
/// # Errors
/// When the manifest cannot be read or written.
pub(super) fn require(manifest: &Path, name: &str, version: &str) -> Result<bool> {
    let mut table = read(manifest)?;
    let changed = require_in(&mut table, name, &format!("={version}"));
    if changed {
        write(manifest, &table)?;
    }
    Ok(changed)
}

/// Puts the crate of a folder in the place of the registry's.
///
/// # Errors
/// When the manifest cannot be read or written, or its `patch` is no table.
pub(super) fn patch(manifest: &Path, name: &str, folder: &Path) -> Result<()> {
    let mut table = read(manifest)?;
    let mut inner = &mut table;
    for key in ["patch", "crates-io"] {
        let entry = inner.entry(key).or_insert_with(|| Value::Table(Table::new()));
        inner = entry
            .as_table_mut()
            .with_context(|| format!("{}: {key} is no table", manifest.display()))?;
    }
    let path = Value::String(folder.display().to_string());
    inner.insert(name.to_owned(), Value::Table(Table::from_iter([("path".to_owned(), path)])));
    write(manifest, &table)
}

fn read(manifest: &Path) -> Result<Table> {
    let text = fs::read_to_string(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    text.parse().with_context(|| format!("{} is no manifest", manifest.display()))
}

fn write(manifest: &Path, table: &Table) -> Result<()> {
    let text = toml::to_string(table)?;
    fs::write(manifest, text).with_context(|| format!("cannot write {}", manifest.display()))
}

fn require_in(table: &mut Table, name: &str, requirement: &str) -> bool {
    let mut changed = false;
    for (key, value) in table.iter_mut() {
        let Value::Table(inner) = value else { continue };
        changed |= if key.ends_with("dependencies") {
            require_among(inner, name, requirement)
        } else {
            require_in(inner, name, requirement)
        };
    }
    changed
}

fn require_among(dependencies: &mut Table, name: &str, requirement: &str) -> bool {
    let mut changed = false;
    for (key, value) in dependencies.iter_mut() {
        let wanted = match value {
            Value::String(version) if key == name => Some(version),
            Value::Table(table) if table.get("package").and_then(Value::as_str).unwrap_or(key) == name => {
                match table.get_mut("version") {
                    Some(Value::String(version)) => Some(version),
                    _ => None,
                }
            }
            _ => None,
        };
        if let Some(version) = wanted {
            requirement.clone_into(version);
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_on_the_crate_is_rewritten_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("Cargo.toml");
        let text = "[workspace.dependencies]\na = { version = \"1\", features = [\"x\"] }\nb = \"2\"\n\
                    [target.'cfg(unix)'.dependencies]\nc = { package = \"a\", version = \"1.1\" }\n\
                    [dependencies]\na = { path = \"a\" }\n";
        fs::write(&manifest, text).unwrap();
        assert!(require(&manifest, "a", "1.2.3").unwrap());
        let table = read(&manifest).unwrap();
        let workspace = &table["workspace"]["dependencies"];
        assert_eq!(workspace["a"]["version"].as_str(), Some("=1.2.3"));
        assert_eq!(workspace["a"]["features"].as_array().map(Vec::len), Some(1));
        assert_eq!(workspace["b"].as_str(), Some("2"));
        assert_eq!(table["target"]["cfg(unix)"]["dependencies"]["c"]["version"].as_str(), Some("=1.2.3"));
        assert!(table["dependencies"]["a"].get("version").is_none());
        assert!(!require(&manifest, "none", "1.0.0").unwrap());
        patch(&manifest, "a", Path::new("/x/a")).unwrap();
        assert_eq!(read(&manifest).unwrap()["patch"]["crates-io"]["a"]["path"].as_str(), Some("/x/a"));
    }
}
