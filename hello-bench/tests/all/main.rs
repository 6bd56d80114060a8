//! The tests of the tool as a whole. All are one program, so that they are linked once and wait side by side.
#![cfg(target_os = "linux")]

mod architecture;
mod builds;
mod common;
mod compare;
mod contract;
mod diff;
mod docker;
mod failures;
mod k6;
mod load;
mod made_up;
mod other_languages;
mod own;
mod pages;
mod probe;
mod ranks;
mod stress;
mod tuned;
mod workspace;
