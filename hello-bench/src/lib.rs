//! The comparison: one chain of plain data from who is compared to the pages that show it.
//!
//! | link | type |
//! |---|---|
//! | who | [`service::Service`], made ready as [`program::Program`] |
//! | load to offer | [`hello_load::Scenario`] |
//! | one service in one round | `sample::Sample` |
//! | statistics | `summary::Summary` |
//! | result | [`report::Report`] |
//! | pages | [`render`] |

#![cfg(target_os = "linux")]

mod build;
mod check;
pub mod cli;
mod command;
mod compare;
mod contender;
mod count;
mod diff;
pub mod docker;
mod generator;
mod headline;
mod history;
pub mod interrupt;
pub mod k6;
pub mod launch;
mod limit;
mod measure;
mod metadata;
mod metric;
mod participant;
mod patience;
mod plan;
pub mod probe;
pub mod program;
mod progress;
pub mod raw;
mod recipe;
pub mod render;
pub mod report;
mod round;
mod ruling;
pub mod run;
pub mod sample;
pub mod service;
mod session;
mod stress;
mod stress_round;
mod summary;
pub mod system;
mod termination;
mod threshold;
mod trial;
mod validate;
mod validation;
pub mod variant;
mod warm_up;
mod warning;
