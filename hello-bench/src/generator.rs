//! Who offers a load: the embedded engine, or the user's k6.

use std::time::Duration;

use anyhow::Result;

use crate::engine::{self, Load, Observer};
use crate::k6::K6;
use crate::traffic::Traffic;

/// A generator of load.
#[derive(Clone, Debug)]
pub enum Generator {
    /// [`crate::engine`].
    Embedded,
    /// A k6 of the user's.
    K6(K6),
}

/// What a generator saw and spent.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// What it saw.
    pub traffic: Traffic,
    /// Answers between the observer's two readings.
    pub answers: u64,
    /// CPU time of the generator between them.
    pub generator_cpu: Duration,
}

impl Generator {
    /// Offers the load to its end.
    ///
    /// # Errors
    /// As [`engine::drive`] and [`K6::drive`].
    pub fn drive(&self, load: &Load, observer: &mut dyn Observer) -> Result<Offered> {
        match self {
            Self::Embedded => {
                let driven = engine::drive(load, observer)?;
                Ok(Offered {
                    traffic: Traffic::new(&driven, load.threads),
                    answers: driven.answers,
                    generator_cpu: driven.generator_cpu,
                })
            }
            Self::K6(k6) => k6.drive(load, observer),
        }
    }

    /// The version of k6, where that is the generator.
    pub fn k6_version(&self) -> Option<String> {
        match self {
            Self::Embedded => None,
            Self::K6(k6) => Some(k6.version.clone()),
        }
    }
}
