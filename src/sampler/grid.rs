//! A grid over some parameters: the posterior at each node, the other parameters held or at their best.
//!
//! A step takes the next nodes, shared out among the ranks; the first axis varies slowest. At each node the parameters of the axes and those that
//! are held have their values; if others are left, the search climbs from several starts to the best of them. The
//! table has a row for each node.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::density::Density;
use super::maximum::{Climber, Found, Peak, best_of};
use super::space::Space;
use super::table::Table;
use crate::base::random::Random;
use crate::io::{Checkpoint, CheckpointReader};
use crate::run::Goal;
use crate::{Comm, Error, Result};

/// The stream of random numbers.
const NODES: u32 = 0x4752_4944;
/// Nodes of a step, where nothing is to be searched for at them and where it is.
const PLAIN: u64 = 4096;
const SEARCHED: u64 = 64;

/// Settings of a grid: of `[method]` with `kind = "grid"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridSettings {
    /// Axes of the grid. The first varies slowest.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [[{ "parameter": "ecc1", "from": 0.0, "to": 0.9, "count": 10 }]]))]
    pub axes: Vec<GridAxis>,
    /// Values of parameters that are held, by name. All others are searched for at each node.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "plx": 56.95 }]))]
    pub held: BTreeMap<String, f64>,
    /// Starts of the search at each node, drawn from the prior.
    #[serde(default = "starts")]
    pub starts: u64,
    /// The most directions in which one climb goes.
    #[serde(default = "directions")]
    pub directions: u64,
}

fn starts() -> u64 {
    8
}

fn directions() -> u64 {
    500
}

/// An axis of a grid: values of a parameter, both ends included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridAxis {
    /// The parameter's name.
    pub parameter: String,
    /// The first value.
    pub from: f64,
    /// The last value.
    pub to: f64,
    /// How many values.
    pub count: u64,
    /// Whether each is the same multiple of the one before, rather than the same distance from it. By default not.
    #[serde(default)]
    pub log: bool,
}

impl GridAxis {
    /// A value by its number.
    pub fn value(&self, index: u64) -> f64 {
        if index + 1 == self.count && index > 0 {
            return self.to;
        }
        let share = index as f64 / (self.count.max(2) - 1) as f64;
        if self.log {
            self.from * libm::pow(self.to / self.from, share)
        } else {
            self.from + share * (self.to - self.from)
        }
    }

    fn check(&self) -> Result<()> {
        let refuse = |reason: String| Err(Error::input("method.axes", format!("`{}`: {reason}", self.parameter)));
        if self.count == 0 {
            return refuse("a count of 0 leaves no node: it must be at least 1".into());
        }
        if !(self.from.is_finite() && self.to.is_finite()) || (self.count > 1 && self.from == self.to) {
            return refuse(format!("{} to {} is no range: give two finite numbers", self.from, self.to));
        }
        if self.log && (self.from <= 0.0 || self.to <= 0.0) {
            refuse(format!("{} to {} has no logarithm: with log = true both must be positive", self.from, self.to))
        } else {
            Ok(())
        }
    }
}

impl GridSettings {
    /// Refuses settings that can't be.
    ///
    /// # Errors
    /// The key, and what is allowed.
    pub fn check(&self) -> Result<()> {
        if self.axes.is_empty() {
            let example = r#"axes = [{ parameter = "ecc1", from = 0.0, to = 0.9, count = 10 }]"#;
            return Err(Error::input("method.axes", format!("a grid needs an axis, as in {example}")));
        }
        self.axes.iter().try_for_each(GridAxis::check)?;
        let names: Vec<&String> = self.axes.iter().map(|axis| &axis.parameter).chain(self.held.keys()).collect();
        if let Some((_, name)) = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name)) {
            return Err(Error::input("method.axes", format!("`{name}` has more than one axis or value")));
        }
        if self.nodes().is_none() {
            return Err(Error::input("method.axes", "has more nodes than there are whole numbers of 64 bits"));
        }
        for (key, value) in [("method.starts", self.starts), ("method.directions", self.directions)] {
            if value == 0 {
                return Err(Error::input(key, "0 is not allowed: it must be at least 1"));
            }
        }
        Ok(())
    }

    /// The number of nodes, if it is one of 64 bits.
    fn nodes(&self) -> Option<u64> {
        self.axes.iter().try_fold(1u64, |nodes, axis| nodes.checked_mul(axis.count))
    }
}

/// A grid over some parameters, which all ranks compute together.
pub struct Grid<D> {
    comm: Comm,
    density: D,
    space: Space,
    settings: GridSettings,
    seed: u64,
    /// The parameter of each axis.
    places: Vec<usize>,
    /// Parameters that are held and their values.
    held: Vec<(usize, f64)>,
    nodes: u64,
    table: Table,
    best: Option<Peak>,
}

impl<D: Density> Grid<D> {
    /// A grid that has not begun. All ranks.
    ///
    /// # Errors
    /// Wrong settings, an unknown parameter.
    pub fn new(comm: &Comm, density: D, settings: GridSettings, seed: u64) -> Result<Self> {
        settings.check()?;
        let space = Space::of(&density)?;
        let place = |axis: &GridAxis| space.place("method.axes", &axis.parameter);
        let places = settings.axes.iter().map(place).collect::<Result<Vec<usize>>>()?;
        let value = |(name, &value): (&String, &f64)| Ok((space.place("method.held", name)?, value));
        let held = settings.held.iter().map(value).collect::<Result<Vec<(usize, f64)>>>()?;
        let nodes = settings.nodes().unwrap_or(u64::MAX);
        let is_plain = places.len() + held.len() == space.dimensions();
        let table = Table::of_points(comm, space.names(), nodes.min(if is_plain { PLAIN } else { SEARCHED }));
        let comm = comm.clone();
        Ok(Grid { comm, density, space, settings, seed, places, held, nodes, table, best: None })
    }

    /// The grid that [`save`](Grid::save) wrote, on any number of ranks; density, seed and settings must be those that it had. All ranks.
    ///
    /// # Errors
    /// On all ranks: wrong settings, a checkpoint of something else.
    pub fn load(comm: &Comm, density: D, settings: GridSettings, seed: u64, from: &CheckpointReader) -> Result<Self> {
        let mut grid = Self::new(comm, density, settings, seed)?;
        let read = grid.table.load(from, "sampler_nodes");
        comm.agree(read)?;
        for batch in 0..grid.table.batches() {
            grid.take_best(batch);
        }
        Ok(grid)
    }

    /// Writes all that goes on from here. All ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be written.
    pub fn save(&self, to: &mut Checkpoint) -> Result<()> {
        self.table.save(to, "sampler_nodes")
    }

    /// Computes the next nodes; does nothing once all are done. All ranks.
    ///
    /// # Errors
    /// On all ranks, once all are done, if the density is zero at every node.
    pub fn step(&mut self) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        let batch = self.table.batches();
        let rows = self.table.rows_per_batch();
        let length = rows.min(self.nodes - self.table.len());
        let mine = self.table.mine();
        let own = batch * rows + mine.start..batch * rows + mine.end.min(length).max(mine.start);
        let mut found = self.at_nodes(own).into_iter();
        self.table.push(length, |_, numbers| {
            if let Some(Found { point, ln_prior, ln_likelihood }) = found.next() {
                numbers.extend(point);
                numbers.extend([ln_prior, ln_likelihood]);
            }
        });
        self.take_best(batch);
        if self.is_done() && self.best.is_none() {
            Err(Error::input("method.axes", "the density is zero at every node: the prior excludes all"))
        } else {
            Ok(())
        }
    }

    /// What there is at some nodes.
    fn at_nodes(&self, nodes: std::ops::Range<u64>) -> Vec<Found> {
        let fixed: Vec<(usize, f64)> = self.places.iter().map(|&place| (place, 0.0)).chain(self.held.clone()).collect();
        let mut climber = Climber::new(&self.density, &self.space, &fixed, self.settings.directions);
        if fixed.len() == self.space.dimensions() {
            return self.plain(nodes, climber);
        }
        let searched = |node| {
            self.hold(&mut climber, node);
            let mut random = Random::new(self.seed, NODES, node);
            let found = (0..self.settings.starts).filter_map(|_| climber.climb(&mut random));
            let better = |a: Found, b: Found| if b.ln_posterior() > a.ln_posterior() { b } else { a };
            found.reduce(better).unwrap_or_else(|| climber.nothing())
        };
        nodes.map(searched).collect()
    }

    /// The densities of nodes at which all parameters have their values.
    fn plain(&self, nodes: std::ops::Range<u64>, mut climber: Climber<'_, D>) -> Vec<Found> {
        let node = |node| {
            self.hold(&mut climber, node);
            let mut found = climber.nothing();
            found.ln_prior = self.density.log_prior(&found.point);
            found
        };
        let mut all: Vec<Found> = nodes.map(node).collect();
        let mut allowed: Vec<&mut Found> = all.iter_mut().filter(|found| found.ln_prior > f64::NEG_INFINITY).collect();
        let points: Vec<f64> = allowed.iter().flat_map(|found| found.point.iter().copied()).collect();
        let mut values = vec![f64::NEG_INFINITY; allowed.len()];
        if !values.is_empty() {
            self.density.log_likelihoods(&points, &mut values);
        }
        allowed.iter_mut().zip(values).for_each(|(found, value)| found.ln_likelihood = value);
        all
    }

    /// Lets a climber hold the parameters of the axes at a node.
    fn hold(&self, climber: &mut Climber<'_, D>, node: u64) {
        let mut rest = node;
        for (axis, &place) in self.settings.axes.iter().zip(&self.places).rev() {
            climber.hold(place, axis.value(rest % axis.count));
            rest /= axis.count;
        }
    }

    fn take_best(&mut self, batch: u64) {
        if let Some((_, best)) = best_of(&self.table, &self.comm, batch)
            && self.best.as_ref().is_none_or(|known| best.ln_posterior() > known.ln_posterior())
        {
            self.best = Some(best);
        }
    }

    /// Whether all nodes are done.
    pub fn is_done(&self) -> bool {
        self.table.len() >= self.nodes
    }

    /// Whether all nodes are done, as a run's goal.
    pub fn goal(&self) -> Goal {
        if self.is_done() { Goal::Reached } else { Goal::Open }
    }

    /// The number of nodes.
    pub fn nodes(&self) -> u64 {
        self.nodes
    }

    /// The best node so far.
    ///
    /// # Errors
    /// Before a node with a density that isn't zero.
    pub fn best(&self) -> Result<&Peak> {
        let reason = || "no node with a density that isn't zero was met yet".to_owned();
        self.best.as_ref().ok_or_else(|| Error::Numerics { method: "grid", reason: reason() })
    }

    /// A row for each node, the first axis varying slowest: parameters, `ln_prior` and `ln_likelihood`, both minus infinity where the density is
    /// zero; there parameters that were searched for are NaN.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The density.
    pub fn density(&self) -> &D {
        &self.density
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(from: f64, to: f64, count: u64, log: bool) -> GridAxis {
        GridAxis { parameter: "x".into(), from, to, count, log }
    }

    #[test]
    fn axes_reach_both_ends() {
        let values = |axis: GridAxis| (0..axis.count).map(|k| axis.value(k)).collect::<Vec<_>>();
        assert_eq!(values(axis(0.0, 1.0, 5, false)), [0.0, 0.25, 0.5, 0.75, 1.0]);
        let log = values(axis(1e-3, 1e3, 7, true));
        assert!(log[0] == 1e-3 && log[6] == 1e3 && (log[3] - 1.0).abs() < 1e-15, "{log:?}");
        assert_eq!(values(axis(2.0, 3.0, 1, false)), [2.0]);
        assert_eq!(values(axis(3.0, 1.0, 3, false)), [3.0, 2.0, 1.0]);
    }

    #[test]
    fn axes_that_cannot_be_are_refused() {
        let check = |axes: Vec<GridAxis>| {
            let settings = GridSettings { axes, held: BTreeMap::new(), starts: 1, directions: 1 };
            settings.check().map_err(|error| error.to_string())
        };
        assert!(check(vec![axis(0.0, 1.0, 3, false)]).is_ok());
        assert!(check(vec![]).unwrap_err().contains("needs an axis"));
        assert!(check(vec![axis(0.0, 1.0, 0, false)]).unwrap_err().contains("count of 0"));
        assert!(check(vec![axis(0.0, 1.0, 3, true)]).unwrap_err().contains("no logarithm"));
        assert!(check(vec![axis(1.0, 1.0, 3, false)]).unwrap_err().contains("no range"));
        assert!(check(vec![axis(1.0, f64::NAN, 3, false)]).unwrap_err().contains("no range"));
        let twice = vec![axis(0.0, 1.0, 3, false), axis(0.0, 1.0, 3, false)];
        assert!(check(twice.clone()).unwrap_err().contains("more than one"));
        let many = (0..3).map(|k| GridAxis { parameter: format!("{k}"), count: 1 << 32, ..twice[0].clone() }).collect();
        assert!(check(many).unwrap_err().contains("64 bits"));
    }
}
