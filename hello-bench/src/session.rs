//! What every command works with: the division of cores, decided once, and whether the user wants to stop.

use anyhow::Result;

use crate::interrupt::Interrupt;
use crate::system::cores::Cores;

/// What every command works with.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The cores of services and generator.
    pub cores: Cores,
    /// Whether the user wants to stop.
    pub interrupt: Interrupt,
}

impl Session {
    /// The session of this process: from now on signals set its interrupt.
    ///
    /// # Errors
    /// When the system refuses handlers or does not list the cores.
    pub(crate) fn start() -> Result<Self> {
        Ok(Self { cores: Cores::split()?, interrupt: Interrupt::on_signal()? })
    }

    /// The same session with all cores for service and generator alike: for what is not timed.
    #[must_use]
    pub(crate) fn untimed(&self) -> Self {
        Self { cores: self.cores.shared(), interrupt: self.interrupt.clone() }
    }
}
