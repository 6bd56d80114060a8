//! `validate`: the comparison measured by itself.

use anyhow::{Result, ensure};
use clap::Args;

use crate::cli::compare::Measure;
use crate::cli::{Files, Format, print, shown};
use crate::interrupt::Interrupt;
use crate::render::terminal;
use crate::run;
use crate::validate::validate;

#[derive(Debug, Args)]
pub(super) struct Validate {
    /// The load of the scenarios file
    #[arg(long, value_name = "NAME", default_value = "rate")]
    scenario: String,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    measure: Measure,
    #[command(flatten)]
    files: Files,
}

impl Validate {
    pub(super) fn run(self, interrupt: &Interrupt) -> Result<()> {
        let catalogue = self.files.catalogue()?;
        let options = self.measure.options(&catalogue, &[&self.scenario], self.files.profile)?;
        let (validation, compared) = validate(&catalogue, &options, interrupt)?;
        let json = serde_json::to_string_pretty(&validation)? + "\n";
        run::write(&compared.folder, "validation.json", &json)?;
        print(&match self.format {
            Format::Text => terminal::validation(&validation),
            Format::Json => json,
        })?;
        ensure!(
            validation.passes(),
            "the comparison does not hold on this machine now; see above, and {}",
            shown(&compared.folder)
        );
        Ok(())
    }
}
