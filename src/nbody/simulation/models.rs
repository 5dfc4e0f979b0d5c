//! The sections of models of many bodies, as `[initial]` or a part of it.

use crate::Result;
use crate::nbody::initial::{ColdSphere, Galaxy, King, Model, Plummer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

/// A Plummer sphere.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlummerSection {
    /// Number of bodies.
    #[default = 1000]
    pub n: u64,
    /// Mass of all bodies together.
    #[default = 1.0]
    #[schemars(extend("unit" = "mass"))]
    pub mass: f64,
    /// Virial radius.
    #[default = 1.0]
    #[schemars(extend("unit" = "length"))]
    pub virial_radius: f64,
    /// Radius beyond which there is no body. Left out: there is none.
    #[schemars(extend("unit" = "length"), example = 10.0)]
    pub truncation: Option<f64>,
}

/// A uniform sphere at rest.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ColdSphereSection {
    /// Number of bodies.
    #[default = 1024]
    pub n: u64,
    /// Mass of all bodies together.
    #[default = 1.0]
    #[schemars(extend("unit" = "mass"))]
    pub mass: f64,
    /// Radius of the sphere.
    #[default = 3.0]
    #[schemars(extend("unit" = "length"))]
    pub radius: f64,
}

/// A King sphere.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KingSection {
    /// Number of bodies.
    #[default = 1000]
    pub n: u64,
    /// Mass of all bodies together.
    #[default = 1.0]
    #[schemars(extend("unit" = "mass"))]
    pub mass: f64,
    /// Depth of the centre in units of the velocity dispersion squared. At most 16.
    #[default = 6.0]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub w0: f64,
    /// Virial radius.
    #[default = 1.0]
    #[schemars(extend("unit" = "length"))]
    pub virial_radius: f64,
}

/// A disc galaxy.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GalaxySection {
    /// Number of bodies of the disc.
    #[default = 4000]
    pub disc_n: u64,
    /// Mass of the disc.
    #[default = 1.0]
    #[schemars(extend("unit" = "mass"))]
    pub disc_mass: f64,
    /// Scale radius of the disc.
    #[default = 1.0]
    #[schemars(extend("unit" = "length"))]
    pub disc_scale: f64,
    /// Scale height of the disc, whose density goes as sech^2(z / height).
    #[default = 0.2]
    #[schemars(extend("unit" = "length"))]
    pub disc_height: f64,
    /// Toomre's Q at 2.43 scale radii.
    #[default = 1.5]
    pub toomre_q: f64,
    /// Number of bodies of the halo.
    #[default = 4000]
    pub halo_n: u64,
    /// Mass of the halo, out to all distances.
    #[default = 5.8]
    #[schemars(extend("unit" = "mass"))]
    pub halo_mass: f64,
    /// Scale radius a of the halo, whose density goes as 1 / (r (r + a)^3).
    #[default = 5.0]
    #[schemars(extend("unit" = "length"))]
    pub halo_scale: f64,
    /// Radius beyond which no body of the halo is put.
    #[default = 50.0]
    #[schemars(extend("unit" = "length"))]
    pub halo_truncation: f64,
}

impl PlummerSection {
    /// # Errors
    /// Values that make no such model.
    pub(super) fn model(&self, seed: u64, gravity: f64) -> Result<Model> {
        let &PlummerSection { n, mass, virial_radius, truncation } = self;
        let sphere = Plummer { n, seed, gravity, mass, virial_radius, truncation };
        sphere.validate().map(|()| Model::Plummer(sphere))
    }
}

impl ColdSphereSection {
    /// # Errors
    /// Values that make no such model.
    pub(super) fn model(&self, seed: u64) -> Result<Model> {
        let &ColdSphereSection { n, mass, radius } = self;
        let sphere = ColdSphere { n, seed, mass, radius };
        sphere.validate().map(|()| Model::ColdSphere(sphere))
    }
}

impl KingSection {
    /// # Errors
    /// Values that make no such model.
    pub(super) fn model(&self, seed: u64, gravity: f64) -> Result<Model> {
        let &KingSection { n, mass, w0, virial_radius } = self;
        let sphere = King { n, seed, gravity, mass, w0, virial_radius };
        sphere.validate().map(|()| Model::King(sphere))
    }
}

impl GalaxySection {
    /// # Errors
    /// Values that make no such model.
    pub(super) fn model(&self, seed: u64, gravity: f64, softening: f64) -> Result<Model> {
        let &GalaxySection { disc_n, disc_mass, disc_scale, disc_height, toomre_q, .. } = self;
        let &GalaxySection { halo_n, halo_mass, halo_scale, halo_truncation, .. } = self;
        let disc = Galaxy { seed, gravity, disc_n, disc_mass, disc_scale, disc_height, toomre_q, ..Galaxy::default() };
        let galaxy = Galaxy { halo_n, halo_mass, halo_scale, halo_truncation, softening, ..disc };
        galaxy.validate().map(|()| Model::Galaxy(galaxy))
    }
}
