//! Who offers a load: the embedded engine, or the user's k6.

use anyhow::Result;

use hello_load::{Load, LoadResult, Observer};

use crate::k6::K6;

/// A generator of load.
#[derive(Clone, Debug)]
pub(crate) enum Generator {
    /// [`hello_load`].
    Embedded,
    /// A k6 of the user's.
    K6(K6),
}

impl Generator {
    /// Offers the load to its end.
    ///
    /// # Errors
    /// As [`hello_load::drive`] and [`K6::drive`].
    pub(crate) fn drive(&self, load: &Load, observer: &mut dyn Observer) -> Result<LoadResult> {
        match self {
            Self::Embedded => hello_load::drive(load, observer),
            Self::K6(k6) => k6.drive(load, observer),
        }
    }

    /// The version of k6, where that is the generator.
    pub(crate) fn k6_version(&self) -> Option<String> {
        match self {
            Self::Embedded => None,
            Self::K6(k6) => Some(k6.version.clone()),
        }
    }
}
