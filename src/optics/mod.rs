//! Light as Gaussian beamlets and as polarized rays, through mirrors and lenses.
//!
//! - [`Surface`]s one after another make a [`System`]; [`System::trace`] takes a [`Ray`] through it. A surface has a form ([`Shape`]), an
//!   [`Aperture`], and what it is made of: a [`Material`], under thin films ([`coefficients`]).
//! - [`Beamlet`]: a ray with a complex curvature, a [`Beam`] of them a plane wave; on a [`Detector`] each is a [`Spot`], and the field is
//!   their sum ([`Tile`]).
//! - [`Polarization`]: what becomes of the electric field along a ray, and what that means as Jones and Mueller matrix
//!   ([`Polarization::jones`], [`mueller`], [`properties`]).
//! - [`Optics`]: the simulation `optics`, on all ranks.
//!
//! But for the simulation nothing here communicates: a beamlet is a function of its cell, a pixel's field of its beamlets in their order.
//!
//! Left out: diffraction at apertures on the way (each stops rays, and the beam's cells are weighted by what comes through), media that absorb or
//! bend light within, birefringence, scattering, light that takes another way through the surfaces than in their order.

mod aperture;
mod beam;
mod beamlet;
mod complex;
mod detector;
mod field;
mod film;
mod material;
mod polarization;
mod shape;
mod simulation;
mod system;
mod vector;

pub use num_complex::Complex64;

pub use aperture::{Aperture, Spider};
pub use beam::Beam;
pub use beamlet::Beamlet;
pub use detector::{Detector, Reference};
pub(crate) use field::PIXELS;
pub use field::{COLUMNS, COMPONENTS, ROWS, Spot, Tile};
pub use film::{Coefficients, Layer, coefficients};
pub use material::{KNOWN, Material};
pub use polarization::{Jones, Polarization, Properties, double_pole, mueller, properties};
pub use shape::Shape;
pub use simulation::Optics;
pub use system::{Action, Hit, Ray, Surface, System};
pub use vector::Frame;
