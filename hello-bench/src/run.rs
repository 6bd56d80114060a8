//! A run on disk: what it set out to do, and each sample as it lands, so that nothing measured is lost.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limit::Limit;
use crate::metadata::Metadata;
use crate::plan::Plan;
use crate::sample::Sample;
use crate::system::host::Host;
use hello_load::Scenario;

/// The version of the files' form. A reader refuses another one.
pub const SCHEMA: u32 = 2;
/// What the run set out to do.
const RUN: &str = "run.json";
/// A sample a line: one service under one scenario in one round.
const SAMPLES: &str = "samples.jsonl";

/// All that is known of a run before it measures.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Run {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version of hello-bench.
    pub hello_bench: String,
    /// The command line.
    pub command: String,
    /// The cargo profile that services were built with.
    pub profile: String,
    /// The version of the k6 that offered the loads; absent where the embedded engine did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k6: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// Where it was measured.
    pub host: Host,
    /// The order of the trials.
    pub plan: Plan,
    /// The loads of the plan, as they were then.
    pub scenarios: Vec<Scenario>,
    /// What is known of each service, in the order of the plan.
    pub services: Vec<Metadata>,
    /// The limits of `--fail-if`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
}

impl Run {
    /// The load of this name.
    pub fn scenario(&self, name: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.name == name)
    }
}

/// The folder of a run.
#[derive(Debug)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    samples: File,
}

impl Folder {
    /// Makes the folder, or uses an empty one.
    ///
    /// # Errors
    /// When it cannot be written, or holds a run already.
    pub fn create(path: &Path) -> Result<Self> {
        let cannot = || format!("cannot write to {}: choose another folder with --out", path.display());
        fs::create_dir_all(path).with_context(cannot)?;
        let samples = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path.join(SAMPLES))
            .with_context(cannot)?;
        // A run that ended before its first sample leaves an empty file; one under way holds the lock.
        let is_free = samples.try_lock().is_ok() && samples.metadata().with_context(cannot)?.len() == 0;
        ensure!(is_free, "{} already has a run: choose another folder with --out", path.display());
        Ok(Self { path: path.to_owned(), samples })
    }

    /// Writes what the run sets out to do.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn describe(&self, run: &Run) -> Result<()> {
        self.write(RUN, &serde_json::to_string_pretty(run)?)
    }

    /// Appends a sample.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&mut self, sample: &Sample) -> Result<()> {
        let mut line = serde_json::to_string(sample)?;
        line.push('\n');
        let written = self.samples.write_all(line.as_bytes());
        written.with_context(|| format!("cannot write {}", self.path.join(SAMPLES).display()))
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        write(&self.path, name, text)
    }
}

/// Writes a whole file into the folder of a run.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    let mut text = text.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Whether a folder holds a run.
pub fn is_run(folder: &Path) -> bool {
    folder.join(RUN).is_file()
}

/// Reads a run and its samples. A last line that was cut off, as by a full disk, is left out.
///
/// # Errors
/// When the folder holds no run, or one of another schema.
pub fn read(folder: &Path) -> Result<(Run, Vec<Sample>)> {
    let path = folder.join(RUN);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}: is it the folder of a run?", path.display()))?;
    let run = parse(&text).with_context(|| path.display().to_string())?;
    let path = folder.join(SAMPLES);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let samples = samples(&text).with_context(|| path.display().to_string())?;
    Ok((run, samples))
}

/// The version of a file's form alone, whatever else it holds.
#[derive(Deserialize)]
struct Versioned {
    schema: u32,
}

fn parse(text: &str) -> Result<Run> {
    let Versioned { schema } = serde_json::from_str(text).context("this is not a run")?;
    ensure!(
        schema == SCHEMA,
        "this run has schema {schema}, but this version of hello-bench reads schema {SCHEMA}: measure again"
    );
    serde_json::from_str(text).context("this is not a run")
}

/// Parses the text of a samples file. A last line that was cut off is left out.
///
/// # Errors
/// When another line is no sample.
pub fn samples(text: &str) -> Result<Vec<Sample>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut samples = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match serde_json::from_str(line) {
            Ok(sample) => samples.push(sample),
            Err(_) if index + 1 == lines.len() && !text.ends_with('\n') => {}
            Err(cause) => return Err(cause).with_context(|| format!("line {}: not a sample", index + 1)),
        }
    }
    Ok(samples)
}
