//! Programs made ready for a comparison: services built one by one, their images, and the control.

use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::docker::Docker;
use crate::interrupt::Interrupt;
use crate::program::{Builder, LANES, Program};
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::service::{Catalogue, Service};

/// Builds each service by itself. What ends a build, the optimization of the whole program, keeps one core busy, so
/// services are built in two lanes side by side, each with a folder of its own for what cargo makes.
///
/// # Errors
/// When a build fails.
pub(crate) fn all(builder: &Builder, services: &[Service]) -> Result<Vec<Program>> {
    let title = |service: &Service| format!("building {} ({} services)", service.name, services.len());
    in_lanes(services, |service| builder.lane(service), title, |service| builder.build(service))
}

/// One step an item, in lanes side by side, with progress; the results are in the order of the items.
pub(crate) fn in_lanes<T: Sync, U: Clone + Send>(
    items: &[T],
    lane_of: impl Fn(&T) -> usize + Sync,
    title: impl Fn(&T) -> String + Sync,
    step: impl Fn(&T) -> Result<U> + Sync,
) -> Result<Vec<U>> {
    let progress = Progress::new(items.len() as u64);
    progress.beat();
    let lane = |lane: usize| {
        let own = items.iter().enumerate().filter(|(_, item)| lane_of(item) == lane);
        own.map(|(index, item)| {
            progress.now(&title(item), None);
            let made = step(item)?;
            progress.step();
            Ok((index, made))
        })
        .collect::<Result<Vec<(usize, U)>>>()
    };
    let mut built = thread::scope(|scope| {
        let lane = &lane;
        let lanes: Vec<_> = (0..LANES).map(|number| scope.spawn(move || lane(number))).collect();
        let joined = lanes.into_iter().map(|lane| lane.join().map_err(|_| anyhow!("a build panicked"))?);
        joined.collect::<Result<Vec<_>>>()
    })?
    .concat();
    built.sort_by_key(|(index, _)| *index);
    Ok(built.into_iter().map(|(_, made)| made).collect())
}

/// Builds an image for each service that has one.
///
/// # Errors
/// When a build fails.
pub(crate) fn images(
    docker: &Docker,
    catalogue: &Catalogue,
    programs: &[Program],
    interrupt: &Interrupt,
) -> Result<Vec<Program>> {
    let has_image = |program: &&Program| Recipe::of(&program.service).is_some();
    let with_image: Vec<&Program> = programs.iter().filter(has_image).collect();
    let title = |program: &&Program| format!("building the image of {}", program.service.name);
    each(&with_image, title, |program| docker.build(catalogue, program, interrupt))
}

/// Builds each service from nothing, and notes how long that took.
///
/// # Errors
/// When a build fails.
pub(crate) fn time_clean_builds(builder: &Builder, programs: &mut [Program]) -> Result<()> {
    let title = |program: &Program| format!("building {} from nothing", program.service.name);
    let times = each(programs, title, |program| builder.clean_build(program))?;
    for (program, time) in programs.iter_mut().zip(times) {
        program.metadata.clean_build_s = time.map(|time| time.as_secs_f64());
    }
    Ok(())
}

/// A second copy of the reference, never ranked: its ratio must be 1. `None` where a second one cannot run.
///
/// # Errors
/// When the reference is not among the programs, or cannot be copied.
pub(crate) fn control(programs: &[Program], reference: &str) -> Result<Option<Program>> {
    let original = programs.iter().find(|program| program.service.name == reference);
    let original = original.with_context(|| format!("there is no {reference} to copy as the control"))?;
    if !original.service.can_run_twice() {
        return Ok(None);
    }
    let mut control = original.copy(&format!("{reference} (control)"))?;
    control.metadata.control = true;
    (control.metadata.tuned_from, control.metadata.image) = (None, None);
    control.metadata.variant = None;
    control.metadata.source = None;
    Ok(Some(control))
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
