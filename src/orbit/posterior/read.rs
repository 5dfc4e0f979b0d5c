//! Reading a posterior, of this program or of orbitize, by one process.

use std::path::Path;

use super::labels::{STANDARD, standard};
use super::{About, Chain, Parameter, Posterior, observations, weights};
use crate::io::Reader;
use crate::orbit::observations::{Observations, modified};
use crate::{Error, Result};

impl Posterior {
    /// Reads all rows of a file.
    ///
    /// # Errors
    /// When it can't be read, holds no posterior, or is one of orbitize in another than its standard basis.
    pub fn read(path: &Path) -> Result<Self> {
        let reader = Reader::open(path)?;
        if !reader.has("post") {
            return Err(Error::file(path, "this is no posterior: there is no dataset post"));
        }
        let shape = reader.shape("post")?;
        let [rows, width] = shape[..] else {
            return Err(Error::file(path, format!("post has the shape {shape:?}, not (samples, parameters)")));
        };
        let observations = observations::read(&reader)?;
        let about = about(&reader);
        let parameters = parameters(&reader, &about, &observations)?;
        if parameters.len() as u64 != width {
            let reason = format!("post has {width} columns, but the fit has {} parameters", parameters.len());
            return Err(Error::file(path, reason));
        }
        let per_row = |name: &str| column(&reader, name, rows);
        let missing = || Error::file(path, "this is no posterior: there is no dataset lnlike");
        let weights = per_row("weights")?.unwrap_or_default();
        if let Some(fault) = weights::fault(&weights) {
            return Err(Error::file(path, fault));
        }
        Ok(Posterior {
            parameters,
            samples: reader.read("post")?,
            ln_likelihood: per_row("lnlike")?.ok_or_else(missing)?,
            ln_prior: per_row("lnprior")?.unwrap_or_default(),
            weights,
            chain: chain(&reader, width)?,
            observations,
            about,
        })
    }
}

/// A dataset with a number for each row; none where there is no such dataset.
fn column(reader: &Reader, name: &str, rows: u64) -> Result<Option<Vec<f64>>> {
    if !reader.has(name) {
        return Ok(None);
    }
    let numbers: Vec<f64> = reader.read(name)?;
    if numbers.len() as u64 == rows {
        Ok(Some(numbers))
    } else {
        Err(Error::file(reader.path(), format!("{name} has {} numbers for {rows} samples", numbers.len())))
    }
}

/// The parameters by their own list, or by orbitize's rules.
fn parameters(reader: &Reader, about: &About, observations: &Observations) -> Result<Vec<Parameter>> {
    if reader.has("parameter_names") {
        let names = reader.texts("parameter_names")?;
        let units = reader.texts("parameter_units")?;
        return Ok(names.into_iter().zip(units).map(|(name, unit)| Parameter { name, unit }).collect());
    }
    let basis = reader.text("/", "fitting_basis").unwrap_or_else(|_| STANDARD.to_owned());
    if basis != STANDARD {
        let reason = format!("its parameters are those of orbitize's basis {basis}; only {STANDARD} is known here");
        return Err(Error::file(reader.path(), reason));
    }
    Ok(standard(about.companions, truth(reader, "fit_secondary_mass"), observations))
}

fn chain(reader: &Reader, width: u64) -> Result<Option<Chain>> {
    if !reader.has("chain") {
        return Ok(None);
    }
    match reader.shape("chain")?[..] {
        [_, walkers, columns] if columns == width => Ok(Some(Chain {
            walkers: walkers as usize,
            thin: reader.attribute("chain", "thin").unwrap_or(1),
            samples: reader.read("chain")?,
        })),
        ref shape => {
            let reason = format!("chain has the shape {shape:?}, not (steps, walkers, {width})");
            Err(Error::file(reader.path(), reason))
        }
    }
}

/// What the file says of the fit; files of older versions of orbitize say less.
fn about(reader: &Reader) -> About {
    let unknown = About::default();
    let number = |name: &str, default: f64| reader.attribute("/", name).unwrap_or(default);
    let text = |object: &str, name: &str, default: String| reader.text(object, name).unwrap_or(default);
    let evidence = reader.attribute("/", "ln_evidence").ok();
    About {
        sampler: text("/", "sampler_name", unknown.sampler),
        companions: reader.attribute("/", "num_secondary_bodies").unwrap_or(1),
        // Files without the attribute count tau from MJD 0.
        tau_ref_epoch: modified(number("tau_ref_epoch", 0.0)),
        mass: [number("stellar_or_system_mass", f64::NAN), number("mass_err", 0.0)],
        parallax: [number("plx", f64::NAN), number("plx_err", 0.0)],
        restrict_angle_ranges: truth(reader, "restrict_angle_ranges"),
        nbody: truth(reader, "use_rebound"),
        ln_evidence: evidence.map(|value| [value, number("ln_evidence_err", f64::NAN)]),
        note: text("/", "note", unknown.note),
    }
}

/// A truth value, which h5py stores as one of two names.
fn truth(reader: &Reader, name: &str) -> bool {
    reader.attribute_bytes("/", name).is_ok_and(|(_, _, bytes)| bytes.first().is_some_and(|byte| *byte != 0))
}
