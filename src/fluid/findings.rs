//! What is found out about cells, what is done about it, and how often it was.

/// The lowest values that a cell may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Floors {
    /// Of the density.
    pub density: f64,
    /// Of the pressure.
    pub pressure: f64,
}

impl Floors {
    /// The lower of both.
    pub(super) fn least(self, other: Floors) -> Floors {
        Floors { density: self.density.min(other.density), pressure: self.pressure.min(other.pressure) }
    }
}

/// The floors that a parameter file gives, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AskedFloors {
    pub density: Option<f64>,
    pub pressure: Option<f64>,
}

/// The share of the lowest value at the start that is a floor where none is given: far below all that a flow does by itself, in
/// any units.
const SHARE: f64 = 1e-15;

impl AskedFloors {
    /// The floors of a flow whose lowest values at the start are these.
    pub(super) fn chosen(self, lowest: Floors) -> Floors {
        Floors {
            density: self.density.unwrap_or(SHARE * lowest.density),
            pressure: self.pressure.unwrap_or(SHARE * lowest.pressure),
        }
    }
}

/// What keeps cells within what a gas can be: how many were changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Corrected {
    /// Densities raised to their floor.
    pub densities: u64,
    /// Pressures raised to their floor.
    pub pressures: u64,
    /// Scalars put back to their bounds with their amounts.
    pub scalars: u64,
    /// Cells that fluxes of first order went through: see [`first_order`](super::first_order).
    pub first_order: u64,
    /// Scalars of cells that went in and out from upwind: see [`upwind`](super::upwind).
    pub upwind: u64,
}

/// The columns of [`Corrected`], in the order in which checkpoints have them.
pub(super) const COLUMNS: [&str; 5] =
    ["density_floored", "pressure_floored", "scalars_bounded", "first_order", "scalars_upwind"];

impl Corrected {
    /// Adds what was corrected elsewhere.
    pub(super) fn add(&mut self, other: Corrected) {
        self.densities += other.densities;
        self.pressures += other.pressures;
        self.scalars += other.scalars;
        self.first_order += other.first_order;
        self.upwind += other.upwind;
    }

    /// Whether a floor was raised to.
    pub(super) fn raised(self) -> bool {
        self.densities + self.pressures > 0
    }

    /// The counts in the order of [`COLUMNS`].
    pub(super) fn counts(self) -> [u64; 5] {
        let Corrected { densities, pressures, scalars, first_order, upwind } = self;
        [densities, pressures, scalars, first_order, upwind]
    }

    /// What has these counts.
    pub(super) fn of([densities, pressures, scalars, first_order, upwind]: [u64; 5]) -> Self {
        Corrected { densities, pressures, scalars, first_order, upwind }
    }
}

/// What was found out about cells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Findings {
    /// The largest sum of flow and sound speed along each axis.
    pub fastest: [f64; 3],
    /// CellStates that had to be corrected.
    pub corrected: Corrected,
    /// Whether a cell is below a floor, or a scalar beyond its bounds by more than rounding.
    pub low: bool,
    /// Whether a cell is not finite.
    pub broken: bool,
}

impl Findings {
    /// Takes in what was found in other cells.
    pub(super) fn merge(&mut self, other: &Findings) {
        for axis in 0..3 {
            self.fastest[axis] = self.fastest[axis].max(other.fastest[axis]);
        }
        self.corrected.add(other.corrected);
        self.low |= other.low;
        self.broken |= other.broken;
    }
}

/// What is done about cells beside their primitive variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Care {
    /// Whether speeds and finiteness are looked at.
    pub look: bool,
    /// Whether cells below a floor are raised to it; else they are left as they are, told, and not looked at.
    pub raise: bool,
    /// Whether scalars that are beyond their bounds by more than rounding are put back; else they are told.
    pub bound: bool,
}

impl Care {
    /// Cells are raised to the floors and scalars put back to their bounds, all is looked at.
    pub(super) const ALL: Care = Care { look: true, raise: true, bound: true };
}

/// How far rounding alone takes a scalar beyond its bounds, over the larger of them. Farther beyond its fluxes are corrected.
pub(super) const BY_ROUNDING: f64 = 1e-13;
/// How far beyond its bounds a scalar's amount may stay: what was left by rounding is more of a gas that has become thinner.
pub(super) const LEFT: f64 = 1e-11;

/// Bounds and this share of the larger one beyond.
pub(super) fn widened(bounds: [f64; 2], share: f64) -> [f64; 2] {
    let sizes = bounds.into_iter().filter(|bound| bound.is_finite()).map(f64::abs);
    let more = share * sizes.fold(0.0, f64::max);
    [bounds[0] - more, bounds[1] + more]
}
