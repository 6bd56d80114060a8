//! One service of `services.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use hello_load::{Exchange, Strictness};

use crate::service::image::ImageEntry;
use crate::service::own::{Expect, Request, RunCommand};
use crate::service::url;

/// One service of the catalogue.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The name: binary, label, and, unless it is tuned, folder and package.
    pub name: String,
    /// The framework, as its crate or package is named; the name when absent.
    #[serde(default)]
    pub framework: String,
    /// The language that it is written in; Rust for a package and unknown for others when absent.
    #[serde(default)]
    pub language: String,
    /// The workspace member to build and run; absent for a service that `run` starts.
    pub package: Option<String>,
    /// Whether it is the same app under other server settings: the package's second binary, built with its feature
    /// `tuned` and without its default ones.
    #[serde(default)]
    pub tuned: bool,
    /// The command that starts it, relative to the root, as words or a line for the shell; `{port}` in it stands for its
    /// port. Absent for a package.
    #[serde(default, deserialize_with = "command")]
    pub run: Option<Vec<String>>,
    /// Where it runs already, as `http://HOST:PORT/PATH`; absent for what is started here.
    pub url: Option<String>,
    /// The port that it takes, where it cannot be given one in the environment as `PORT`.
    pub port: Option<u16>,
    /// What to send, for a service that does not keep the hello contract.
    pub request: Option<Request>,
    /// What to expect; a status of 200 where `request` or `url` is there and this is not.
    pub expect: Option<Expect>,
    /// The folder of `build`, `run` and the commands below, relative to the root: the root itself when absent.
    #[serde(default)]
    pub folder: PathBuf,
    /// The commands that build it, in order; none for a package.
    #[serde(default)]
    pub build: Vec<Vec<String>>,
    /// The programs that building and running it take, and how to get each.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The command that prints the framework's version; for a package it comes from cargo.
    pub version: Option<Vec<String>>,
    /// The command that prints how many third-party packages it is built from; for a package it comes from cargo.
    pub dependencies: Option<Vec<String>>,
    /// What the build makes, relative to `folder`, where that is a single file.
    pub binary: Option<PathBuf>,
    /// Whether it must be given a port, as it does not print which free one it took.
    #[serde(default)]
    pub given_port: bool,
    /// Seconds of load, as fast as it goes, before each measurement and before the scenario's own warm-up: for a JIT
    /// compiler.
    #[serde(default)]
    pub warm_up_s: u32,
    /// The files that make it up, relative to the root: what lines of code are counted in.
    #[serde(default)]
    pub sources: Vec<PathBuf>,
    /// Whether it is the limit of the machine, which is measured and never ranked.
    #[serde(default)]
    pub floor: bool,
    /// Whether only the core of the contract is asked of it.
    #[serde(default)]
    pub core_contract: bool,
    /// Variables that it is started with, beside `HOST` and `PORT`.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Its image, for a service that `run` starts; packages have one by default.
    pub image: Option<ImageEntry>,
    /// Seconds that it may take to start.
    #[serde(default = "ten")]
    pub start_timeout_s: u32,
    /// What it may break, since its framework does and leaves no way round.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

/// A rule that a service may break.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Which command finds it.
    pub command: Finder,
    /// The case, as the command names it.
    pub case: String,
    /// Why, and where it was reported.
    pub reason: String,
}

/// A command that finds broken rules.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Finder {
    /// Of the contract.
    Check,
    /// Of what bad and slow peers may expect.
    Probe,
}

/// A program that a service takes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Its name on the `PATH`.
    pub program: String,
    /// How to get it.
    pub get: String,
}

fn command<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    RunCommand::deserialize(deserializer).map(|command| Some(command.words()))
}

fn ten() -> u32 {
    10
}

impl Service {
    /// What a right answer of this service is.
    pub fn strictness(&self) -> Strictness {
        Strictness::new(self.core_contract || self.is_own())
    }

    /// Whether it keeps a contract of its own: what it is sent and what it answers is in the catalogue.
    pub fn is_own(&self) -> bool {
        self.request.is_some() || self.expect.is_some() || self.url.is_some()
    }

    /// What it is sent, and what must come back; absent for a service that greets.
    pub fn exchange(&self) -> Option<Exchange> {
        self.is_own().then(|| {
            let path = self.url.as_deref().and_then(|url| url::path(url).map(str::to_owned));
            let request = self.request.clone().unwrap_or_default();
            self.expect.clone().unwrap_or_default().of(Exchange { path, ..Exchange::get() }, request)
        })
    }

    /// Whether a second copy of it can run beside it: it is started here, and takes any port.
    pub fn can_run_twice(&self) -> bool {
        self.url.is_none() && self.port.is_none()
    }

    /// How long it may take to start.
    pub fn start_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.start_timeout_s))
    }

    /// What it may break of what this command checks.
    pub fn exceptions(&self, command: Finder) -> Vec<&Exception> {
        self.exceptions.iter().filter(|exception| exception.command == command).collect()
    }

    pub(super) fn is_plain(&self) -> bool {
        !self.tuned && !self.floor && !self.core_contract
    }

    /// A server of the user's own: started by a command in this folder, or running already at a URL. `GET /`, or the path
    /// of the URL, must be answered with 200.
    ///
    /// # Errors
    /// When the URL is of another form.
    pub fn given(name: &str, source: &str, folder: &Path) -> Result<Self> {
        let mut fields = toml::Table::new();
        let is_url = source.starts_with("http://") || source.starts_with("https://");
        for (key, value) in [("name", name), (if is_url { "url" } else { "run" }, source)] {
            fields.insert(key.to_owned(), value.into());
        }
        fields.insert("folder".to_owned(), folder.display().to_string().into());
        fields.insert("expect".to_owned(), toml::Table::new().into());
        let service = fields.try_into::<Self>()?.with_defaults();
        service.check()?;
        Ok(service)
    }

    /// The same service with what is absent filled in.
    pub(super) fn with_defaults(mut self) -> Self {
        if self.framework.is_empty() {
            self.framework.clone_from(&self.name);
        }
        if self.language.is_empty() {
            self.language = if self.package.is_some() { "Rust" } else { "unknown" }.to_owned();
        }
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        let name = &self.name;
        let commands = self.build.iter().chain(&self.version).chain(&self.dependencies);
        ensure!(commands.into_iter().all(|words| !words.is_empty()), "service {name:?}: a command is empty");
        ensure!(!name.is_empty(), "a service has an empty name");
        ensure!(self.package.is_some() || !self.tuned, "service {name:?}: only a package can be tuned");
        match (&self.package, &self.run, &self.url) {
            (Some(_), None, None) => {}
            (None, Some(run), None) => ensure!(!run.is_empty(), "service {name:?}: run is empty"),
            (None, None, Some(url)) => {
                url::check(url).map_err(|cause| anyhow::anyhow!("service {name:?}: {cause:#}"))?;
                ensure!(self.port.is_none(), "service {name:?}: give the port in the url");
            }
            _ => bail!("service {name:?} needs one of package, run and url"),
        }
        let fault = self.exchange().and_then(|exchange| exchange.fault());
        fault.map_or(Ok(()), |fault| bail!("service {name:?}: {fault}"))
    }
}
