//! What the parameters of a simulation are: the trait of its `Config`.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Result;
use crate::units::Units;

/// The parameters of a simulation: what its parameter file may hold beside the framework's sections.
///
/// Each is a field, and everything about it is written there: its name, its default (by serde), its meaning (the comment) and its unit.
/// From there come the messages about wrong keys, `divisi list`, the tables of the reference and the schema by which editors complete
/// and check parameter files.
///
/// ```
/// use divisi::Parameters;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// /// Heat conduction in a square.
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Heat {
///     /// Cells along x and y.
///     cells: [usize; 2],
///     /// Thermal diffusivity.
///     #[schemars(extend("unit" = "length^2 per time"))]
///     #[serde(default = "copper")]
///     diffusivity: f64,
/// }
///
/// fn copper() -> f64 {
///     1.1e-4
/// }
///
/// impl Parameters for Heat {}
/// ```
///
/// The fields are the keys of one section that is named after the simulation, here `[heat]`; with [`SECTIONS`](Parameters::SECTIONS) each
/// field is a section of its own.
pub trait Parameters: Serialize + DeserializeOwned + JsonSchema {
    /// Whether each field is a section of the file; if not, all are keys of the one section named after the simulation.
    const SECTIONS: bool = false;
    /// Keys, with their section, that may differ when a run is resumed: those that change no result, such as how a grid is cut.
    const CHANGEABLE: &'static [&'static str] = &[];

    /// Refuses values that can't be, before MPI starts. A place that names a key, `heat.cells`, is reported with its file and line.
    ///
    /// # Errors
    /// The key, and what is allowed.
    fn validate(&self, _units: &Units) -> Result<()> {
        Ok(())
    }

    /// Whether the run goes back in time: its times are then below 0, in files and in the parameters. By default it doesn't.
    fn is_backwards(&self) -> bool {
        false
    }
}
