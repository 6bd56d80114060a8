//! The builds of a plan, made: what cannot be built is reported, and the others go on.

use anyhow::Result;

use crate::build::in_lanes;
use crate::metadata::Variant;
use crate::program::{Builder, Program};
use crate::progress::Progress;
use crate::variant::plan::Planned;
use crate::variant::workshop::Workshop;

/// What became of a plan.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The programs, in the order of the plan.
    pub programs: Vec<Program>,
    /// Why the others could not be built, a line each.
    pub failures: Vec<String>,
}

impl Built {
    fn fail(&mut self, cause: String) {
        if !self.failures.contains(&cause) {
            self.failures.push(cause);
        }
    }
}

/// Builds all that is planned.
///
/// # Errors
/// When a build of the files as they are fails, or the user interrupts.
pub fn build(workshop: &Workshop, builder: &Builder, planned: &[Planned]) -> Result<Built> {
    let progress = Progress::working("copying the workspace");
    let prepared: Vec<Option<Result<_>>> = planned
        .iter()
        .map(|build| build.change.as_ref().map(|change| workshop.prepare(change)))
        .collect();
    drop(progress);
    builder.check_interrupt()?;
    let mut built = Built::default();
    let mut ready = Vec::new();
    for (build, folder) in planned.iter().zip(prepared) {
        match folder.transpose() {
            Ok(folder) => ready.push((build, folder)),
            Err(cause) => built.fail(format!("{cause:#}")),
        }
    }
    let title = |(build, _): &(&Planned, _)| format!("building {} ({} builds)", build.name(), planned.len());
    let lane = |(build, _): &(&Planned, _)| builder.lane(&build.service);
    let outcomes = in_lanes(&ready, lane, title, |(build, folder)| match (&build.change, folder) {
        (Some(change), Some(folder)) => {
            let outcome = workshop.build(&build.service, change, folder);
            builder.check_interrupt()?;
            Ok(outcome.map_err(|cause| format!("{cause:#}")))
        }
        _ => builder.build(&build.service).map(Ok),
    })?;
    let mut programs = Vec::new();
    for ((build, _), outcome) in ready.iter().zip(outcomes) {
        match outcome {
            Ok(program) => programs.push((*build, program)),
            Err(cause) => built.fail(cause),
        }
    }
    built.programs = named(&programs);
    Ok(built)
}

/// The programs under the names of their builds.
fn named(programs: &[(&Planned, Program)]) -> Vec<Program> {
    let mut all: Vec<Program> = Vec::new();
    for (build, program) in programs {
        let own = programs.iter().filter(|(other, _)| other.service.name == build.service.name);
        let names: Vec<String> = own.map(|(other, _)| other.name()).collect();
        let mut program = program.clone();
        (program.service.name, program.metadata.name) = (build.name(), build.name());
        if build.label.is_some() || names.len() > 1 {
            let metadata = &mut program.metadata;
            let (service, phrase) = (build.service.name.clone(), build.phrase());
            metadata.variant = Some(Variant { service, phrase, base: names[0].clone() });
            // Builds of one service are compared with each other, and show the same source.
            (metadata.tuned_from, metadata.image) = (None, None);
            metadata.source = metadata.source.take().filter(|_| build.name() == names[0]);
        }
        all.push(program);
    }
    all
}
