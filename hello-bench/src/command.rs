//! Another program's run, captured, and ended when the user interrupts.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::interrupt::Interrupt;

/// How often a running program is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How a program ended, and what it printed.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub status: ExitStatus,
    /// What it printed on stdout.
    pub stdout: String,
    /// What it printed on stderr.
    pub stderr: String,
}

/// Runs `command` to its end and returns what it printed on stdout.
///
/// # Errors
/// When it cannot be started, fails (with the end of what it printed on stderr), or the user interrupts.
pub(crate) fn run(command: &mut Command, interrupt: &Interrupt) -> Result<String> {
    let ended = watch(command, &mut || !interrupt.is_set())?;
    if !ended.status.success() {
        bail!("`{}` failed ({}):\n{}", shown(command), ended.status, tail(&ended.stderr));
    }
    Ok(ended.stdout)
}

/// Runs `command` to its end, however it ends, and asks again and again whether to go on.
///
/// # Errors
/// When it cannot be started, or is not to go on.
pub(crate) fn watch(command: &mut Command, goes_on: &mut dyn FnMut() -> bool) -> Result<Ended> {
    let shown = shown(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot run `{shown}`"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let stdout = thread::spawn(move || read(stdout));
    let stderr = thread::spawn(move || read(stderr));
    let status = wait(&mut child, goes_on)?;
    let stdout = stdout.join().unwrap_or_default();
    let stderr = stderr.join().unwrap_or_default();
    Ok(Ended { status, stdout, stderr })
}

/// Ends a process group at once and reaps its leader.
pub(crate) fn kill_group(child: &mut Child) {
    let _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
    let _ = child.wait();
}

fn wait(child: &mut Child, goes_on: &mut dyn FnMut() -> bool) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if !goes_on() {
            kill_group(child);
            bail!("interrupted");
        }
        thread::sleep(POLL_INTERVAL);
    }
}

fn read(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// The last lines of what a program printed.
fn tail(text: &str) -> String {
    const LINES: usize = 20;
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_and_failures_are_reported() {
        let interrupt = Interrupt::default();
        assert_eq!(run(Command::new("echo").arg("a"), &interrupt).unwrap(), "a\n");
        let failed = run(Command::new("sh").args(["-c", "echo why >&2; exit 3"]), &interrupt)
            .unwrap_err()
            .to_string();
        assert!(failed.contains("why") && failed.contains("exit status: 3"), "{failed}");
        let missing = format!("{:#}", run(&mut Command::new("/no/such"), &interrupt).unwrap_err());
        assert!(missing.contains("/no/such"), "{missing}");
    }
}
