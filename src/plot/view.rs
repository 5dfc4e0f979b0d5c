//! What a person wants to see: which fields, when, where a grid is cut or summed up, in which units, colours and sizes.

use super::scale::Colours;
use crate::{Error, Result};

/// The width of a picture for print, in journals' columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// One column: 86 mm.
    One,
    /// Two columns: 178 mm.
    Two,
}

impl Width {
    /// In points, 72 to an inch.
    pub(super) fn points(self) -> f32 {
        let millimetres = match self {
            Width::One => 86.0,
            Width::Two => 178.0,
        };
        millimetres * 72.0 / 25.4
    }

    /// In dots of a picture whose numbers, of 17 dots, are 8 points high.
    pub(super) fn dots(self) -> u32 {
        (self.points() * 17.0 / 8.0) as u32
    }
}

/// Which pictures are drawn, and how; where nothing is said all of them, as they are seen best.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// These fields alone: those of the snapshots, and `speed` and `mach` where they follow from these.
    pub fields: Vec<String>,
    /// The snapshot nearest to this time, in the run's unit, in place of the last one and of several.
    pub time: Option<f64>,
    /// The numbers at the ends of the scale of colours.
    pub range: Option<[f64; 2]>,
    /// Whether the scale of colours is logarithmic.
    pub logarithmic: Option<bool>,
    /// Of a grid with three axes the plane across this axis at this place, in place of all middle planes.
    pub slice: Option<(usize, f64)>,
    /// Of a grid with three axes the integral along this axis, in place of planes.
    pub project: Option<usize>,
    /// The scale of colours of maps.
    pub colours: Colours,
    /// Units of length, time and mass in place of the run's own.
    pub units: Vec<String>,
    /// Columns of history.csv over time, alone.
    pub history: Vec<String>,
    /// How much gas has which pair of two fields, alone.
    pub phase: Option<[String; 2]>,
    /// The power spectra of these fields, alone.
    pub spectrum: Vec<String>,
    /// For print: pictures as wide as columns.
    pub width: Option<Width>,
    /// Also as PDF.
    pub pdf: bool,
}

impl View {
    /// # Errors
    /// Options for maps, where there are none: the grid has fewer axes than they need.
    pub(super) fn check(&self, axes: usize) -> Result<()> {
        let maps_alone = [("--range", self.range.is_some()), ("--log, --linear", self.logarithmic.is_some())];
        if let Some((option, _)) = maps_alone.iter().find(|(_, given)| *given && axes < 2) {
            return Err(Error::input(*option, "is for maps: a grid with one axis is drawn as curves"));
        }
        let of_three = [("--slice", self.slice.is_some()), ("--project", self.project.is_some())];
        if let Some((option, _)) = of_three.iter().find(|(_, given)| *given && axes < 3) {
            return Err(Error::input(*option, format!("is for grids with three axes: this one has {axes}")));
        }
        Ok(())
    }

    /// # Errors
    /// Any option, where there is no grid to draw.
    pub(super) fn check_nothing(&self) -> Result<()> {
        let View { fields, time, range, logarithmic, slice, project, phase, spectrum, .. } = self;
        let of_grids = [
            ("--field", !fields.is_empty()),
            ("--time", time.is_some()),
            ("--range", range.is_some()),
            ("--log, --linear", logarithmic.is_some()),
            ("--slice", slice.is_some()),
            ("--project", project.is_some()),
            ("--phase", phase.is_some()),
            ("--spectrum", !spectrum.is_empty()),
        ];
        let asked = of_grids.iter().find(|(_, given)| *given);
        asked.map_or(Ok(()), |(option, _)| Err(Error::input(*option, "is for grids: there is none here")))
    }

    /// Whether pictures of maps alone are wanted.
    pub(super) fn chooses(&self) -> bool {
        let View { fields, time, range, logarithmic, slice, project, .. } = self;
        !fields.is_empty()
            || time.is_some()
            || range.is_some()
            || logarithmic.is_some()
            || slice.is_some()
            || project.is_some()
    }

    /// Those of the fields that are wanted, in the order in which they are asked for; `usual` where none is.
    ///
    /// # Errors
    /// A field that can't be drawn.
    pub(super) fn wanted(&self, known: &[String], usual: Vec<String>) -> Result<Vec<String>> {
        if let Some(unknown) = self.fields.iter().find(|field| !known.contains(field)) {
            let reason = format!("there is no field `{unknown}`; there are {}", known.join(", "));
            return Err(Error::input("--field", reason));
        }
        Ok(if self.fields.is_empty() { usual } else { self.fields.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let told = |view: &View, axes| view.check(axes).unwrap_err().to_string();
        let slice = View { slice: Some((2, 0.5)), ..View::default() };
        assert!(told(&slice, 2).contains("--slice") && slice.check(3).is_ok());
        let range = View { range: Some([0.0, 1.0]), ..View::default() };
        assert!(told(&range, 1).contains("--range") && range.check(2).is_ok());
        let log = View { logarithmic: Some(false), ..View::default() };
        assert!(told(&log, 1).contains("--linear") && log.check_nothing().is_err());
        assert!(View::default().check_nothing().is_ok());
        let known = ["density", "speed"].map(str::to_owned);
        let speed = View { fields: vec!["speed".to_owned()], ..View::default() };
        assert_eq!(speed.wanted(&known, Vec::new()).unwrap(), ["speed"]);
        assert_eq!(View::default().wanted(&known, vec!["density".to_owned()]).unwrap(), ["density"]);
        let told = speed.wanted(&known[..1], Vec::new()).unwrap_err().to_string();
        assert!(told.contains("no field `speed`; there are density"), "{told}");
    }
}
