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
    let mut command = piped(executable(program));
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

/// The executable, with an open-file limit if it has one of its own: a shell sets that and becomes the service.
fn executable(program: &Program) -> Command {
    let Some(max_files) = program.max_files else { return Command::new(&program.path) };
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", &format!("ulimit -n {max_files} && exec \"$0\" \"$@\"")])
        .arg(&program.path);
    shell
}

pub(super) fn piped(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}
