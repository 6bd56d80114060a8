//! What the generator costs: its CPU time per request beside wrk's, on the same server, turn by turn.
//!
//! `cargo bench -p hello-bench --bench engine`. wrk is the system's; without it there is nothing to compare with.

use std::process::{Command, Stdio};
use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use hello_bench::interrupt::Interrupt;
use hello_bench::launch::Running;
use hello_bench::program::Builder;
use hello_bench::service::Catalogue;
use hello_bench::system::cores::Cores;
use hello_stats::Estimate;
use hello_stats::paired::log_ratio;
use nix::sys::resource::{UsageWho, getrusage};
use tempfile::NamedTempFile;

/// Turns of each.
const ROUNDS: usize = 30;
/// Seconds of load in a turn: wrk accepts no less.
const SECONDS: u32 = 1;
/// The fastest server, so that the generator is the one that is busy.
const SERVICE: &str = "hello-floor";

fn main() -> Result<()> {
    if Command::new("wrk")
        .arg("-v")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_err()
    {
        println!("skipped: wrk is not installed (apt-get install wrk)");
        return Ok(());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let catalogue = Catalogue::read(Some(&root.join("services.toml")))?;
    let service = catalogue.select(&[SERVICE.to_owned()])?.remove(0);
    let interrupt = Interrupt::on_signal()?;
    let program = Builder::new(&catalogue, "release", &interrupt).build(&service)?;
    let cores = Cores::split()?;
    let load = format!(
        r#"{{"s": {{"about": "", "model": "closed", "connections": 64, "think_time_s": 0, "duration_s": {SECONDS}}}}}"#
    );
    let scenarios = NamedTempFile::with_suffix(".json")?;
    fs::write(&scenarios, load)?;
    let (mut engine, mut wrk) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        interrupt.check()?;
        let running = Running::launch(&program, &cores)?;
        let url = format!("http://{}", running.address);
        for is_ours in [round % 2 == 1, round % 2 == 0] {
            if is_ours {
                engine.push(cores.on_generator(|| ours(&url, scenarios.path()))??);
            } else {
                wrk.push(cores.on_generator(|| theirs(&url))??);
            }
        }
        println!("round {round}: hello-bench {:.2} µs, wrk {:.2} µs", engine[round - 1], wrk[round - 1]);
    }
    let logs = engine.iter().zip(&wrk).map(|(engine, wrk)| log_ratio(*engine, *wrk));
    let logs = logs.collect::<Option<Vec<f64>>>().context("a turn took no time")?;
    let Estimate { value, low, high, .. } = Estimate::of_mean(&logs).context("no rounds")?.exp();
    println!("CPU per request, hello-bench vs wrk: {value:.3} [{low:.3}, {high:.3}]");
    Ok(())
}

/// CPU µs per verified request of `hello-bench load`.
fn ours(url: &str, scenarios: &Path) -> Result<f64> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hello-bench"));
    command
        .args(["load", "--format", "json", "--scenario", "s", "--url", url, "--scenarios"])
        .arg(scenarios);
    let (printed, cpu_us) = cpu_of(&mut command)?;
    let page: serde_json::Value = serde_json::from_str(&printed)?;
    Ok(cpu_us / page["requests"].as_f64().context("no count of requests")?)
}

/// CPU µs per request of wrk, which verifies nothing.
fn theirs(url: &str) -> Result<f64> {
    let mut command = Command::new("wrk");
    command.args(["-t1", "-c64", &format!("-d{SECONDS}"), &format!("{url}/?name=abcde")]);
    let (printed, cpu_us) = cpu_of(&mut command)?;
    let line = printed
        .lines()
        .find(|line| line.contains(" requests in "))
        .context("wrk printed no count")?;
    let count: f64 = line.split_whitespace().next().context("wrk printed no count")?.parse()?;
    Ok(cpu_us / count)
}

/// What a command printed, and the CPU time that it took, start and end included.
fn cpu_of(command: &mut Command) -> Result<(String, f64)> {
    let spent = || -> Result<f64> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let us = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1e6 + time.tv_usec() as f64;
        Ok(us(usage.user_time()) + us(usage.system_time()))
    };
    let before = spent()?;
    let output = command.stderr(Stdio::null()).output()?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok((String::from_utf8(output.stdout)?, spent()? - before))
}
