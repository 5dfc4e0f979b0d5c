//! The exponential disc: places, and speeds from the Jeans equations (Hernquist 1993, ApJS 86, 389, section 2.2).
//!
//! Its own pull is summed over rings, as thick and as softened as it will act on its bodies; a thin disc's in closed form (Freeman 1970) is
//! a fifth too strong where most bodies are. The vertical dispersion is that of the virial theorem along z, <z ∂Φ/∂z>.

use std::f64::consts::{PI, TAU};

use super::Galaxy;
use crate::base::random::Random;

/// Scale radii beyond which no body is put.
const EDGE: f64 = 10.0;
/// Steps of the tables over the radius.
const STEPS: usize = 200;
/// Angles of a ring.
const ANGLES: u32 = 48;
/// Heights of equal shares of the mass.
const HEIGHTS: u32 = 32;
/// Distances along z of two bodies of the disc, over z₀, and how often they are, from heights of four equal shares; each is spread by a quarter of z₀.
const APART: [(f64, f64); 5] = [(0.0, 0.25), (0.511, 0.125), (0.718, 0.25), (1.228, 0.25), (1.946, 0.125)];
const SPREAD: f64 = 0.25;
/// Scale radii at which Toomre's Q is as wanted: the Sun's place in Hernquist's model.
const REFERENCE: f64 = 2.43;
/// The radial dispersion goes as exp(-√(R² + s²)/(2 h)) with s this part of h, since the epicycle fails at the centre.
const SOFT: f64 = 0.5;

/// The disc in the potential of all.
pub(super) struct Disc {
    gm: f64,
    scale: f64,
    height: f64,
    halo_gm: f64,
    halo_scale: f64,
    /// The square of the radial dispersion, less its exponential.
    dispersion: f64,
    /// <δ²/√(δ² + ε²)> of two heights, length: z₀ without softening.
    thickness: f64,
    /// The share of the mass within the edge.
    inside: f64,
    /// The square of the circular speed at radii from the centre to the edge.
    circular2: Vec<f64>,
    /// Rotation and dispersions at these radii.
    moments: Vec<[f64; 4]>,
}

impl Disc {
    pub(super) fn new(galaxy: &Galaxy) -> Self {
        let mut disc = Disc {
            gm: galaxy.gravity * galaxy.disc_mass,
            scale: galaxy.disc_scale,
            height: galaxy.disc_height,
            halo_gm: galaxy.gravity * galaxy.halo_mass,
            halo_scale: galaxy.halo_scale,
            dispersion: 1.0,
            thickness: thickness(galaxy.disc_height, galaxy.softening),
            inside: 1.0 - (1.0 + EDGE) * libm::exp(-EDGE),
            circular2: Vec::new(),
            moments: Vec::new(),
        };
        let radius = |step: usize| step as f64 * disc.step();
        disc.circular2 = (0..=STEPS).map(|step| disc.pull(radius(step), galaxy.softening) * radius(step)).collect();
        // Q = σ_R κ / (3.36 G Σ)
        let reference = REFERENCE * disc.scale;
        let epicycle2 = disc.epicycle2((reference / disc.step()) as usize);
        let wanted = galaxy.toomre_q * 3.36 * disc.surface(reference) / epicycle2.sqrt();
        disc.dispersion = wanted * wanted / disc.radial2(reference);
        // At the centre as next to it.
        disc.moments = (0..=STEPS).map(|step| disc.moments_at(step.clamp(1, STEPS - 1))).collect();
        disc
    }

    /// From one radius of the tables to the next.
    fn step(&self) -> f64 {
        EDGE * self.scale / STEPS as f64
    }

    /// G Σ.
    fn surface(&self, radius: f64) -> f64 {
        self.gm / (TAU * self.scale * self.scale) * libm::exp(-radius / self.scale)
    }

    /// The pull inwards: of the halo, and of the disc ring by ring, G Σ R' dR' dφ (R - R' cos φ)/(R² + R'² - 2 R R' cos φ + δ² + ε²)^(3/2).
    fn pull(&self, radius: f64, softening: f64) -> f64 {
        let width = self.step();
        let floor = softening * softening + SPREAD * SPREAD * self.height * self.height;
        let mut sum = 0.0;
        for ring in (0..STEPS).map(|ring| (ring as f64 + 0.5) * width) {
            let mut of_ring = 0.0;
            for s in (0..ANGLES).map(|angle| (f64::from(angle) + 0.5) / f64::from(ANGLES)) {
                // φ = π s², closer together where the ring is near; twice for both sides.
                let weight = 4.0 * PI * s / f64::from(ANGLES);
                let cos = libm::cos(PI * s * s);
                let square = radius * radius + ring * ring - 2.0 * radius * ring * cos + floor;
                for (apart, share) in APART {
                    let d2 = square + apart * apart * self.height * self.height;
                    of_ring += weight * share * (radius - ring * cos) / (d2 * d2.sqrt());
                }
            }
            sum += self.surface(ring) * ring * width * of_ring;
        }
        let outside = radius + self.halo_scale;
        sum + self.halo_gm / (outside * outside)
    }

    /// κ² = (dv²/dR)/R + 2 v²/R² at a radius of the tables that is neither first nor last.
    fn epicycle2(&self, step: usize) -> f64 {
        let radius = step as f64 * self.step();
        let slope = (self.circular2[step + 1] - self.circular2[step - 1]) / (2.0 * self.step());
        slope / radius + 2.0 * self.circular2[step] / (radius * radius)
    }

    /// The square of the radial dispersion.
    fn radial2(&self, radius: f64) -> f64 {
        let soft = libm::hypot(radius, SOFT * self.scale);
        self.dispersion * libm::exp(-soft / self.scale)
    }

    /// Mean rotation, and dispersions along R, around and along z.
    fn moments_at(&self, step: usize) -> [f64; 4] {
        let radius = step as f64 * self.step();
        let circular2 = self.circular2[step];
        let radial2 = self.radial2(radius);
        // σ_φ²/σ_R² = κ²/(4 Ω²)
        let ratio = (self.epicycle2(step) * radius * radius / (4.0 * circular2)).clamp(0.0, 1.0);
        // The slope of ln(Σ σ_R²) over ln R.
        let soft = libm::hypot(radius, SOFT * self.scale);
        let slope = -radius / self.scale - radius * radius / (soft * self.scale);
        // v² = v_c² + σ_R² (1 - κ²/(4 Ω²) + slope)
        let rotation = (circular2 + radial2 * (1.0 - ratio + slope)).max(0.0).sqrt();
        // <z ∂Φ/∂z>: π G Σ <δ²/√(δ² + ε²)>, and the halo's ν² <z²> with <z²> = (π z₀)²/12.
        let outside = radius + self.halo_scale;
        let halo = self.halo_gm / (radius * outside * outside) * (PI * self.height) * (PI * self.height) / 12.0;
        let vertical2 = PI * self.surface(radius) * self.thickness + halo;
        [rotation, radial2.sqrt(), (radial2 * ratio).sqrt(), vertical2.sqrt()]
    }

    /// Mean rotation, and dispersions along R, around and along z, between two radii of the tables.
    pub(super) fn moments(&self, radius: f64) -> [f64; 4] {
        let place = radius / self.step();
        let node = (place as usize).min(STEPS - 1);
        let part = place - node as f64;
        std::array::from_fn(|k| self.moments[node][k] + part * (self.moments[node + 1][k] - self.moments[node][k]))
    }

    /// The radius that holds this share of the mass: 1 - (1 + x) exp(-x), by Newton's steps kept between bounds.
    fn radius(&self, share: f64) -> f64 {
        let [mut low, mut high] = [0.0, EDGE];
        let mut x = 1.0;
        for _ in 0..60 {
            let off = 1.0 - (1.0 + x) * libm::exp(-x) - share;
            if off > 0.0 {
                high = x
            } else {
                low = x
            }
            let newton = x - off / (x * libm::exp(-x));
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - x).abs() <= 1e-14 * x {
                break;
            }
            x = next;
        }
        x * self.scale
    }

    /// One body.
    pub(super) fn draw(&self, random: &mut Random) -> ([f64; 3], [f64; 3]) {
        let radius = self.radius(self.inside * random.uniform());
        let angle = TAU * random.uniform();
        let z = self.height * libm::atanh(2.0 * random.uniform() - 1.0);
        let [rotation, radial, around, vertical] = self.moments(radius);
        let out = radial * random.normal();
        let along = rotation + around * random.normal();
        let up = vertical * random.normal();
        let cos = libm::cos(angle);
        let sin = libm::sin(angle);
        ([radius * cos, radius * sin, z], [out * cos - along * sin, out * sin + along * cos, up])
    }
}

/// <δ²/√(δ² + ε²)> over the distances δ of two heights under sech²(z/z₀).
fn thickness(height: f64, softening: f64) -> f64 {
    let heights = (0..HEIGHTS).map(|i| height * libm::atanh((2.0 * f64::from(i) + 1.0) / f64::from(HEIGHTS) - 1.0));
    let heights: Vec<f64> = heights.collect();
    let mut sum = 0.0;
    for (i, a) in heights.iter().enumerate() {
        // Each pair twice; two bodies of the same share are apart by next to nothing.
        for apart2 in heights[..i].iter().map(|b| (a - b) * (a - b)) {
            sum += 2.0 * apart2 / (apart2 + softening * softening).sqrt();
        }
    }
    sum / f64::from(HEIGHTS * HEIGHTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(height: f64, softening: f64) -> Disc {
        Disc::new(&Galaxy {
            gravity: 1.0,
            disc_mass: 1.0,
            disc_scale: 1.0,
            disc_height: height,
            toomre_q: 1.5,
            halo_scale: 5.0,
            softening,
            ..Galaxy::default()
        })
    }

    /// Freeman (1970), eq. 12: v² = 2 G M/h y² (I₀ K₀ - I₁ K₁)(y), y = R/2h; values from Abramowitz & Stegun, tables 9.8 and 9.11.
    #[test]
    fn a_thin_disc_turns_as_freemans() {
        let thin = disc(0.01, 0.03);
        let bessel = [(1.0, [1.063483, 0.257894, 0.924419, 1.656441]), (2.0, [1.266066, 0.565159, 0.421024, 0.601907])];
        for (radius, [i0, i1, k0, k1]) in bessel {
            let y: f64 = 0.5 * radius;
            let exact = 2.0 * y * y * (i0 * k0 - i1 * k1);
            let found = thin.circular2[(radius / thin.step()) as usize];
            // Softening takes some exp(-k ε) with k of the order of 1/R.
            assert!((found / exact - 1.0).abs() < 0.05, "{radius}: {found} {exact}");
        }
        let thick = disc(0.2, 0.1).circular2[20];
        assert!((0.75..0.95).contains(&(thick / thin.circular2[20])), "{thick}");
    }

    #[test]
    fn two_heights_are_apart_by_z0() {
        assert!((thickness(0.3, 0.0) / 0.3 - 1.0).abs() < 0.03, "{}", thickness(0.3, 0.0));
        assert!(thickness(0.3, 0.2) < 0.9 * thickness(0.3, 0.0));
    }
}
