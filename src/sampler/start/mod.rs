//! Where walkers start: at points of the prior, or around a given point, where the density is not zero, and independent of each other.

mod independent;
mod mirrors;

pub(crate) use mirrors::equal_mirrors;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::density::Density;
use super::maximum::{DRAWS, Maximum, MaximumSettings};
use super::space::Space;
use super::walkers::Walkers;
use crate::base::config::positive;
use crate::base::random::Random;
use crate::{Error, Result};
use independent::refuse_dependent;

/// The stream of random numbers.
const START: u32 = 0x5354_5254;
/// The spread about a point, where none is given.
const SPREAD: f64 = 1e-3;
/// The prior's share below a standard deviation below the mean, of a normal distribution.
const LOWER: f64 = 0.158_655_253_931_457_05;

/// Where walkers start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Start {
    /// At points of the prior.
    #[default]
    Prior,
    /// Around the maximum of the posterior, which is searched for first, with default settings; in equal parts about those of its mirrors that are as high.
    Maximum,
    /// Around a point.
    #[serde(untagged)]
    Around(Around),
}

/// A point to start around.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Around {
    /// Values by the names of parameters. Parameters that aren't named start at points of the prior.
    pub around: BTreeMap<String, f64>,
    /// Standard deviation about the point, in half the width of the prior's middle 68 %. By default 1e-3.
    #[serde(default = "spread")]
    pub spread: f64,
}

fn spread() -> f64 {
    SPREAD
}

impl Start {
    /// # Errors
    /// A spread that isn't positive.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Start::Around(around) => positive("method.start.spread", around.spread, false),
            _ => Ok(()),
        }
    }

    /// Puts walkers where they start. All ranks.
    ///
    /// # Errors
    /// On all ranks: an unknown parameter, no point with a density that isn't zero, a density that is no number, walkers that aren't independent.
    pub(super) fn place<D: Density>(&self, walkers: &mut Walkers<D>) -> Result<()> {
        let centres = self.centres(walkers)?;
        let found = Finder { walkers, centres: &centres }.find();
        let first = walkers.mine().start;
        let width = walkers.width();
        walkers.place(|walker, row| row.copy_from_slice(&found[(walker - first) * width..][..width]));
        refuse(walkers)?;
        refuse_dependent(walkers)
    }

    /// Centres, and of each the standard deviation of each parameter that doesn't start at points of the prior. All ranks.
    fn centres<D: Density>(&self, walkers: &Walkers<D>) -> Result<Vec<Centre>> {
        let space = &walkers.space;
        let about = |value: f64, spread: f64, parameter: usize| {
            [value, spread * half_width(&walkers.density, space, parameter)]
        };
        match self {
            Start::Prior => Ok(vec![vec![None; space.dimensions()]]),
            Start::Maximum => {
                let settings = MaximumSettings::default();
                let mut search = Maximum::new(&walkers.comm, &walkers.density, settings, walkers.seed())?;
                while !search.is_done() {
                    search.step()?;
                }
                let best = search.best()?;
                let points = std::iter::once(best.point.clone()).chain(equal_mirrors(&walkers.density, best));
                let centre = |point: Vec<f64>| {
                    point.into_iter().enumerate().map(|(place, value)| Some(about(value, SPREAD, place))).collect()
                };
                Ok(points.map(centre).collect())
            }
            Start::Around(Around { around, spread }) => {
                let mut centre = vec![None; space.dimensions()];
                for (name, &value) in around {
                    let parameter = space.place("method.start.around", name)?;
                    centre[parameter] = Some(about(value, *spread, parameter));
                }
                Ok(vec![centre])
            }
        }
    }
}

/// Value and standard deviation of each parameter that starts about one.
type Centre = Vec<Option<[f64; 2]>>;

/// Half the width of the middle 68 % of a parameter's prior.
fn half_width(density: &impl Density, space: &Space, parameter: usize) -> f64 {
    let end = |share: f64| {
        let mut unit = vec![0.5; space.dimensions()];
        let mut point = vec![0.0; space.dimensions()];
        unit[parameter] = share;
        density.draw(&unit, &mut point);
        point[parameter]
    };
    0.5 * (end(1.0 - LOWER) - end(LOWER)).abs()
}

/// Looks for the starts of this rank's walkers.
struct Finder<'a, D> {
    walkers: &'a Walkers<D>,
    centres: &'a [Centre],
}

impl<D: Density> Finder<'_, D> {
    /// The rows of this rank's walkers; NaN for one that found no place.
    fn find(&self) -> Vec<f64> {
        let mine = self.walkers.mine();
        let width = self.walkers.width();
        let mut rows = vec![f64::NAN; mine.len() * width];
        let mut open: Vec<usize> = mine.clone().collect();
        let mut points = Vec::new();
        let mut values = Vec::new();
        for draw in 0..DRAWS {
            points.clear();
            let mut tried = Vec::new();
            for &walker in &open {
                let row = &mut rows[(walker - mine.start) * width..][..width];
                let prior = self.draw(walker, draw, row);
                if prior > f64::NEG_INFINITY || prior.is_nan() {
                    row[width - 3] = prior;
                    points.extend_from_slice(&row[..width - 3]);
                    tried.push(walker);
                }
            }
            values.clear();
            values.resize(tried.len(), f64::NAN);
            if !tried.is_empty() {
                self.walkers.density.log_likelihoods(&points, &mut values);
            }
            for (walker, &value) in tried.iter().zip(&values) {
                // What is no number is kept, so that all ranks see it.
                if value != f64::NEG_INFINITY {
                    let row = &mut rows[(walker - mine.start) * width..][..width];
                    row[width - 2] = value;
                    row[width - 1] = 0.0;
                    open.retain(|other| other != walker);
                }
            }
            if open.is_empty() {
                break;
            }
        }
        rows
    }

    /// Draws a point for a walker into its row; its ln prior.
    fn draw(&self, walker: usize, draw: u64, row: &mut [f64]) -> f64 {
        // Walkers come in pairs, of which one moves by a look at the others: both halves stand about all centres.
        let centre = &self.centres[walker / 2 % self.centres.len()];
        let dimensions = centre.len();
        let mut random = Random::new(self.walkers.seed(), START, walker as u64);
        random.skip_to(4 * dimensions as u64 * draw);
        let unit: Vec<f64> = (0..dimensions).map(|_| random.uniform()).collect();
        let point = &mut row[..dimensions];
        self.walkers.density.draw(&unit, point);
        for (value, centre) in point.iter_mut().zip(centre) {
            if let Some([centre, deviation]) = centre {
                *value = centre + deviation * random.normal();
            }
        }
        self.walkers.space.wrap(point);
        self.walkers.density.log_prior(point)
    }
}

/// Refuses walkers that found no place, or one where the density is no number; the same on all ranks.
fn refuse<D: Density>(walkers: &Walkers<D>) -> Result<()> {
    let width = walkers.width();
    let count = walkers.rows().len() / width;
    let is_lost = |walker: &usize| walkers.row(*walker)[width - 1].is_nan();
    let lost = (0..count).filter(is_lost).count();
    if lost > 0 {
        let reason = if lost == count {
            format!("after {DRAWS} draws for each walker no start has a finite density: the prior excludes all")
        } else {
            format!("after {DRAWS} draws for each walker {lost} of {count} have no start with a finite density")
        };
        return Err(Error::input("method.start", reason));
    }
    let broken = walkers.rows().chunks_exact(width).find(|row| !(row[width - 3] + row[width - 2]).is_finite());
    broken.map_or(Ok(()), |row| Err(walkers.broken(0, row)))
}
