//! The sections of a parameter file with `simulation = "optics"`.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::optics::Spider;

/// The parameters of an optical system and the light in it. All lengths are in metres, all angles in degrees.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The light that comes in: a plane wave.
    pub light: LightSection,
    /// Where it comes in, and how it is cut into beamlets.
    pub beam: BeamSection,
    /// The surfaces that the light meets, each with a name of its own, in the order of the file.
    #[schemars(with = "BTreeMap<String, SurfaceSection>")]
    #[schemars(extend("examples" = [{
        "primary": { "kind": "mirror", "vertex": [0, 0, 4.9], "radius": -11.04, "conic": -1.0023, "aperture": 1.2 },
        "secondary": { "kind": "mirror", "vertex": [0, 0, 0], "radius": -1.358, "conic": -1.496, "material": "aluminium" }
    }]))]
    pub surfaces: IndexMap<String, SurfaceSection>,
    /// The pixels that the light ends on.
    pub detector: DetectorSection,
    /// Materials beside the known ones, each with a name of its own: n (and k), or sellmeier, or table.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "coating": { "n": 1.46 }, "steel": { "n": 2.5, "k": 3.5 }, "my_glass": { "table": "glass.csv" } }]))]
    pub materials: BTreeMap<String, MaterialSection>,
}

/// `[light]`.
#[derive(Clone, Debug, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LightSection {
    /// The wavelength in vacuum.
    #[schemars(extend("unit" = "m"), example = 550e-9)]
    pub wavelength: f64,
    /// By how much the light's direction is turned from +z towards x, and towards y.
    #[serde(default)]
    #[schemars(extend("unit" = "deg"))]
    pub field: [f64; 2],
    /// Its state.
    #[serde(default)]
    pub polarization: State,
}

/// The state of the light that comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waves without direction: every surface is ideal, and coatings and metals count for nothing.
    #[default]
    Scalar,
    /// Electric field along x.
    X,
    /// Electric field along y.
    Y,
    /// Circular, turning from x to y.
    Right,
    /// Circular, turning from y to x.
    Left,
    /// Half x and half y, without a fixed phase between them.
    Unpolarized,
}

/// `[beam]`.
#[derive(Clone, Debug, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeamSection {
    /// The middle of the light that comes in, before the first surface.
    #[schemars(extend("unit" = "m"), example = [0.0, 0.0, -1.0])]
    pub center: [f64; 3],
    /// Light farther from the middle is left out.
    #[schemars(extend("unit" = "m"), example = 2.4)]
    pub diameter: f64,
    /// Beamlets over the diameter.
    #[default = 96]
    #[serde(default = "across")]
    #[schemars(range(min = 4, max = 8192))]
    pub across: usize,
    /// The waist of a beamlet, in distances of neighbours.
    #[default = 1.2]
    #[serde(default = "overlap")]
    #[schemars(range(min = 0.5, max = 4.0))]
    pub overlap: f64,
    /// Rays along each side of a beamlet's cell, to see how much of it the apertures let on.
    #[default = 8]
    #[serde(default = "subrays")]
    #[schemars(range(min = 1, max = 64))]
    pub subrays: usize,
}

fn across() -> usize {
    BeamSection::default().across
}

fn overlap() -> f64 {
    BeamSection::default().overlap
}

fn subrays() -> usize {
    BeamSection::default().subrays
}

/// What a surface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Reflects the light.
    Mirror,
    /// The boundary of another medium.
    Lens,
    /// Stops what its aperture doesn't let on, and does nothing else.
    Stop,
}

/// One of `[surfaces]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurfaceSection {
    /// What it is.
    pub kind: Kind,
    /// Where its vertex is.
    #[schemars(extend("unit" = "m"))]
    pub vertex: [f64; 3],
    /// By how much its axis is turned about x, then about y.
    #[serde(default)]
    #[schemars(extend("unit" = "deg"))]
    pub tilt: [f64; 2],
    /// The radius of curvature, positive where its centre is towards the surface's +z. 0: a plane.
    #[serde(default)]
    #[schemars(extend("unit" = "m"))]
    pub radius: f64,
    /// The conic constant: 0 a sphere, -1 a paraboloid.
    #[serde(default)]
    pub conic: f64,
    /// Coefficients of r^4, r^6 .. of its sag.
    #[serde(default)]
    #[schemars(extend("unit" = "m^-3, m^-5 .."))]
    pub terms: Vec<f64>,
    /// Light farther from the axis is lost. Left out: none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("unit" = "m"))]
    pub aperture: Option<f64>,
    /// Light farther from the middle along x and y is lost. Left out: none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("unit" = "m"))]
    pub half_widths: Option<[f64; 2]>,
    /// Light closer to the axis is lost.
    #[serde(default)]
    #[schemars(extend("unit" = "m"))]
    pub obscuration: f64,
    /// Light behind these vanes is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spider: Option<Spider>,
    /// Of a mirror what it is made of (left out: it reflects all), of a lens the medium behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub material: Option<String>,
    /// Layers on it, the first one where the light comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coating: Vec<LayerSection>,
}

/// A layer of a coating.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerSection {
    /// What it is made of.
    pub material: String,
    /// How thick it is.
    #[schemars(extend("unit" = "m"))]
    pub thickness: f64,
}

/// `[detector]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectorSection {
    /// Where its middle is.
    #[schemars(extend("unit" = "m"))]
    pub vertex: [f64; 3],
    /// By how much its axis is turned about x, then about y.
    #[serde(default)]
    #[schemars(extend("unit" = "deg"))]
    pub tilt: [f64; 2],
    /// Pixels along x and y.
    pub pixels: [usize; 2],
    /// The side of a pixel.
    #[schemars(extend("unit" = "m"), example = 7.5e-6)]
    pub pitch: f64,
}

/// One of `[materials]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaterialSection {
    /// Its index of refraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<f64>,
    /// Its extinction coefficient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<f64>,
    /// Pairs b, c of n^2 = 1 + sum of b w^2 / (w^2 - c). The wavelength w in micrometres, c in square micrometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sellmeier: Option<Vec<[f64; 2]>>,
    /// A file of lines wavelength (micrometres), n, k.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
}
