//! What a problem has to say at the ends of a step: how long it may be, and what else changes the cells when it is done.

use super::added::Sums;
use super::findings::Findings;
use super::flow::Flow;
use super::initial::put_conserved;
use super::problem::Cell;
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
    /// All ranks.
    pub(super) fn after_step(&mut self, time: f64, dt: f64) -> Findings {
        let blocks: Vec<_> = self.blocks().collect();
        let mut findings = Findings::default();
        let mut added = Sums::new();
        for (place, origin) in blocks {
            self.change(place, origin, [time, dt]);
            findings.merge(&self.find(place, &mut added));
        }
        self.added.take(added, &self.comm, self.layout.grid());
        findings
    }

    /// Lets the problem change the cells of gas of one block: their conserved variables are those of what it makes.
    fn change(&mut self, place: usize, origin: [usize; 3], [time, dt]: [f64; 2]) {
        let Flow { problem, physics, layout, primitive, conserved, solids, .. } = self;
        let (primitive, conserved, solid) = (&primitive[place], &mut conserved[place], solids[place].as_ref());
        let mut before = vec![0.0; physics.variables()];
        let mut values = before.clone();
        for (j, k) in conserved.rows() {
            let row = Row::of(primitive, [0, j, k]);
            for i in 0..conserved.extent()[0] as isize {
                if solid.is_some_and(|solid| solid.at([i, j, k])) {
                    continue;
                }
                before.iter_mut().enumerate().for_each(|(variable, value)| *value = row.from(variable, i)[0]);
                values.copy_from_slice(&before);
                let index = [i, j, k];
                let index = std::array::from_fn(|axis| origin[axis] as i64 + index[axis] as i64);
                problem.after_step(&Cell::of(layout.grid(), index), time, dt, &mut values);
                if values != before {
                    put_conserved(&values, physics.gas, |variable, value| conserved.put(variable, [i, j, k], value));
                }
            }
        }
    }
}
