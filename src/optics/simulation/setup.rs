//! The system, the beam and the detector that a parameter file describes.

use std::path::Path;

use num_complex::Complex64;

use super::config::{Config, Kind, MaterialSection, State, SurfaceSection};
use crate::optics::{Action, Aperture, Beam, Detector, Frame, KNOWN, Layer, Material, Shape, Surface, System};
use crate::{Error, Result};

/// The longest and the shortest wavelength for which a Sellmeier formula of a user's own is taken, micrometres.
const ANY: [f64; 2] = [0.01, 1000.0];

/// What light goes through, and how it comes in.
#[derive(Clone, Debug)]
pub(super) struct Bench {
    pub system: System,
    pub beam: Beam,
    pub detector: Detector,
    /// The electric fields that come in; none where they have no direction.
    pub states: Vec<[Complex64; 3]>,
}

impl Bench {
    /// What the parameters describe; relative paths start at `folder`.
    ///
    /// # Errors
    /// Unknown materials, tables that can't be read, wavelengths for which nothing is known.
    pub(super) fn new(config: &Config, folder: &Path) -> Result<Self> {
        let wavelength = config.light.wavelength;
        let surface = |(name, section): (&String, &SurfaceSection)| surface(name, section, config, folder);
        let surfaces = config.surfaces.iter().map(surface).collect::<Result<Vec<_>>>()?;
        let section = &config.beam;
        let beam = Beam {
            center: section.center,
            direction: direction(config.light.field),
            diameter: section.diameter,
            across: section.across,
            overlap: section.overlap,
            subrays: section.subrays,
        };
        let section = &config.detector;
        let frame = Frame::tilted(section.vertex, section.tilt);
        let detector = Detector { frame, pixels: section.pixels, pitch: section.pitch };
        let states = states(config.light.polarization, beam.axes());
        Ok(Bench { system: System { surfaces, wavelength }, beam, detector, states })
    }

    /// Whether fields have directions.
    pub(super) fn is_polarized(&self) -> bool {
        !self.states.is_empty()
    }

    /// Components of the field on the detector.
    pub(super) fn components(&self) -> usize {
        if self.is_polarized() { 3 * self.states.len() } else { 1 }
    }
}

/// The direction of light that is turned by these degrees from +z towards x and y.
fn direction(field: [f64; 2]) -> [f64; 3] {
    let [x, y] = field.map(|angle| libm::tan(angle.to_radians()));
    let length = (1.0 + x * x + y * y).sqrt();
    [x / length, y / length, 1.0 / length]
}

/// The electric fields of a state, across the light.
fn states(state: State, [x, y]: [[f64; 3]; 2]) -> Vec<[Complex64; 3]> {
    let half = 0.5f64.sqrt();
    let field = |a: Complex64, b: Complex64| [0, 1, 2].map(|i| a * x[i] + b * y[i]);
    let [zero, one] = [0.0, 1.0].map(|re| Complex64::new(re, 0.0));
    let circular = |sign: f64| field(one * half, Complex64::new(0.0, sign * half));
    match state {
        State::Scalar => vec![],
        State::X => vec![field(one, zero)],
        State::Y => vec![field(zero, one)],
        State::Right => vec![circular(1.0)],
        State::Left => vec![circular(-1.0)],
        State::Unpolarized => vec![field(one * half, zero), field(zero, one * half)],
    }
}

fn surface(name: &str, section: &SurfaceSection, config: &Config, folder: &Path) -> Result<Surface> {
    let key = |key: &str| format!("surfaces.{name}.{key}");
    let index = |material: &str, place: &str| index(material, place, config, folder);
    let behind = section.material.as_ref().map(|material| index(material, &key("material"))).transpose()?;
    if let (Kind::Lens, Some(behind)) = (section.kind, behind)
        && behind.im > 1e-4
    {
        let reason = format!("absorbs light (k = {}): rays are not traced through such a medium", behind.im);
        return Err(Error::input(key("material"), reason));
    }
    // What a glass absorbs over its thickness is left out.
    let behind = behind.map(|index| if section.kind == Kind::Lens { Complex64::new(index.re, 0.0) } else { index });
    let layer = |layer: &super::config::LayerSection| {
        Ok(Layer { index: index(&layer.material, &key("coating"))?, thickness: layer.thickness })
    };
    Ok(Surface {
        name: name.to_owned(),
        frame: Frame::tilted(section.vertex, section.tilt),
        shape: Shape {
            curvature: if section.radius == 0.0 { 0.0 } else { 1.0 / section.radius },
            conic: section.conic,
            terms: section.terms.clone(),
        },
        aperture: Aperture {
            radius: section.aperture,
            half_widths: section.half_widths,
            obscuration: section.obscuration,
            spider: section.spider,
        },
        action: match section.kind {
            Kind::Mirror => Action::Reflect,
            Kind::Lens => Action::Refract,
            Kind::Stop => Action::Pass,
        },
        index: behind,
        layers: section.coating.iter().map(layer).collect::<Result<_>>()?,
    })
}

/// The index of the material of this name.
fn index(name: &str, place: &str, config: &Config, folder: &Path) -> Result<Complex64> {
    let own = config.materials.get(name).map(|section| material(section, folder));
    let Some(material) = own.transpose()?.or_else(|| Material::named(name)) else {
        let own: Vec<&str> = config.materials.keys().map(String::as_str).collect();
        let known = [&own[..], &KNOWN].concat().join(", ");
        return Err(Error::input(place, format!("there is no material `{name}`: there are {known}")));
    };
    material.index(config.light.wavelength).map_err(|error| Error::input(place, format!("{name}: {error}")))
}

fn material(section: &MaterialSection, folder: &Path) -> Result<Material> {
    if let Some(n) = section.n {
        return Ok(Material::Constant(Complex64::new(n, section.k.unwrap_or(0.0))));
    }
    if let Some(terms) = &section.sellmeier {
        return Ok(Material::Sellmeier { terms: terms.clone(), range: ANY });
    }
    let path = folder.join(section.table.as_deref().unwrap_or_default());
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    Material::table(&text).map_err(|error| Error::file(&path, error.to_string()))
}
