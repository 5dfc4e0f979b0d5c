//! Sweeps of a parameter file, through the program: bad input, the same bytes whatever happens to the ranks, jobs that are
//! killed or told to stop, programs as tasks, what the other commands tell, and the plans of sims/sweep.

mod commands;
mod input;
mod inspect;
mod journal;
mod killed;
mod killers;
mod place;
mod plans;
mod posterior;
mod same_bytes;
mod stops;
mod values;
