//! The command that starts a service.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::program::Program;

/// The command that starts a service, with its output piped and a process group of its own.
pub fn command(program: &Program, variables: &[(&str, Option<&str>)]) -> Command {
    let port = variables
        .iter()
        .find_map(|(name, value)| value.filter(|_| *name == "PORT"))
        .unwrap_or_default();
    let mut command = piped(Command::new(&program.path));
    command
        .args(program.arguments.iter().map(|word| word.replace("{port}", port)))
        .current_dir(&program.folder)
        .envs(&program.service.environment);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

pub(super) fn piped(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}
