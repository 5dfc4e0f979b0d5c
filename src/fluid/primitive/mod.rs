//! From conserved to primitive variables, row by row: floors, and what the next step must know.
//!
//! In order, for each group of cells: velocities and pressure; where density or pressure is below its floor, the floor, counted,
//! or a word that it is so; on a step's last stage the speeds that limit the next step, and whether all is finite; then scalars:
//! by rounding beyond their bounds put back, their amounts kept; farther beyond put back with their amounts, counted, or a word that
//! it is so.

#[cfg(test)]
mod tests;

use super::findings::{BY_ROUNDING, Care, Corrected, Findings, Floors, LEFT, widened};
use super::gas::GasLaw;
use super::rows::{GROUP, Group, RowMut, groups_of};
use super::update::symmetric_sum;
use crate::simd::{Kernel, Lane, Simd};

/// The primitive variables of a row of cells, of which the conserved ones are given and kept above the floors.
pub(super) struct PrimitiveRow<'a, G> {
    pub gas: G,
    pub conserved: RowMut<'a>,
    pub primitive: RowMut<'a>,
    pub floors: Floors,
    /// What each scalar can be.
    pub bounds: &'a [[f64; 2]],
    pub care: Care,
    /// CellStates; rows go on to the next whole group.
    pub count: usize,
}

impl<G: GasLaw> Kernel for PrimitiveRow<'_, G> {
    type Output = Findings;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Findings {
        if G::HAS_ENERGY { self.cells::<S, 5>(simd) } else { self.cells::<S, 4>(simd) }
    }
}

/// The state of several cells.
#[derive(Clone, Copy)]
struct CellStates<L> {
    conserved: [L; 5],
    inverse: L,
    velocity: [L; 3],
    pressure: L,
}

impl<G: GasLaw> PrimitiveRow<'_, G> {
    #[inline(always)]
    fn cells<S: Simd, const N: usize>(mut self, simd: S) -> Findings {
        let groups = groups_of(self.count);
        let mut watch = Watch::new(simd);
        let mut corrected = Corrected::default();
        let mut told = false;
        let mut conserved: [&mut [Group]; N] = self.conserved.all(groups);
        let primitive: [&mut [Group]; N] = self.primitive.all(groups);
        for group in 0..groups {
            for part in (0..GROUP).step_by(S::F64::WIDTH) {
                let mut valid = first_places(simd, self.count.saturating_sub(group * GROUP + part));
                let mut cells = load(simd, self.gas, &conserved, group, part);
                let low = below(simd, self.gas, self.floors, &cells);
                let found = S::F64::any(S::F64::and(low, valid));
                if found && !self.care.raise {
                    told = true;
                    valid = but_not(simd, valid, low);
                } else if found {
                    corrected.add(raise(simd, self.gas, self.floors, valid, &mut cells));
                    for (row, value) in conserved.iter_mut().zip(cells.conserved) {
                        value.store(&mut row[group][part..]);
                    }
                }
                cells.conserved[0].store(&mut primitive[0][group][part..]);
                for axis in 0..3 {
                    cells.velocity[axis].store(&mut primitive[1 + axis][group][part..]);
                }
                if N > 4 {
                    cells.pressure.store(&mut primitive[4][group][part..]);
                }
                if self.care.look {
                    watch.look(simd, self.gas, &cells, valid);
                }
            }
        }
        for scalar in 0..self.bounds.len() {
            let (changed, beyond) = self.scalar(simd, N, scalar, groups, &mut watch);
            corrected.scalars += changed;
            told |= beyond;
        }
        Findings { corrected, low: told, ..watch.findings(simd) }
    }

    /// A scalar per mass from its amount. Beyond its bounds by rounding it is put back and its amount kept; farther beyond both are
    /// put back and counted, or it is told.
    #[inline(always)]
    fn scalar<S: Simd>(
        &mut self,
        simd: S,
        before: usize,
        scalar: usize,
        groups: usize,
        watch: &mut Watch<S>,
    ) -> (u64, bool) {
        let bounds = self.bounds[scalar];
        let [low, high] = bounds.map(|bound| S::F64::splat(simd, bound));
        let share = if self.care.bound { LEFT } else { BY_ROUNDING };
        let [far_low, far_high] = widened(bounds, share).map(|bound| S::F64::splat(simd, bound));
        let variable = before + scalar;
        let least = S::F64::splat(simd, self.floors.density);
        let mut changed = 0;
        let mut told = false;
        for group in 0..groups {
            for part in (0..GROUP).step_by(S::F64::WIDTH) {
                let density = S::F64::load(simd, &self.conserved.groups(0, groups)[group][part..]);
                let amount = &mut self.conserved.groups(variable, groups)[group][part..];
                let mut scalar = S::F64::load(simd, amount) / density;
                let valid = first_places(simd, self.count.saturating_sub(group * GROUP + part));
                // A density that was left below its floor makes no share of anything.
                let valid = S::F64::and(valid, least.le(density));
                let beyond = S::F64::and(S::F64::or(scalar.lt(low), high.lt(scalar)), valid);
                if S::F64::any(beyond) {
                    let far = S::F64::and(S::F64::or(scalar.lt(far_low), far_high.lt(scalar)), valid);
                    let kept = scalar;
                    scalar = S::F64::select(beyond, scalar.max(low).min(high), scalar);
                    if S::F64::any(far) && self.care.bound {
                        changed += places_of::<S>(simd, far);
                        S::F64::select(far, density * scalar, S::F64::load(simd, amount)).store(amount);
                    } else if S::F64::any(far) {
                        told = true;
                        scalar = S::F64::select(far, kept, scalar);
                    }
                }
                scalar.store(&mut self.primitive.groups(variable, groups)[group][part..]);
                if self.care.look {
                    watch.finite(simd, scalar.abs(), valid);
                }
            }
        }
        (changed, told)
    }
}

#[inline(always)]
fn load<S: Simd, G: GasLaw, const N: usize>(
    simd: S,
    gas: G,
    rows: &[&mut [Group]; N],
    group: usize,
    part: usize,
) -> CellStates<S::F64> {
    let mut conserved = [S::F64::splat(simd, 0.0); 5];
    for variable in 0..N {
        conserved[variable] = S::F64::load(simd, &rows[variable][group][part..]);
    }
    from_conserved(simd, gas, conserved)
}

/// Where a floor is undercut.
#[inline(always)]
fn below<S: Simd, G: GasLaw>(simd: S, _: G, floors: Floors, cells: &CellStates<S::F64>) -> <S::F64 as Lane>::Mask {
    let thin = cells.conserved[0].lt(S::F64::splat(simd, floors.density));
    if !G::HAS_ENERGY {
        return thin;
    }
    S::F64::or(thin, cells.pressure.lt(S::F64::splat(simd, floors.pressure)))
}

/// Raises density and pressure to their floors, the momenta kept; returns how many cells of each.
///
/// The pressure is found again from the raised energy, so that the primitive variables follow from the conserved ones alone.
#[inline(always)]
fn raise<S: Simd, G: GasLaw>(
    simd: S,
    gas: G,
    floors: Floors,
    valid: <S::F64 as Lane>::Mask,
    cells: &mut CellStates<S::F64>,
) -> Corrected {
    let least = S::F64::splat(simd, floors.density);
    let thin = cells.conserved[0].lt(least);
    cells.conserved[0] = S::F64::select(thin, least, cells.conserved[0]);
    *cells = from_conserved(simd, gas, cells.conserved);
    let densities = places_of::<S>(simd, S::F64::and(thin, valid));
    if !G::HAS_ENERGY {
        return Corrected { densities, ..Corrected::default() };
    }
    let least = S::F64::splat(simd, floors.pressure);
    let cold = cells.pressure.lt(least);
    let kinetic = kinetic_energy(simd, &cells.conserved, cells.velocity);
    // E = p/(γ - 1) + ρ v²/2
    let energy = S::F64::splat(simd, 1.0 / (gas.gamma() - 1.0)).mul_add(least, kinetic);
    cells.conserved[4] = S::F64::select(cold, energy, cells.conserved[4]);
    *cells = from_conserved(simd, gas, cells.conserved);
    cells.pressure = S::F64::select(cold, cells.pressure.max(least), cells.pressure);
    Corrected { densities, pressures: places_of::<S>(simd, S::F64::and(cold, valid)), ..Corrected::default() }
}

/// Speeds and finiteness of the cells seen so far.
struct Watch<S: Simd> {
    fastest: [S::F64; 3],
    /// One where a cell was not finite.
    broken: S::F64,
}

impl<S: Simd> Watch<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        let zero = S::F64::splat(simd, 0.0);
        Watch { fastest: [zero; 3], broken: zero }
    }

    #[inline(always)]
    fn look<G: GasLaw>(&mut self, simd: S, gas: G, cells: &CellStates<S::F64>, valid: <S::F64 as Lane>::Mask) {
        // c² = γ p/ρ; the signal along an axis has the speed |v| + c.
        let sound = if G::HAS_ENERGY {
            (S::F64::splat(simd, gas.gamma()) * cells.pressure * cells.inverse).sqrt()
        } else {
            S::F64::splat(simd, gas.constant_speed_squared()).sqrt()
        };
        for (fastest, velocity) in self.fastest.iter_mut().zip(cells.velocity) {
            *fastest = S::F64::select(valid, (velocity.abs() + sound).max(*fastest), *fastest);
        }
        // A sum is a finite number only if all its terms are.
        let size = cells.conserved[0].abs() + cells.pressure.abs() + cells.inverse.abs();
        let size = size + cells.velocity[0].abs() + cells.velocity[1].abs() + cells.velocity[2].abs();
        self.finite(simd, size, valid);
    }

    /// Notes where a size is no finite number.
    #[inline(always)]
    fn finite(&mut self, simd: S, size: S::F64, valid: <S::F64 as Lane>::Mask) {
        let one = S::F64::splat(simd, 1.0);
        let broken = S::F64::select(size.le(S::F64::splat(simd, f64::MAX)), self.broken, one);
        self.broken = S::F64::select(valid, broken, self.broken);
    }

    #[inline(always)]
    fn findings(&self, _simd: S) -> Findings {
        let fastest = [largest(self.fastest[0]), largest(self.fastest[1]), largest(self.fastest[2])];
        Findings { fastest, broken: largest(self.broken) > 0.0, ..Findings::default() }
    }
}

#[inline(always)]
fn from_conserved<S: Simd, G: GasLaw>(simd: S, gas: G, conserved: [S::F64; 5]) -> CellStates<S::F64> {
    // v = (ρ v)/ρ,  p = (γ - 1) (E - ρ v²/2), or c² ρ
    let inverse = S::F64::splat(simd, 1.0) / conserved[0];
    let velocity = [conserved[1] * inverse, conserved[2] * inverse, conserved[3] * inverse];
    let pressure = if G::HAS_ENERGY {
        S::F64::splat(simd, gas.gamma() - 1.0) * (conserved[4] - kinetic_energy(simd, &conserved, velocity))
    } else {
        S::F64::splat(simd, gas.constant_speed_squared()) * conserved[0]
    };
    CellStates { conserved, inverse, velocity, pressure }
}

#[inline(always)]
fn kinetic_energy<S: Simd>(simd: S, conserved: &[S::F64; 5], velocity: [S::F64; 3]) -> S::F64 {
    let parts = [conserved[1] * velocity[0], conserved[2] * velocity[1], conserved[3] * velocity[2]];
    S::F64::splat(simd, 0.5) * symmetric_sum(parts)
}

/// A mask of the first `count` places.
#[inline(always)]
fn first_places<S: Simd>(simd: S, count: usize) -> <S::F64 as Lane>::Mask {
    const PATTERN: [f64; 2 * GROUP] = [1., 1., 1., 1., 1., 1., 1., 1., 0., 0., 0., 0., 0., 0., 0., 0.];
    let pattern = S::F64::load(simd, &PATTERN[GROUP - count.min(GROUP)..]);
    S::F64::splat(simd, 0.5).lt(pattern)
}

/// Where the first mask holds and the second does not.
#[inline(always)]
fn but_not<S: Simd>(simd: S, mask: <S::F64 as Lane>::Mask, not: <S::F64 as Lane>::Mask) -> <S::F64 as Lane>::Mask {
    let zero = S::F64::splat(simd, 0.0);
    let one = S::F64::splat(simd, 1.0);
    zero.lt(S::F64::select(not, zero, S::F64::select(mask, one, zero)))
}

/// The largest of all places.
#[inline(always)]
fn largest<L: Lane<Scalar = f64>>(lanes: L) -> f64 {
    let mut places = [0.0; GROUP];
    lanes.store(&mut places);
    places[..L::WIDTH].iter().fold(0.0, |most, &x| if x > most { x } else { most })
}

/// In how many places a mask holds.
#[inline(always)]
fn places_of<S: Simd>(simd: S, mask: <S::F64 as Lane>::Mask) -> u64 {
    let mut places = [0.0; GROUP];
    S::F64::select(mask, S::F64::splat(simd, 1.0), S::F64::splat(simd, 0.0)).store(&mut places);
    places[..S::F64::WIDTH].iter().filter(|&&x| x > 0.0).count() as u64
}
