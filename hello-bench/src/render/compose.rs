//! `compose.yaml`: a Compose service for every service that has an image.

use anyhow::{Context, Result};
use askama::Template;

use crate::service::Catalogue;

/// The file as the template sees it.
#[derive(Template)]
#[template(path = "compose.yaml", escape = "none")]
struct File<'a> {
    services: Vec<&'a str>,
}

/// The file for a catalogue.
///
/// # Errors
/// When the template cannot be filled.
pub fn file(catalogue: &Catalogue) -> Result<String> {
    let text = File { services: catalogue.with_image() }.render().context("cannot write compose.yaml")?;
    Ok(text.trim_end().to_owned() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_repository_s_own_file_is_up_to_date() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let catalogue = Catalogue::read(Some(&root.join("services.toml"))).unwrap();
        let written = fs::read_to_string(root.join("compose.yaml")).unwrap();
        assert!(written == file(&catalogue).unwrap(), "run `cargo hello list --compose >compose.yaml`");
    }
}
