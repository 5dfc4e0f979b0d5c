//! The same samples for ArviZ: the groups `posterior` and `sample_stats`, an array for each parameter along `chain` and `draw`.
//!
//! They show the columns of `post` and what stands beside (HDF5 virtual datasets): nothing is stored twice. A walker is a chain; samples
//! without walkers are one. Left out: samples that count differently, of which ArviZ knows nothing. The measured values, its group
//! `observed_data`, are written where their table is.

use super::Parameter;
use crate::Result;
use crate::io::{FileWriter, Shown, Slab};

/// The axes of both groups, the slowest first: walkers follow each other within a step.
const AXES: [&str; 2] = ["draw", "chain"];

/// How samples stand in chains.
#[derive(Clone, Copy)]
pub(super) struct Chains {
    /// Samples of each.
    pub draws: u64,
    /// How many there are.
    pub chains: u64,
}

impl Chains {
    /// Of so many samples of an ensemble with so many kept steps of so many walkers, or of none.
    pub(super) fn of(samples: u64, steps: u64, walkers: u64) -> Self {
        if walkers > 0 && samples.is_multiple_of(walkers) && samples / walkers <= steps {
            Chains { draws: samples / walkers, chains: walkers }
        } else {
            Chains { draws: samples, chains: 1 }
        }
    }

    fn shape(self) -> [u64; 2] {
        [self.draws, self.chains]
    }

    /// A group with its axes.
    fn begin(self, file: &FileWriter, group: &str) -> Result<()> {
        file.group(group)?;
        for (name, length) in AXES.iter().zip(self.shape()) {
            let numbers: Vec<i64> = (0..length as i64).collect();
            let name = format!("{group}/{name}");
            file.replicated(&name, &[length], &numbers)?;
            file.as_axis(&name)?;
        }
        Ok(())
    }

    /// An array of the group, which shows numbers of another dataset in their order.
    fn show(self, file: &FileWriter, group: &str, name: &str, of: &str, part: Slab) -> Result<()> {
        let shape = self.shape();
        let shown = Shown { file: ".".to_owned(), dataset: of.to_owned(), part, place: Slab::whole(&shape) };
        let name = format!("{group}/{name}");
        file.view::<f64>(&name, &shape, &[shown])?;
        file.along(&name, &AXES.map(|axis| format!("{group}/{axis}")).each_ref().map(String::as_str))
    }

    /// Writes both groups: of the columns of `post`, and of these datasets beside it under these names.
    pub(super) fn write(self, file: &FileWriter, parameters: &[&Parameter], beside: &[[&str; 2]]) -> Result<()> {
        let samples = self.draws * self.chains;
        let width = parameters.len() as u64;
        file.conventions()?;
        self.begin(file, "posterior")?;
        for (place, parameter) in (0..).zip(parameters) {
            let column = Slab::new([samples, width], [0, place], [samples, 1]);
            let name = parameter.name.replace('/', "_");
            if AXES.contains(&&name[..]) {
                continue;
            }
            self.show(file, "posterior", &name, "/post", column)?;
            file.describe(&format!("posterior/{name}"), &parameter.unit, "")?;
        }
        self.begin(file, "sample_stats")?;
        for [name, of] in beside {
            self.show(file, "sample_stats", name, of, Slab::whole(&[samples]))?;
        }
        Ok(())
    }
}
