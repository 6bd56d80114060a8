//! `validate`: the comparison checked with itself.

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cli::compare::Measure;
use crate::cli::shared::{Files, Format, command_line, print, shown};
use crate::compare::Comparison;
use crate::generator::Generator;
use crate::program::Builder;
use crate::render::terminal;
use crate::run;
use crate::session::Session;
use crate::validate::{calibrate, copies, reference, validate};

#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// The load under which to compare: a scenario with slices
    #[arg(long, value_name = "NAME", default_value = "rate")]
    scenario: String,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    measure: Measure,
    #[command(flatten)]
    files: Files,
}

impl ValidateArgs {
    pub(super) fn run(self, session: &Session) -> Result<()> {
        let catalogue = self.files.catalogue()?;
        let floor = catalogue.floor().context("the catalogue has no floor to make copies of")?;
        let scenarios = self.measure.scenarios(&catalogue, &[&self.scenario])?;
        let folder = self.measure.folder(&catalogue)?;
        let floor = Builder::new(&catalogue, &self.files.profile, &session.interrupt).build(floor)?;
        let calibrated_us = calibrate(&floor, &scenarios[0], session)?;
        let comparison = Comparison {
            programs: copies(&floor, calibrated_us)?,
            scenarios,
            reference: reference().to_owned(),
            rounds: self.measure.rounds,
            seed: self.measure.seed(),
            profile: self.files.profile,
            command: command_line(),
            generator: Generator::Embedded,
            limits: Vec::new(),
            precision: self.measure.precision(),
        };
        let (validation, outcome) = validate(&comparison, calibrated_us, folder, session)?;
        let json = serde_json::to_string_pretty(&validation)? + "\n";
        run::write(&outcome.folder, "validation.json", &json)?;
        print(&match self.format {
            Format::Text => terminal::validation(&validation),
            Format::Json => json,
        })?;
        ensure!(
            validation.passes(),
            "the comparison fails its validation on this machine; see above, and {}",
            shown(&outcome.folder)
        );
        Ok(())
    }
}
