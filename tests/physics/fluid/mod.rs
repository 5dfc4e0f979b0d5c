//! Flows, from the program's own files: errors against exact solutions and published figures, symmetries to the last bit,
//! conservation, and input that is refused.

mod accuracy;
mod cold;
mod conservation;
mod diffusion;
mod input;
mod problems;
mod run;
mod shocks;
mod symmetry;
