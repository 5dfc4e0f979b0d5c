//! The columns of history.csv: energies, momenta, centre of mass, chaos, orbital elements, what a cluster is like.

use crate::Result;
use crate::comm::ExactSum;
use crate::nbody::body::Body;
use crate::nbody::cluster::{Cluster, SHARES};
use crate::nbody::direct::DirectSum;
use crate::nbody::elements::Elements;
use crate::nbody::energy;
use crate::nbody::kernel::Precision;
use crate::nbody::potential::Potential;
use crate::nbody::tree::Wanted;
use crate::run::Row;

use super::few::Few;
use super::spread::Spread;
use super::{Bodies, NBody};

/// The energy of few bodies: kinetic, potential, and the sum that the forces conserve.
struct Energy {
    kinetic: f64,
    potential: f64,
    total: f64,
}

impl<P> NBody<P> {
    /// The energy that the forces conserve. All ranks.
    pub(super) fn energy(&self) -> Result<f64> {
        let external = self.external_energy()?;
        match &self.bodies {
            Bodies::Spread(spread) => {
                let mut sums = [kinetic(spread), potential(spread, &potentials(spread)?), external];
                self.comm.all_reduce_exact(&mut sums);
                Ok(sums.iter().map(ExactSum::value).sum())
            }
            Bodies::Few(few) => {
                let mut external = [external];
                self.comm.all_reduce_exact(&mut external);
                Ok(self.few_energy(few)?.total + external[0].value())
            }
        }
    }

    /// This rank's part of the energy in external potentials, sum of m Φ. All ranks.
    fn external_energy(&self) -> Result<ExactSum> {
        if self.external.is_empty() {
            return Ok(ExactSum::new());
        }
        let share = self.bodies.share(&self.comm)?;
        Ok(share.local().iter().map(|body| body.mass * self.external.potential(body.position)).collect())
    }

    fn few_energy(&self, few: &Few) -> Result<Energy> {
        let system = few.system()?;
        let (softening, light) = few.forces();
        let kinetic = energy::kinetic(&system) / self.gravity;
        let potential = energy::potential(&system, softening) / self.gravity;
        let total = match light {
            Some(light) => energy::energy_post_newtonian(&system, light),
            None => energy::energy(&system, softening),
        };
        Ok(Energy { kinetic, potential, total: total / self.gravity })
    }

    /// Adds all columns. All ranks.
    pub(super) fn add_quantities(&self, row: &mut Row) -> Result<()> {
        let potentials = if let Bodies::Spread(spread) = &self.bodies { potentials(spread)? } else { Vec::new() };
        let of_bodies = match &self.bodies {
            Bodies::Spread(spread) => {
                row.sum_of("kinetic_energy", kinetic(spread));
                row.sum_of("potential_energy", potential(spread, &potentials));
                None
            }
            Bodies::Few(few) => {
                let energy = self.few_energy(few)?;
                row.value("kinetic_energy", energy.kinetic);
                row.value("potential_energy", energy.potential);
                Some(energy.total)
            }
        };
        let has_external = !self.external.is_empty();
        if has_external {
            row.sum_of("external_energy", self.external_energy()?);
        }
        row.derived("energy", move |of| {
            let alone = of_bodies.unwrap_or_else(|| of("kinetic_energy") + of("potential_energy"));
            if has_external { alone + of("external_energy") } else { alone }
        });
        let first = self.first_energy;
        row.derived("energy_error", move |of| energy_error(first, of("energy")));
        let share = self.written()?;
        add_moments(row, share.local());
        row.value("bodies", self.bodies.count() as f64);
        if let Bodies::Spread(spread) = &self.bodies
            && let Some(block) = spread.block()
        {
            row.value("body_steps", block.taken() as f64);
        }
        if let Bodies::Few(few) = &self.bodies
            && let Some((megno, lyapunov)) = few.chaos()
        {
            row.value("megno", megno);
            row.value("lyapunov", lyapunov);
        }
        if let Some(companions) = &self.companions {
            companions.add_columns(row);
        }
        if self.cluster {
            add_cluster(row, &Cluster::of(&share, &potentials));
        }
        if self.elements {
            self.add_elements(row, &share.gather_all());
        }
        Ok(())
    }

    /// Orbital elements of each listed body about the first; NaN for one that is gone.
    fn add_elements(&self, row: &mut Row, bodies: &[Body]) {
        let find = |id: u64| bodies.iter().find(|body| body.id == id);
        let Some((&primary, others)) = self.listed.split_first() else { return };
        let columns = column_names(others.iter().map(|&id| self.names.one(id)));
        for (&id, name) in others.iter().zip(columns) {
            let orbit = find(primary).zip(find(id)).map(|(primary, body)| self.elements(primary, body));
            let Elements { a, e, inc, node, periapsis, mean_anomaly } = orbit.unwrap_or(GONE);
            let angles = [("inc", inc), ("Omega", node), ("omega", periapsis), ("M", mean_anomaly)];
            let angles = angles.map(|(element, angle)| (element, angle.to_degrees()));
            for (element, value) in [("a", a), ("e", e)].into_iter().chain(angles) {
                row.value(&format!("{name}_{element}"), value);
            }
        }
    }

    fn elements(&self, primary: &Body, body: &Body) -> Elements {
        let relative = |a: [f64; 3], b: [f64; 3]| [0, 1, 2].map(|k| a[k] - b[k]);
        let mu = self.gravity * (primary.mass + body.mass);
        Elements::from_state(mu, relative(body.position, primary.position), relative(body.velocity, primary.velocity))
    }
}

/// The change of the energy as a share of the first one, or itself where that is zero: of test particles alone, of bodies on a parabola.
fn energy_error(first: f64, energy: f64) -> f64 {
    if first == 0.0 { energy - first } else { (energy - first) / first.abs() }
}

/// Names of bodies as the beginnings of columns, without blanks and commas, no two the same.
fn column_names(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut all = Vec::<String>::new();
    for name in names {
        let mut name = name.replace([' ', ','], "_");
        while all.contains(&name) {
            name.push('_');
        }
        all.push(name);
    }
    all
}

/// The elements of a body that is no more.
const GONE: Elements =
    Elements { a: f64::NAN, e: f64::NAN, inc: f64::NAN, node: f64::NAN, periapsis: f64::NAN, mean_anomaly: f64::NAN };

/// The potential of all others at each body of this rank: of direct sums in double precision whatever the forces are, of the tree as exact as
/// its forces. All ranks.
fn potentials(spread: &Spread) -> Result<Vec<f64>> {
    let scheme = spread.scheme();
    if let Some(mut tree) = scheme.tree() {
        let particles = spread.particles();
        let sources = scheme.tree_sources(particles.local());
        let last = scheme.last(particles.local());
        let wanted = Wanted { potential: true, last: last.as_deref(), ..Wanted::default() };
        return Ok(tree.evaluate_with(particles.comm(), &sources, wanted)?.potential.clone());
    }
    let mut sum = DirectSum::new(scheme.level, scheme.rsqrt, Precision::Double, scheme.softening);
    let found = sum.evaluate(spread.particles(), |particle| scheme.source(particle), true);
    Ok((0..spread.particles().local().len()).map(|i| found.potential(i)).collect())
}

/// This rank's part of the potential energy.
fn potential(spread: &Spread, potentials: &[f64]) -> ExactSum {
    let bodies = spread.particles().local().iter();
    bodies.zip(potentials).map(|(particle, potential)| 0.5 * particle.body.mass * potential).collect()
}

fn kinetic(spread: &Spread) -> ExactSum {
    spread
        .particles()
        .local()
        .iter()
        .map(|particle| 0.5 * particle.body.mass * square(particle.body.velocity))
        .collect()
}

fn square([x, y, z]: [f64; 3]) -> f64 {
    x * x + y * y + z * z
}

/// Mass, momentum, angular momentum and centre of mass.
fn add_moments(row: &mut Row, bodies: &[Body]) {
    let axes = ["x", "y", "z"];
    row.sum("mass", bodies.iter().map(|body| body.mass));
    for (k, axis) in axes.into_iter().enumerate() {
        row.sum(&format!("momentum_{axis}"), bodies.iter().map(|body| body.mass * body.velocity[k]));
    }
    for (k, axis) in axes.into_iter().enumerate() {
        let i = (k + 1) % 3;
        let j = (k + 2) % 3;
        let moment = |b: &Body| b.mass * (b.position[i] * b.velocity[j] - b.position[j] * b.velocity[i]);
        row.sum(&format!("angular_momentum_{axis}"), bodies.iter().map(moment));
    }
    for (k, axis) in axes.into_iter().enumerate() {
        // The moment of mass is summed under the column's own name and divided once it is whole.
        let mut moment = ExactSum::new();
        moment.extend(bodies.iter().map(|body| body.mass * body.position[k]));
        row.mean_of(&format!("center_{axis}"), moment, "mass");
    }
}

/// What a star cluster is like.
fn add_cluster(row: &mut Row, cluster: &Cluster) {
    for (axis, x) in ["x", "y", "z"].into_iter().zip(cluster.density_center) {
        row.value(&format!("density_center_{axis}"), x);
    }
    row.value("core_radius", cluster.core_radius);
    for (share, radius) in SHARES.into_iter().zip(cluster.lagrangian) {
        row.value(&format!("lagrangian_{}", 100.0 * share), radius);
    }
    row.value("bound_mass", cluster.bound_mass);
    row.value("escapers", cluster.escapers as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both zero, as of a star at rest with massless companions; the first alone; neither.
    #[test]
    fn an_energy_of_zero_has_an_error_too() {
        let errors = [(0.0, 0.0), (0.0, 1e-17), (-2.0, -1.0), (4.0, 3.0)].map(|(first, now)| energy_error(first, now));
        assert_eq!(errors, [0.0, 1e-17, 0.5, -0.25]);
    }

    #[test]
    fn bodies_of_different_names_have_different_columns() {
        let names = ["a b", "a_b", "a,b", "c", "a_b_"].map(str::to_owned);
        assert_eq!(column_names(names.into_iter()), ["a_b", "a_b_", "a_b__", "c", "a_b___"]);
    }
}
