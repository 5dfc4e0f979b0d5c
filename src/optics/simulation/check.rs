//! Parameters that can't be, refused before anything runs.

use super::config::{BeamSection, Config, DetectorSection, Kind, LightSection, MaterialSection, SurfaceSection};
use crate::base::config::positive;
use crate::base::units::Units;
use crate::optics::KNOWN;
use crate::{Error, Parameters, Result};

/// The most pixels along a side, beamlets across, and rays along a side of a cell.
const MOST: [usize; 3] = [1 << 15, 1 << 13, 64];

impl Parameters for Config {
    const SECTIONS: bool = true;

    fn validate(&self, _units: &Units) -> Result<()> {
        let LightSection { wavelength, field, .. } = &self.light;
        positive("light.wavelength", *wavelength, false)?;
        if !field.iter().all(|angle| angle.abs() < 80.0) {
            return Err(Error::input("light.field", format!("is {field:?}; angles must be below 80 degrees")));
        }
        self.beam.check()?;
        for (name, surface) in &self.surfaces {
            surface.check(name)?;
        }
        for (name, material) in &self.materials {
            material.check(name)?;
        }
        let DetectorSection { vertex, tilt, pixels, pitch } = &self.detector;
        finite("detector.vertex", vertex)?;
        finite("detector.tilt", tilt)?;
        positive("detector.pitch", *pitch, false)?;
        if !pixels.iter().all(|count| (1..=MOST[0]).contains(count)) {
            return Err(Error::input("detector.pixels", format!("are {pixels:?}; give 1 to {} each", MOST[0])));
        }
        Ok(())
    }
}

impl BeamSection {
    fn check(&self) -> Result<()> {
        finite("beam.center", &self.center)?;
        positive("beam.diameter", self.diameter, false)?;
        if !(4..=MOST[1]).contains(&self.across) {
            return Err(Error::input("beam.across", format!("is {}; give 4 to {}", self.across, MOST[1])));
        }
        if !(1..=MOST[2]).contains(&self.subrays) {
            return Err(Error::input("beam.subrays", format!("is {}; give 1 to {}", self.subrays, MOST[2])));
        }
        if !(0.5..=4.0).contains(&self.overlap) {
            return Err(Error::input("beam.overlap", format!("is {}; give 0.5 to 4", self.overlap)));
        }
        Ok(())
    }
}

impl SurfaceSection {
    fn check(&self, name: &str) -> Result<()> {
        let key = |key: &str| format!("surfaces.{name}.{key}");
        if name.is_empty() || name.contains(['/', '.']) {
            return Err(Error::input(format!("surfaces.{name}"), "names of surfaces are of letters, digits, - and _"));
        }
        finite(&key("vertex"), &self.vertex)?;
        finite(&key("tilt"), &self.tilt)?;
        finite(&key("radius"), &[self.radius])?;
        finite(&key("conic"), &[self.conic])?;
        finite(&key("terms"), &self.terms)?;
        positive(&key("obscuration"), self.obscuration, true)?;
        self.aperture.map_or(Ok(()), |aperture| positive(&key("aperture"), aperture, false))?;
        for width in self.half_widths.iter().flatten() {
            positive(&key("half_widths"), *width, false)?;
        }
        if let Some(spider) = &self.spider {
            positive(&key("spider.width"), spider.width, false)?;
            finite(&key("spider.angle"), &[spider.angle])?;
            if !(1..=100).contains(&spider.vanes) {
                return Err(Error::input(key("spider.vanes"), format!("is {}; give 1 to 100", spider.vanes)));
            }
        }
        for layer in &self.coating {
            positive(&key("coating"), layer.thickness, true)?;
        }
        match self.kind {
            Kind::Stop if self.material.is_some() || !self.coating.is_empty() => {
                Err(Error::input(key("material"), "a stop has no material and no coating"))
            }
            Kind::Lens if self.material.is_none() => {
                Err(Error::input(key("material"), "is missing: the medium behind the surface, such as \"air\""))
            }
            Kind::Mirror if self.material.is_none() && !self.coating.is_empty() => {
                Err(Error::input(key("coating"), "is on nothing: give the mirror a material"))
            }
            _ => Ok(()),
        }
    }
}

impl MaterialSection {
    fn check(&self, name: &str) -> Result<()> {
        let place = format!("materials.{name}");
        if KNOWN.contains(&name) {
            return Err(Error::input(place, "is known already: take another name"));
        }
        let ways = [self.n.is_some(), self.sellmeier.is_some(), self.table.is_some()];
        if ways.into_iter().filter(|way| *way).count() != 1 {
            return Err(Error::input(place, "needs one of n, sellmeier and table"));
        }
        if self.k.is_some() && self.n.is_none() {
            return Err(Error::input(place + ".k", "goes with n"));
        }
        self.n.map_or(Ok(()), |n| positive(&format!("{place}.n"), n, false))?;
        self.k.map_or(Ok(()), |k| positive(&format!("{place}.k"), k, true))?;
        let terms: Vec<f64> = self.sellmeier.iter().flatten().flatten().copied().collect();
        finite(&format!("{place}.sellmeier"), &terms)
    }
}

fn finite(place: &str, numbers: &[f64]) -> Result<()> {
    match numbers.iter().find(|number| !number.is_finite()) {
        Some(number) => Err(Error::input(place, format!("holds {number}; numbers must be finite"))),
        None => Ok(()),
    }
}
