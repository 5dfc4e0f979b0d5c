//! From conserved to primitive variables, row by row: floors, and what the next step must know.
//!
//! In order, for each group of cells: velocities and pressure; where density or pressure is below its floor, the floor, counted;
//! scalars; on a step's last stage the speeds that limit the next step, and whether all is finite.

use super::gas::GasLaw;
use super::rows::{GROUP, Group, RowMut, groups_of};
use super::update::symmetric_sum;
use crate::lane::{Kernel, Lane, Simd};

/// The lowest values that a cell may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floors {
    /// Of the density.
    pub density: f64,
    /// Of the pressure.
    pub pressure: f64,
}

/// What was found out about cells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Findings {
    /// The largest sum of flow and sound speed along each axis.
    pub fastest: [f64; 3],
    /// Cells whose density, and whose pressure, was raised to its floor.
    pub floored: [u64; 2],
    /// Whether a cell is not finite.
    pub broken: bool,
}

impl Findings {
    /// Takes in what was found in other cells.
    pub fn merge(&mut self, other: &Findings) {
        for axis in 0..3 {
            self.fastest[axis] = self.fastest[axis].max(other.fastest[axis]);
        }
        self.floored[0] += other.floored[0];
        self.floored[1] += other.floored[1];
        self.broken |= other.broken;
    }
}

/// The primitive variables of a row of cells, of which the conserved ones are given and kept above the floors.
pub(super) struct PrimitiveRow<'a, G> {
    pub gas: G,
    pub conserved: RowMut<'a>,
    pub primitive: RowMut<'a>,
    pub floors: Floors,
    pub scalars: usize,
    /// Whether speeds and finiteness are looked at.
    pub look: bool,
    /// Cells; rows go on to the next whole group.
    pub count: usize,
}

impl<G: GasLaw> Kernel for PrimitiveRow<'_, G> {
    type Output = Findings;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Findings {
        match G::HAS_ENERGY {
            true => self.cells::<S, 5>(simd),
            false => self.cells::<S, 4>(simd),
        }
    }
}

/// The state of several cells.
#[derive(Clone, Copy)]
struct Cells<L> {
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
        let mut floored = [0; 2];
        let conserved: [&mut [Group]; N] = self.conserved.all(groups);
        let primitive: [&mut [Group]; N] = self.primitive.all(groups);
        for group in 0..groups {
            for part in (0..GROUP).step_by(S::F64::WIDTH) {
                let valid = first_places(simd, self.count.saturating_sub(group * GROUP + part));
                let mut cells = load(simd, self.gas, &conserved, group, part);
                let low = below(simd, self.gas, self.floors, &cells);
                if S::F64::any(S::F64::and(low, valid)) {
                    let raised = raise(simd, self.gas, self.floors, valid, &mut cells);
                    floored = [floored[0] + raised[0], floored[1] + raised[1]];
                    for variable in 0..N {
                        cells.conserved[variable].store(&mut conserved[variable][group][part..]);
                    }
                }
                cells.conserved[0].store(&mut primitive[0][group][part..]);
                for axis in 0..3 {
                    cells.velocity[axis].store(&mut primitive[1 + axis][group][part..]);
                }
                if N > 4 {
                    cells.pressure.store(&mut primitive[4][group][part..]);
                }
                if self.look {
                    watch.look(simd, self.gas, &cells, valid);
                }
            }
        }
        for scalar in N..N + self.scalars {
            self.scalar(simd, scalar, groups);
        }
        Findings { floored, ..watch.findings(simd) }
    }

    /// A scalar per mass from its amount.
    #[inline(always)]
    fn scalar<S: Simd>(&mut self, simd: S, variable: usize, groups: usize) {
        let conserved = self.conserved.as_row();
        let (density, amount) = (conserved.groups(0, groups), conserved.groups(variable, groups));
        let scalar = self.primitive.groups(variable, groups);
        for group in 0..groups {
            for part in (0..GROUP).step_by(S::F64::WIDTH) {
                let density = S::F64::load(simd, &density[group][part..]);
                (S::F64::load(simd, &amount[group][part..]) / density).store(&mut scalar[group][part..]);
            }
        }
    }
}

#[inline(always)]
fn load<S: Simd, G: GasLaw, const N: usize>(
    simd: S,
    gas: G,
    rows: &[&mut [Group]; N],
    group: usize,
    part: usize,
) -> Cells<S::F64> {
    let mut conserved = [S::F64::splat(simd, 0.0); 5];
    for variable in 0..N {
        conserved[variable] = S::F64::load(simd, &rows[variable][group][part..]);
    }
    from_conserved(simd, gas, conserved)
}

/// Where a floor is undercut.
#[inline(always)]
fn below<S: Simd, G: GasLaw>(simd: S, _: G, floors: Floors, cells: &Cells<S::F64>) -> <S::F64 as Lane>::Mask {
    let thin = cells.conserved[0].lt(S::F64::splat(simd, floors.density));
    if !G::HAS_ENERGY {
        return thin;
    }
    S::F64::or(thin, cells.pressure.lt(S::F64::splat(simd, floors.pressure)))
}

/// Raises density and pressure to their floors, the momenta kept; returns how many cells of each.
///
/// The pressure is found again from the raised energy, so that the conserved variables alone tell the primitive ones.
#[inline(always)]
fn raise<S: Simd, G: GasLaw>(
    simd: S,
    gas: G,
    floors: Floors,
    valid: <S::F64 as Lane>::Mask,
    cells: &mut Cells<S::F64>,
) -> [u64; 2] {
    let least = S::F64::splat(simd, floors.density);
    let thin = cells.conserved[0].lt(least);
    cells.conserved[0] = S::F64::select(thin, least, cells.conserved[0]);
    *cells = from_conserved(simd, gas, cells.conserved);
    let counted = places_of::<S>(simd, S::F64::and(thin, valid));
    if !G::HAS_ENERGY {
        return [counted, 0];
    }
    let least = S::F64::splat(simd, floors.pressure);
    let cold = cells.pressure.lt(least);
    let kinetic = kinetic_energy(simd, &cells.conserved, cells.velocity);
    let energy = S::F64::splat(simd, 1.0 / (gas.gamma() - 1.0)).mul_add(least, kinetic);
    cells.conserved[4] = S::F64::select(cold, energy, cells.conserved[4]);
    *cells = from_conserved(simd, gas, cells.conserved);
    cells.pressure = S::F64::select(cold, cells.pressure.max(least), cells.pressure);
    [counted, places_of::<S>(simd, S::F64::and(cold, valid))]
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
    fn look<G: GasLaw>(&mut self, simd: S, gas: G, cells: &Cells<S::F64>, valid: <S::F64 as Lane>::Mask) {
        let sound = match G::HAS_ENERGY {
            true => (S::F64::splat(simd, gas.gamma()) * cells.pressure * cells.inverse).sqrt(),
            false => S::F64::splat(simd, gas.constant_speed_squared()).sqrt(),
        };
        for (fastest, velocity) in self.fastest.iter_mut().zip(cells.velocity) {
            *fastest = S::F64::select(valid, (velocity.abs() + sound).max(*fastest), *fastest);
        }
        let size = cells.conserved[0].abs() + cells.pressure.abs() + cells.inverse.abs();
        let size = size + cells.velocity[0].abs() + cells.velocity[1].abs() + cells.velocity[2].abs();
        let one = S::F64::splat(simd, 1.0);
        let broken = S::F64::select(size.le(S::F64::splat(simd, f64::MAX)), self.broken, one);
        self.broken = S::F64::select(valid, broken, self.broken);
    }

    #[inline(always)]
    fn findings(&self, _simd: S) -> Findings {
        let fastest = [largest(self.fastest[0]), largest(self.fastest[1]), largest(self.fastest[2])];
        Findings { fastest, floored: [0; 2], broken: largest(self.broken) > 0.0 }
    }
}

#[inline(always)]
fn from_conserved<S: Simd, G: GasLaw>(simd: S, gas: G, conserved: [S::F64; 5]) -> Cells<S::F64> {
    let inverse = S::F64::splat(simd, 1.0) / conserved[0];
    let velocity = [conserved[1] * inverse, conserved[2] * inverse, conserved[3] * inverse];
    let pressure = match G::HAS_ENERGY {
        true => S::F64::splat(simd, gas.gamma() - 1.0) * (conserved[4] - kinetic_energy(simd, &conserved, velocity)),
        false => S::F64::splat(simd, gas.constant_speed_squared()) * conserved[0],
    };
    Cells { conserved, inverse, velocity, pressure }
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
