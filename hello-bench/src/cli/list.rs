//! `list`: the services of the catalogue, for scripts, and as a file for Docker Compose.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::cli::shared::print;
use crate::render::compose;
use crate::service::{Catalogue, Service};

#[derive(Debug, Args)]
pub(super) struct List {
    /// The services under tuned servers
    #[arg(long, conflicts_with = "other_languages")]
    tuned: bool,
    /// The services in other languages
    #[arg(long)]
    other_languages: bool,
    /// Print compose.yaml, with every service that has an image
    #[arg(long, conflicts_with_all = ["tuned", "other_languages"])]
    compose: bool,
    /// The catalogue of services [default: services.toml here or above]
    #[arg(long, value_name = "FILE")]
    services: Option<PathBuf>,
}

impl List {
    pub(super) fn run(self) -> Result<()> {
        let catalogue = Catalogue::read(self.services.as_deref())?;
        if self.compose {
            return print(&compose::file(&catalogue)?);
        }
        let services: Vec<Service> = match (self.tuned, self.other_languages) {
            (true, _) => catalogue.tuned(),
            (_, true) => catalogue.other_languages(),
            _ => catalogue.select(&[])?,
        };
        print(&services.iter().map(|service| format!("{}\n", service.name)).collect::<String>())
    }
}
