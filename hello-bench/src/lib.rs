//! The comparison.
pub mod engine;
pub mod scenario;
