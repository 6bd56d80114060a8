//! Services in containers: images built from the Dockerfile, and one container at a time with a CPU set and a limit.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use nix::unistd::{Gid, Uid};
use serde::Deserialize;

use crate::command;
use crate::interrupt::Interrupt;
use crate::metadata::Image;
use crate::program::{Program, named_by};
use crate::recipe::Recipe;
use crate::service::{Catalogue, ImageEntry};
use crate::system::cores::Cores;

/// What follows the name of a service that runs in a container.
const SUFFIX: &str = "@docker";
/// The label that names the base image (OCI image specification, annotations): the first line of our own layers.
const BASE_NAME: &str = "org.opencontainers.image.base.name";
/// What an engine or a client without BuildKit needs.
const BUILDKIT: &str = "the images need BuildKit: install buildx (Debian: docker-buildx, Docker's own packages: docker-buildx-plugin) or Docker 20.10, or leave out --docker";

/// Docker's command line, with an engine that answers.
#[derive(Clone, Debug)]
pub struct Docker {
    program: PathBuf,
}

/// What `docker image inspect` tells, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    size: u64,
}

impl Docker {
    /// Takes the program that the variable `DOCKER` names, or else the first `docker` on the `PATH`.
    ///
    /// # Errors
    /// When there is none, its engine does not answer, or it cannot build with BuildKit.
    pub fn find(interrupt: &Interrupt) -> Result<Self> {
        let program = named_by("DOCKER", "docker").context(
            "there is no docker: install Docker's engine, set DOCKER to its client, or leave out --docker to measure only processes",
        )?;
        let ask = |words: &[&str]| {
            let mut asked = Command::new(&program);
            asked.env("DOCKER_BUILDKIT", "1").args(words);
            command::watch(&mut asked, &mut || !interrupt.is_set())
        };
        let answered = ask(&["version", "--format", "{{.Server.Version}}"])?;
        let complaint = answered.stderr.lines().next_back().unwrap_or("it gave no cause");
        ensure!(
            answered.status.success(),
            "Docker's engine does not answer: {complaint} Start it, or leave out --docker"
        );
        // A client from 23.0 on is without BuildKit where buildx is not installed, and shows so before any build.
        let answered = ask(&["build", "--help"])?;
        ensure!(answered.status.success(), "{BUILDKIT}");
        Ok(Self { program })
    }

    /// Builds the image of a service that has one.
    ///
    /// # Errors
    /// When it has none, the build fails, or the engine does not tell the size.
    pub fn build(&self, catalogue: &Catalogue, native: &Program, interrupt: &Interrupt) -> Result<Program> {
        let name = native.service.name.as_str();
        let recipe = Recipe::of(&native.service).with_context(|| format!("{name} has no image"))?;
        let mut build = Command::new(&self.program);
        build.current_dir(&catalogue.root).env("DOCKER_BUILDKIT", "1");
        build.args(recipe.build_arguments());
        let built = command::watch(&mut build, &mut || !interrupt.is_set())?;
        let complaint = &built.stderr;
        ensure!(built.status.success() || !lacks_buildkit(complaint), "{BUILDKIT}");
        ensure!(built.status.success(), "cannot build the image of {name} ({}):\n{complaint}", built.status);
        let image = self.inspect(&recipe.tag, name, interrupt)?;
        let mut program = native.clone();
        program.service.name = format!("{name}{SUFFIX}");
        program.metadata.name.clone_from(&program.service.name);
        program.metadata.source = None;
        program.metadata.binary_bytes = None;
        program.path.clone_from(&self.program);
        program.metadata.image = Some(image);
        Ok(program)
    }

    fn inspect(&self, tag: &str, native: &str, interrupt: &Interrupt) -> Result<Image> {
        let mut asked = Command::new(&self.program);
        let printed =
            command::run(asked.args(["image", "inspect", "--format", "{{json .}}", tag]), interrupt)?;
        let inspected: Inspected =
            serde_json::from_str(&printed).with_context(|| format!("docker's account of {tag}"))?;
        let mut asked = Command::new(&self.program);
        asked.args(["history", "--no-trunc", "--human=false", "--format", "{{.Size}}\t{{.CreatedBy}}", tag]);
        let added_bytes = added(&command::run(&mut asked, interrupt)?)
            .with_context(|| format!("{tag} does not label its base image"))?;
        Ok(Image { name: tag.to_owned(), native: native.to_owned(), bytes: inspected.size, added_bytes })
    }
}

/// Whether a failed build is one without BuildKit: of an engine before 18.09, or of one that has it switched off.
fn lacks_buildkit(complaint: &str) -> bool {
    complaint.contains("requires BuildKit") || complaint.contains("BuildKit not supported")
}

/// The size of the layers above the base image, from a history that begins with the last layer.
fn added(history: &str) -> Option<u64> {
    let mut sum = 0;
    for line in history.lines() {
        let (bytes, created_by) = line.split_once('\t')?;
        sum += bytes.parse::<u64>().ok()?;
        if created_by.contains(BASE_NAME) {
            return Some(sum);
        }
    }
    None
}

/// The container that a program runs in.
#[derive(Clone, Debug)]
pub struct Container {
    docker: PathBuf,
    image: String,
    name: String,
    limits: ImageEntry,
    max_files: Option<u32>,
    /// Variables of the service's own.
    environment: Vec<String>,
}

impl Container {
    /// A container of this program's image, which is not there yet; `None` for a process of the machine.
    pub fn of(program: &Program) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let image = program.metadata.image.as_ref()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("hello-bench-{}-{number}", std::process::id());
        let environment = program.service.environment.iter();
        Some(Self {
            docker: program.path.clone(),
            image: image.name.clone(),
            name,
            limits: program.service.image.clone().unwrap_or_default(),
            max_files: program.max_files,
            environment: environment.map(|(name, value)| format!("{name}={value}")).collect(),
        })
    }

    /// The command that runs it in the foreground: on the service's cores, in the network of the machine so that it is
    /// reached as a process is, with a root that cannot be written and no privileges. Signals to the command reach the
    /// service, except those that cannot be handled.
    pub fn command(&self, cores: &Cores, variables: &[(&str, Option<&str>)]) -> Command {
        let set: Vec<String> = cores.service.iter().map(ToString::to_string).collect();
        let mut command = Command::new(&self.docker);
        command.args(["run", "--rm", "--name", &self.name, "--network", "host", "--read-only"]);
        command.args(["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]);
        command.args(["--pids-limit", &self.limits.max_pids.to_string()]);
        command.args(["--cpuset-cpus", &set.join(","), "--memory", &format!("{}m", self.limits.memory_mib)]);
        if let Some(max_files) = self.max_files {
            command.args(["--ulimit", &format!("nofile={max_files}")]);
        }
        if self.limits.writable_tmp {
            command.args(["--tmpfs", "/tmp"]);
        }
        if !Uid::effective().is_root() {
            // Its memory can be read only by its own user, or by root.
            command.args(["--user", &format!("{}:{}", Uid::effective(), Gid::effective())]);
        }
        for variable in &self.environment {
            command.arg("--env").arg(variable);
        }
        for (name, value) in variables {
            command.arg("--env").arg(format!("{name}={}", value.unwrap_or_default()));
        }
        command.arg(&self.image);
        command
    }

    /// The process of the service, as the machine sees it; `None` when it has ended.
    pub fn pid(&self) -> Option<u32> {
        let mut asked = Command::new(&self.docker);
        asked.args(["inspect", "--format", "{{.State.Pid}}", &self.name]).stderr(Stdio::null());
        let printed = asked.output().ok()?;
        String::from_utf8(printed.stdout).ok()?.trim().parse().ok().filter(|pid| *pid > 0)
    }

    /// Removes it, running or not.
    pub fn remove(&self) {
        let mut remove = Command::new(&self.docker);
        remove.args(["rm", "--force", &self.name]).stdin(Stdio::null());
        let _ = remove.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_layers_end_with_the_label() {
        let label = format!("LABEL {BASE_NAME}=alpine:3.22 b=c");
        let history = format!("0\tENTRYPOINT [\"/x\"]\n900\tCOPY /x /x\n0\t{label}\n8000\tADD rootfs\n");
        assert_eq!(added(&history), Some(900));
        assert_eq!(added("5\tCOPY /x /x\n"), None);
    }
}
