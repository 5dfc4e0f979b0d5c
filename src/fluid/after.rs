//! What a problem has to say at the ends of a step: how long it may be, and what else changes the cells when it is done.

use super::flow::Flow;
use super::initial::conserved_of;
use super::primitive::Findings;
use super::problem::State;
use super::rows::Row;
use crate::{Error, Result};

impl Flow {
    /// The longest step that the problem allows from here, on all ranks. All ranks.
    ///
    /// # Errors
    /// On all ranks, one that is not positive.
    pub(super) fn longest_step(&self, number: u64) -> Result<f64> {
        if !self.problem.has_longest_step() {
            return Ok(f64::INFINITY);
        }
        let mine = self.with_cells(|cells| self.problem.longest_step(cells, self.time));
        let longest = self.comm.all_reduce_min(if mine.is_nan() { f64::NEG_INFINITY } else { mine });
        if longest > 0.0 {
            return Ok(longest);
        }
        let reason = format!("step {number}: the longest step that the problem allows is not positive");
        Err(Error::Numerics { method: "fluid", reason })
    }

    /// Lets the problem change each cell of gas after a step of length `dt` to `time`; what is found out about this rank's cells.
    pub(super) fn after_step(&mut self, time: f64, dt: f64) -> Findings {
        let gas = self.physics.gas;
        let mut values = vec![0.0; self.physics.variables()];
        let blocks: Vec<_> = self.blocks().collect();
        let mut findings = Findings::default();
        for (place, origin) in blocks {
            let solid = self.solids[place].as_ref();
            let extent = self.conserved[place].extent();
            for (j, k) in self.conserved[place].rows() {
                for i in (0..extent[0] as isize).filter(|&i| solid.is_none_or(|solid| !solid.at([i, j, k]))) {
                    let row = Row::of(&self.primitive[place], [i, j, k]);
                    values.iter_mut().enumerate().for_each(|(variable, value)| *value = row.from(variable, 0)[0]);
                    let before = values.clone();
                    self.problem.after_step(&self.cell(origin, [i, j, k]), time, dt, &mut values);
                    if values == before {
                        continue;
                    }
                    let conserved = conserved_of(&State::of(&values, gas), gas).into_iter().enumerate();
                    conserved.for_each(|(variable, value)| self.conserved[place].put(variable, [i, j, k], value));
                }
            }
            findings.merge(&self.find(place));
        }
        findings
    }
}
