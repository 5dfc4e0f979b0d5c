//! What a person wants to see of a grid: which fields, when, where it is cut, and on which scale.

use crate::{Error, Result};

/// Which pictures of a grid are drawn, and how; where nothing is said all of them, as they are seen best.
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
}

impl View {
    /// # Errors
    /// Options for maps, where there are none: the grid has fewer axes than they need.
    pub(super) fn check(&self, axes: usize) -> Result<()> {
        let maps_alone = [("--range", self.range.is_some()), ("--log, --linear", self.logarithmic.is_some())];
        if let Some((option, _)) = maps_alone.iter().find(|(_, given)| *given && axes < 2) {
            return Err(Error::input(*option, "is for maps: a grid with one axis is drawn as curves"));
        }
        if self.slice.is_some() && axes < 3 {
            return Err(Error::input("--slice", format!("is for grids with three axes: this one has {axes}")));
        }
        Ok(())
    }

    /// # Errors
    /// Any option, where there is no grid to draw.
    pub(super) fn check_nothing(&self) -> Result<()> {
        if *self == View::default() {
            return Ok(());
        }
        Err(Error::input(
            "plot",
            "--field, --time, --range, --log, --linear and --slice are for grids: there is none here",
        ))
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
