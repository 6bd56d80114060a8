//! Programs made ready for a comparison: services built one by one, their images, and the control.

use anyhow::{Context, Result};

use crate::docker::Docker;
use crate::interrupt::Interrupt;
use crate::program::{Builder, Program};
use crate::progress::Progress;
use crate::service::{Catalogue, Service};

/// Builds each service by itself.
///
/// # Errors
/// When a build fails.
pub fn all(builder: &Builder, services: &[Service]) -> Result<Vec<Program>> {
    let title = |service: &Service| format!("building {}", service.name);
    each(services, title, |service| builder.build(service))
}

/// Builds an image for each service that has one.
///
/// # Errors
/// When a build fails.
pub fn images(
    docker: &Docker,
    catalogue: &Catalogue,
    programs: &[Program],
    interrupt: &Interrupt,
) -> Result<Vec<Program>> {
    let has_image = |program: &&Program| program.service.package.is_some() && !program.service.floor;
    let with_image: Vec<&Program> = programs.iter().filter(has_image).collect();
    let title = |program: &&Program| format!("building the image of {}", program.service.name);
    each(&with_image, title, |program| docker.build(catalogue, program, interrupt))
}

/// Builds each service from nothing, and notes how long that took.
///
/// # Errors
/// When a build fails.
pub fn time_clean_builds(builder: &Builder, programs: &mut [Program]) -> Result<()> {
    let title = |program: &Program| format!("building {} from nothing", program.service.name);
    let times = each(programs, title, |program| builder.clean_build(&program.service))?;
    for (program, time) in programs.iter_mut().zip(times) {
        program.metadata.clean_build_s = time.map(|time| time.as_secs_f64());
    }
    Ok(())
}

/// A second copy of the reference, never ranked: its ratio must be 1.
///
/// # Errors
/// When the reference is not among the programs, or cannot be copied.
pub fn control(programs: &[Program], reference: &str) -> Result<Program> {
    let original = programs.iter().find(|program| program.service.name == reference);
    let original = original.with_context(|| format!("there is no {reference} to make a control of"))?;
    let mut control = original.copy(&format!("{reference} (control)"))?;
    control.metadata.control = true;
    control.metadata.source = None;
    Ok(control)
}

/// One step a program, with progress.
fn each<T, U>(
    items: &[T],
    title: impl Fn(&T) -> String,
    mut step: impl FnMut(&T) -> Result<U>,
) -> Result<Vec<U>> {
    let progress = Progress::new(items.len() as u64);
    progress.beat();
    let mut made = Vec::new();
    for (item, number) in items.iter().zip(1..) {
        progress.now(&format!("{} ({number} of {})", title(item), items.len()), None);
        made.push(step(item)?);
        progress.step();
    }
    Ok(made)
}
