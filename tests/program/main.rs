//! The program and its examples as users meet them, and what the project promises of its own files.

#[path = "../common/mod.rs"]
mod common;

mod check;
mod cli;
#[cfg(feature = "compress")]
mod compress;
mod damaged;
mod docs;
mod events;
mod examples;
mod extremes;
mod folder;
mod json;
mod layering;
mod lectures;
mod locks;
mod new;
mod notes;
mod nothing_lost;
mod parameters;
mod pictures;
mod report;
mod runs;
mod scaling;
mod scripts;
mod shell;
mod standard_output;
mod submit;
mod sweeps;
mod trace;
mod verify;
mod watchdog;
