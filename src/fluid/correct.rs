//! What is done where a stage left cells below a floor or scalars beyond their bounds.
//!
//! In order: fluxes of first order for cells below a floor, then the floor (`first_order`); scalars from upwind where they are
//! beyond their bounds, as often as that takes others there, then the bounds (`upwind`).

use super::added::Sums;
use super::findings::Findings;
use super::first_order::{self, Passes};
use super::flow::Flow;
use super::marks::Marks;
use super::step::StageNow;
use super::upwind::{self, BlockMarks};
use crate::Result;

impl Flow {
    /// Corrects the fluxes of the stage just done. All ranks.
    pub(super) fn correct(&mut self, now: &StageNow) -> Result<Findings> {
        let comm = self.comm.clone();
        let _phase = comm.phase("first order");
        let [mut low, mut beyond] = match self.marks.take() {
            Some(marks) => marks,
            None => self.new_marks()?,
        };
        // The stage again: from the state that its fluxes were taken of to the one that it left.
        std::mem::swap(&mut self.primitive, &mut self.next);
        let mut findings = Findings::default();
        if low.find_low(&comm, &self.next, &self.physics) {
            findings.merge(&self.raise(now, &low));
        }
        findings.merge(&self.put_within_bounds(now, &low, &mut beyond));
        std::mem::swap(&mut self.primitive, &mut self.next);
        self.marks = Some([low, beyond]);
        Ok(findings)
    }

    fn new_marks(&self) -> Result<[Marks; 2]> {
        let scalars = self.physics.bounded().count();
        let marks = |kinds: usize| Marks::new(&self.comm, &self.layout, &self.physics, kinds);
        Ok([marks(1)?, marks(scalars.max(1))?])
    }

    /// Gives cells below a floor fluxes of first order, and then the floor. All ranks.
    fn raise(&mut self, now: &StageNow, low: &Marks) -> Findings {
        let plain = Passes::plain(&self.physics);
        let mut added = Sums::new();
        let findings = self.each_block(now, |pass, block| {
            let passes = Passes::new(*pass, &plain);
            let marks = &low.fields[block.place];
            first_order::correct(&passes, &mut block.arrays, block.scratch, marks, &mut added)
        });
        self.added.take(added, &self.comm, self.layout.grid());
        findings
    }

    /// Takes scalars beyond their bounds from upwind, and then puts them back. All ranks.
    fn put_within_bounds(&mut self, now: &StageNow, low: &Marks, beyond: &mut Marks) -> Findings {
        let mut findings = Findings::default();
        if self.physics.bounded().next().is_none() {
            return findings;
        }
        let comm = self.comm.clone();
        let plain = Passes::plain(&self.physics);
        let kept = std::mem::take(&mut self.kept);
        beyond.clear();
        let mut any = false;
        while beyond.find_beyond(&comm, &self.next, &self.physics) {
            any = true;
            findings.merge(&self.each_block(now, |pass, block| {
                let passes = Passes::new(*pass, &plain);
                let marks = BlockMarks { low: &low.fields[block.place], beyond: &beyond.fields[block.place] };
                let before = kept.get(block.place);
                upwind::correct(&passes, &mut block.arrays, block.scratch, marks, before)
            }));
        }
        if any {
            findings.merge(&self.each_block(now, |pass, block| {
                let passes = Passes::new(*pass, &plain);
                upwind::put_back(&passes, &mut block.arrays, block.scratch, &beyond.fields[block.place])
            }));
        }
        self.kept = kept;
        findings
    }
}
