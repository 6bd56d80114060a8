//! The comparison: one chain of plain data from who is compared to the pages that show it.
//!
//! | link | type |
//! |---|---|
//! | who | [`service::Service`], made ready as [`program::Program`] |
//! | load to offer | [`hello_load::Scenario`] |
//! | one service in one round | [`sample::Sample`] |
//! | statistics | [`summary::Summary`] |
//! | result | [`report::Report`] |
//! | pages | [`render`] |

#![cfg(target_os = "linux")]

pub mod build;
pub mod check;
pub mod cli;
pub mod command;
pub mod compare;
mod contender;
pub mod count;
pub mod diff;
pub mod docker;
pub mod generator;
pub mod headline;
pub mod history;
pub mod interrupt;
pub mod k6;
pub mod launch;
pub mod limit;
pub mod measure;
pub mod metadata;
pub mod metric;
mod participant;
pub mod plan;
pub mod probe;
pub mod program;
pub mod progress;
pub mod raw;
pub mod recipe;
pub mod render;
pub mod report;
pub mod round;
pub mod ruling;
pub mod run;
pub mod sample;
pub mod service;
pub mod session;
pub mod stress;
pub mod summary;
pub mod system;
mod termination;
pub mod threshold;
pub mod trial;
pub mod validate;
pub mod variant;
pub mod warm_up;
pub mod warning;
