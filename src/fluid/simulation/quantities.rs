//! What a flow writes into history.csv: conserved totals and their drift, extremes, floors, and a problem's own columns.
//!
//! Totals are exact sums, so they don't depend on ranks. A finite-volume step in a periodic box conserves them but for the
//! rounding of each cell's update: at most half a unit in the last place per stage, so that after n steps of s stages a total
//! is off by no more than s n (epsilon / 2) sum |u|.

use crate::comm::{Comm, ExactSum};
use crate::fluid::flow::Flow;
use crate::fluid::gas::Gas;
use crate::run::Row;

/// The totals of the conserved variables, and of their absolute values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Totals {
    pub sums: Vec<f64>,
    pub sizes: Vec<f64>,
}

impl Totals {
    /// The totals over the gas on all ranks, times the volume of a cell; obstacles don't count. All ranks.
    pub(super) fn of(flow: &Flow, comm: &Comm) -> Self {
        let variables = flow.physics.variables();
        let mut exact = vec![ExactSum::new(); 2 * variables];
        for (field, solid) in flow.conserved.iter().zip(&flow.solids) {
            for variable in 0..variables {
                for (j, k) in field.rows() {
                    for (i, &value) in field.interior_row(variable, j, k).iter().enumerate() {
                        if solid.as_ref().is_some_and(|solid| solid.at([i as isize, j, k])) {
                            continue;
                        }
                        exact[variable].add(value);
                        exact[variables + variable].add(value.abs());
                    }
                }
            }
        }
        comm.all_reduce_exact(&mut exact);
        let volume: f64 = flow.layout.grid().spacing().iter().product();
        let values: Vec<f64> = exact.iter().map(|sum| volume * sum.value()).collect();
        Totals { sums: values[..variables].to_vec(), sizes: values[variables..].to_vec() }
    }
}

/// How far a total may have drifted by rounding, and how far it has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drift {
    pub name: String,
    pub drift: f64,
    pub bound: f64,
}

/// The drift of mass, energy and the amounts of scalars since the start.
pub(super) fn drifts(flow: &Flow, first: &Totals, now: &Totals, steps: u64) -> Vec<Drift> {
    let roundings = flow.stages() as f64 * steps as f64 * 0.5 * f64::EPSILON;
    let energy = matches!(flow.physics.gas, Gas::Ideal { .. }).then_some(("energy".to_owned(), 4));
    let scalars = amounts(flow).into_iter().zip(flow.physics.gas.variables()..);
    let drift = |(name, variable): (String, usize)| Drift {
        name,
        drift: now.sums[variable] - first.sums[variable],
        bound: roundings * now.sizes[variable],
    };
    [("mass".to_owned(), 0)].into_iter().chain(energy).chain(scalars).map(drift).collect()
}

/// The names of the totals of the scalars.
fn amounts(flow: &Flow) -> Vec<String> {
    flow.problem.scalars().iter().map(|scalar| format!("amount_{}", scalar.name)).collect()
}

/// The totals' columns.
pub(super) fn add_totals(row: &mut Row, flow: &Flow, totals: &Totals) {
    let names = ["mass", "momentum_x", "momentum_y", "momentum_z", "energy"];
    let flow_variables = flow.physics.gas.variables();
    for (name, total) in names[..flow_variables].iter().zip(&totals.sums) {
        row.value(name, *total);
    }
    for (name, total) in amounts(flow).iter().zip(&totals.sums[flow_variables..]) {
        row.value(name, *total);
    }
}

/// Kinetic energy and the least and largest values of the primitive variables.
pub(super) fn add_extremes(row: &mut Row, flow: &Flow) {
    let gas = flow.physics.gas;
    let names = flow.names();
    let mut low = vec![f64::INFINITY; names.len()];
    let mut high = vec![f64::NEG_INFINITY; names.len()];
    let mut mach = 0.0f64;
    let mut kinetic = ExactSum::new();
    let volume: f64 = flow.layout.grid().spacing().iter().product();
    flow.each(&mut |_, values| {
        for (variable, &value) in values.iter().enumerate() {
            low[variable] = low[variable].min(value);
            high[variable] = high[variable].max(value);
        }
        let speed = values[1] * values[1] + values[2] * values[2] + values[3] * values[3];
        // ρ v²/2 times the volume;  Mach number |v|/c
        kinetic.add(0.5 * volume * values[0] * speed);
        let pressure = gas.pressure(values[0], values.get(4).copied().unwrap_or(0.0));
        mach = mach.max(speed.sqrt() / gas.sound_speed(values[0], pressure));
    });
    row.sum_of("kinetic_energy", kinetic);
    row.max("mach_max", [mach]);
    for variable in (0..names.len()).filter(|variable| !(1..4).contains(variable)) {
        row.min(&format!("{}_min", names[variable]), [low[variable]]);
        row.max(&format!("{}_max", names[variable]), [high[variable]]);
    }
}
