//! `compose.yaml`: a Compose service for every service that has an image.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use askama::Template;

use crate::recipe::Recipe;
use crate::service::{Catalogue, ImageEntry, Service};

/// The port of the first service; each has the next one, so that all can run at once.
const FIRST_PORT: usize = 3000;

/// The file as the template sees it.
#[derive(Template)]
#[template(path = "compose.yaml", escape = "none")]
struct ComposeFile {
    services: Vec<ComposeService>,
}

struct ComposeService {
    name: String,
    image: String,
    build: String,
    port: usize,
    /// What it has beside or instead of what all have, a line each.
    own: Vec<String>,
}

impl ComposeService {
    fn new(service: &Service, recipe: Recipe, port: usize) -> Self {
        let (build, own) = (build(&recipe), own(service, &recipe.entry));
        Self { name: service.name.clone(), image: recipe.tag, build, port, own }
    }
}

/// The file for a catalogue.
///
/// # Errors
/// When the template cannot be filled.
pub(crate) fn file(catalogue: &Catalogue) -> Result<String> {
    let with_image = catalogue.all().iter().filter_map(|service| Some((service, Recipe::of(service)?)));
    let entries = with_image.zip(FIRST_PORT..);
    let services = entries
        .map(|((service, recipe), port)| ComposeService::new(service, recipe, port))
        .collect();
    let text = ComposeFile { services }.render().context("cannot write compose.yaml")?;
    Ok(text.trim_end().to_owned() + "\n")
}

fn build(recipe: &Recipe) -> String {
    let mut build = format!("context: {}", recipe.context);
    if let Some(service) = &recipe.service {
        let _ = write!(build, ", dockerfile: {}, args: {{ SERVICE: {service} }}", recipe.dockerfile);
    }
    if let Some(target) = &recipe.entry.target {
        let _ = write!(build, ", target: {target}");
    }
    build
}

fn own(service: &Service, entry: &ImageEntry) -> Vec<String> {
    let usual = ImageEntry::default();
    let environment = service.environment.iter().map(|(name, value)| format!("{name}: \"{value}\""));
    let environment = environment.collect::<Vec<_>>().join(", ");
    let when = |condition: bool, line: String| condition.then_some(line);
    let lines = [
        when(service.core_contract, "profiles: [other-languages]".to_owned()),
        when(!environment.is_empty(), format!("environment: {{ {environment} }}")),
        when(entry.memory_mib != usual.memory_mib, format!("mem_limit: {}m", entry.memory_mib)),
        when(entry.max_pids != usual.max_pids, format!("pids_limit: {}", entry.max_pids)),
        when(entry.writable_tmp, "tmpfs: [/tmp]".to_owned()),
    ];
    lines.into_iter().flatten().collect()
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

    #[test]
    fn services_differ_in_port_and_those_in_other_languages_have_a_profile() {
        let text = "[[service]]\nname='a'\nframework='a'\npackage='a'\n\
            [[service]]\nname='b'\nframework='b'\nrun=['b']\nfolder='c'\ncore_contract=true\n\
            environment={W='2'}\nimage={target='t', memory_mib=256, max_pids=9, writable_tmp=true}";
        let services = Catalogue::parse(text).unwrap();
        let entry = |index: usize| {
            let service: &Service = &services[index];
            ComposeService::new(service, Recipe::of(service).unwrap(), 3000 + index)
        };
        assert!(entry(0).own.is_empty());
        assert_eq!(entry(0).build, "context: ., dockerfile: docker/Dockerfile, args: { SERVICE: a }");
        let own = ["profiles: [other-languages]", "environment: { W: \"2\" }", "mem_limit: 256m"];
        assert_eq!(entry(1).own, [&own[..], &["pids_limit: 9", "tmpfs: [/tmp]"]].concat());
        assert_eq!(entry(1).build, "context: c, target: t");
    }
}
