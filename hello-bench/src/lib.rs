//! The comparison: one chain of plain data from who is compared to the pages that show it.
//!
//! | link | type |
//! |---|---|
//! | who | [`service::Service`], made ready as [`program::Program`] |
//! | load to offer | [`scenario::Scenario`] |
//! | order | [`plan::Plan`] of [`plan::Trial`]s |
//! | one trial | [`sample::Sample`] |
//! | statistics | [`summary::Summary`] |
//! | result | [`report::Report`] |
//! | pages | [`render`] |

#![cfg(target_os = "linux")]

pub mod check;
pub mod cli;
pub mod command;
pub mod compare;
pub mod count;
pub mod diff;
pub mod docker;
pub mod engine;
pub mod facts;
pub mod figure;
pub mod finding;
pub mod generator;
pub mod interrupt;
pub mod k6;
pub mod launch;
pub mod measuring;
pub mod plan;
pub mod probe;
pub mod program;
pub mod progress;
pub mod render;
pub mod report;
pub mod run;
pub mod sample;
pub mod scenario;
pub mod service;
pub mod stats;
pub mod summary;
pub mod system;
pub mod traffic;
pub mod validate;
pub mod warning;
