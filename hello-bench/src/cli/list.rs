//! `list`: the services of the catalogue, for scripts, and as a file for Docker Compose.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::cli::shared::print;
use crate::render::compose;
use crate::service::{Catalogue, Service};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// List the services under tuned servers instead
    #[arg(long, conflicts_with = "other_languages")]
    tuned: bool,
    /// List the services in other languages instead
    #[arg(long)]
    other_languages: bool,
    /// Also print the crate of each framework, behind the name
    #[arg(long)]
    frameworks: bool,
    /// Print compose.yaml instead, with every service that has an image
    #[arg(long, conflicts_with_all = ["tuned", "other_languages", "frameworks"])]
    compose: bool,
    /// The catalogue of services [default: services.toml in this folder or above]
    #[arg(long, value_name = "FILE")]
    services: Option<PathBuf>,
}

impl ListArgs {
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
        let line = |service: &Service| match self.frameworks {
            true => format!("{} {}\n", service.name, service.framework),
            false => format!("{}\n", service.name),
        };
        print(&services.iter().map(line).collect::<String>())
    }
}
