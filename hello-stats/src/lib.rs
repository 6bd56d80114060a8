//! The statistics of the comparison: plain functions on slices of numbers, checked against SciPy.
//!
//! Two services are compared by the logarithms of their ratios, one value a round ([`paired`]). From these come the
//! ratio and its interval ([`estimate`]), the p-value ([`sign_flip`]), and the ranges of ranks ([`ranks`]). Two runs,
//! whose rounds are not pairs, are compared by [`permutation`].

pub mod estimate;
pub mod paired;
pub mod permutation;
pub mod ranks;
pub mod sign_flip;
pub mod summary;

pub use estimate::{Bounds, Estimate, MIN_ROUNDS_FOR_INTERVAL};
pub use summary::{mean, median, median_absolute_deviation};
