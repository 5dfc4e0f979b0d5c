//! Polarization along a ray: matrices of three rows, and what they say as Jones and Mueller matrices.
//!
//! At each surface P = O_out diag(a_s, a_p, 1) O_in^-1 takes the electric field from before to behind it, O the axes s, p = k x s and k of the
//! ray on each side, a the amplitudes of s and p waves; along a ray they multiply. Q is the same with surfaces that do nothing but turn
//! the ray: taken off, what is left is what the surfaces do to the light (Yun, Crabtree & Chipman 2011, Appl. Opt. 50, 2855; Yun, McClain &
//! Chipman 2011, Appl. Opt. 50, 2866).

use num_complex::Complex64;

use super::complex::{Complex, sqrt};
use super::system::{Action, Hit, Surface};
use super::vector::{Vector, across, carried, cross, dot};

/// A Jones matrix, by rows.
pub type Jones = [[Complex64; 2]; 2];

/// What became of the electric field along a ray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polarization {
    /// The field behind in terms of that before, by rows: 3x3, in the axes of the space.
    pub matrix: [[Complex64; 3]; 3],
    /// The same for surfaces that only turn the ray.
    pub turn: [[f64; 3]; 3],
}

/// What a Jones matrix does to light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Properties {
    /// (I_max - I_min) / (I_max + I_min) of the power that it lets through, over all states of light.
    pub diattenuation: f64,
    /// Between which states phases differ most, by so much: radians, 0 to pi.
    pub retardance: f64,
    /// The angle of the linear state, from x towards y, that is let through best, radians, -pi/2 to pi/2.
    pub diattenuation_axis: f64,
    /// The angle of the linear state whose phase is ahead least, radians, -pi/2 to pi/2.
    pub retardance_axis: f64,
    /// The power that is let through of unpolarized light.
    pub transmission: f64,
}

impl Polarization {
    /// Of a ray that has met nothing.
    pub fn none() -> Self {
        let turn = [0, 1, 2].map(|row| [0, 1, 2].map(|column| f64::from(u8::from(row == column))));
        Polarization { matrix: turn.map(|row| row.map(|x| Complex::new(x, 0.0))), turn }
    }

    /// Goes on behind a surface.
    pub fn meet(&mut self, surface: &Surface, hit: &Hit, wavelength: f64) {
        let before = hit.before;
        let behind = hit.ray.direction;
        let is_mirror = surface.action == Action::Reflect;
        let ideal = if is_mirror { [1.0, -1.0] } else { [1.0, 1.0] };
        let amplitudes = match surface.coefficients(hit, wavelength) {
            _ if surface.action == Action::Pass => return,
            Some(all) if is_mirror => all.reflected,
            Some(all) => all.transmitted,
            None => ideal.map(|x| Complex::new(x, 0.0)),
        };
        let s = across(cross(before, hit.normal), before);
        let axes = |k: Vector| [s, cross(k, s), k];
        let [inward, outward] = [axes(before), axes(behind)];
        let between = |diagonal: [Complex; 3]| {
            [0, 1, 2].map(|row| {
                [0, 1, 2].map(|column| {
                    [0, 1, 2].iter().map(|&i| diagonal[i] * (outward[i][row] * inward[i][column])).sum::<Complex>()
                })
            })
        };
        let one = Complex::new(1.0, 0.0);
        self.matrix = product(between([amplitudes[0], amplitudes[1], one]), self.matrix);
        let turn = between([Complex::new(ideal[0], 0.0), Complex::new(ideal[1], 0.0), one]);
        self.turn = real_product(turn.map(|row| row.map(|z| z.re)), self.turn);
    }

    /// The field behind of a field before.
    pub fn field(&self, before: [Complex64; 3]) -> [Complex64; 3] {
        self.matrix.map(|row| row[0] * before[0] + row[1] * before[1] + row[2] * before[2])
    }

    /// The Jones matrix from `axes` before the system to `axes` behind it, each x and y across the ray there.
    pub fn jones(&self, before: [[f64; 3]; 2], behind: [[f64; 3]; 2]) -> Jones {
        let columns = before.map(|axis| self.field(axis.map(|x| Complex::new(x, 0.0))));
        behind.map(|axis| columns.map(|field| field[0] * axis[0] + field[1] * axis[1] + field[2] * axis[2]))
    }

    /// The Jones matrix without what comes of the ray's turns alone: behind the system its axes are those before, turned with the ray.
    pub fn proper_jones(&self, before: [[f64; 3]; 2]) -> Jones {
        self.jones(before, before.map(|axis| self.turn.map(|row| dot(row, axis))))
    }
}

/// The axes across the ray `direction` that are turned from `axes`, across `chief`, by the smallest rotation from one ray to the other: double-pole
/// coordinates (Chipman, Lam & Young 2018, section 11.4).
pub fn double_pole(axes: [[f64; 3]; 2], chief: [f64; 3], direction: [f64; 3]) -> [[f64; 3]; 2] {
    axes.map(|axis| carried(axis, chief, direction))
}

/// The Mueller matrix of a Jones matrix: of Stokes vectors I, Q, U, V, with V above 0 where the field turns from x to y as seen by whoever looks
/// into the light's source (phases exp(-i omega t)).
pub fn mueller(jones: &Jones) -> [[f64; 4]; 4] {
    // Pauli's matrices in the order of Stokes' parameters: M_ij = tr(s_i J s_j J^H) / 2.
    let zero = Complex::new(0.0, 0.0);
    let one = Complex::new(1.0, 0.0);
    let i = Complex::new(0.0, 1.0);
    let pauli: [Jones; 4] =
        [[[one, zero], [zero, one]], [[one, zero], [zero, -one]], [[zero, one], [one, zero]], [[zero, -i], [i, zero]]];
    let adjoint = adjoint(jones);
    pauli.map(|left| {
        pauli.map(|right| {
            let all = times(&times(&left, jones), &times(&right, &adjoint));
            0.5 * (all[0][0] + all[1][1]).re
        })
    })
}

/// What a Jones matrix does, by its polar decomposition J = U H (Lu & Chipman 1996, J. Opt. Soc. Am. A 13, 1106).
pub fn properties(jones: &Jones) -> Properties {
    let square = times(&adjoint(jones), jones);
    let [a, d] = [square[0][0].re, square[1][1].re];
    let b = square[0][1];
    let middle = 0.5 * (a + d);
    let spread = libm::hypot(0.5 * (a - d), libm::hypot(b.re, b.im));
    // H is the root of J^H J: (J^H J + det) / trace, with det and trace of H.
    let determinant = libm::hypot(
        (jones[0][0] * jones[1][1] - jones[0][1] * jones[1][0]).re,
        (jones[0][0] * jones[1][1] - jones[0][1] * jones[1][0]).im,
    );
    let trace = (2.0 * middle + 2.0 * determinant).sqrt();
    let unitary = unitary_part(jones, determinant, trace);
    let (retardance, retardance_axis) = retarder(&unitary);
    Properties {
        diattenuation: if middle > 0.0 { spread / middle } else { 0.0 },
        retardance,
        diattenuation_axis: 0.5 * libm::atan2(2.0 * b.re, a - d),
        retardance_axis,
        transmission: middle,
    }
}

/// U = J H^-1, with H^-1 = (trace - H) / det of H, H = (J^H J + det) / trace. Where nothing of a state is let through, U = J / trace is what is left.
fn unitary_part(jones: &Jones, determinant: f64, trace: f64) -> Jones {
    let zero = [[Complex::new(0.0, 0.0); 2]; 2];
    if trace == 0.0 {
        return zero;
    }
    // J / trace + det J / |det J| (J^H)^-1 .. in the form without a division by a small determinant: U = (J + adj(J)^H e^(i arg det)) / trace.
    let [[a, b], [c, d]] = *jones;
    let full = a * d - b * c;
    let phase = if determinant > 0.0 { full / determinant } else { Complex::new(0.0, 0.0) };
    let cofactor = [[d.conj(), -c.conj()], [-b.conj(), a.conj()]];
    [0, 1].map(|row| [0, 1].map(|column| (jones[row][column] + phase * cofactor[row][column]) / trace))
}

/// The retardance and the axis of a unitary matrix.
fn retarder(unitary: &Jones) -> (f64, f64) {
    let [[a, b], [c, d]] = *unitary;
    let root = sqrt(a * d - b * c);
    if root.norm_sqr() == 0.0 {
        return (0.0, 0.0);
    }
    // Without its common phase: cos(delta/2) - i sin(delta/2) (n . pauli).
    let half = 0.5 * (a + d) / root;
    let [q, u, v] = [0.5 * (a - d) / root, 0.5 * (b + c) / root, Complex::new(0.0, 0.5) * (b - c) / root];
    let sine = (q.im * q.im + u.im * u.im + v.im * v.im).sqrt();
    let sign = if half.re < 0.0 { -1.0 } else { 1.0 };
    let axis = 0.5 * libm::atan2(sign * u.im, sign * q.im);
    (2.0 * libm::atan2(sine, half.re.abs()), if sine > 1e-15 { axis } else { 0.0 })
}

fn product(a: [[Complex; 3]; 3], b: [[Complex; 3]; 3]) -> [[Complex; 3]; 3] {
    a.map(|row| [0, 1, 2].map(|j| row[0] * b[0][j] + row[1] * b[1][j] + row[2] * b[2][j]))
}

fn real_product(a: [[f64; 3]; 3], b: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    a.map(|row| [0, 1, 2].map(|j| row[0] * b[0][j] + row[1] * b[1][j] + row[2] * b[2][j]))
}

fn times(a: &Jones, b: &Jones) -> Jones {
    a.map(|row| [0, 1].map(|j| row[0] * b[0][j] + row[1] * b[1][j]))
}

fn adjoint(jones: &Jones) -> Jones {
    [0, 1].map(|row| [0, 1].map(|column| jones[column][row].conj()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(x: f64) -> Complex {
        Complex::new(x, 0.0)
    }

    fn turned(angle: f64, first: Complex, second: Complex) -> Jones {
        let (s, c) = angle.sin_cos();
        let turn = [[real(c), real(s)], [real(-s), real(c)]];
        times(&times(&adjoint(&turn), &[[first, real(0.0)], [real(0.0), second]]), &turn)
    }

    #[test]
    fn linear_elements_have_their_axes_and_sizes() {
        let polarizer = properties(&turned(0.3, real(1.0), real(0.0)));
        assert!((polarizer.diattenuation - 1.0).abs() < 1e-12 && (polarizer.diattenuation_axis - 0.3).abs() < 1e-12);
        assert!((polarizer.transmission - 0.5).abs() < 1e-12);
        let delta = 0.7;
        let retarder = turned(-0.4, Complex::from_polar(0.9, delta), real(0.9));
        let found = properties(&retarder);
        assert!((found.retardance - delta).abs() < 1e-12 && found.diattenuation < 1e-12, "{found:?}");
        assert!((found.retardance_axis + 0.4).abs() < 1e-12, "{found:?}");
        let both = properties(&turned(0.2, Complex::from_polar(0.8, -1.1), real(0.5)));
        assert!(
            (both.diattenuation - (0.64 - 0.25) / (0.64 + 0.25)).abs() < 1e-12 && (both.retardance - 1.1).abs() < 1e-12,
            "{both:?}"
        );
    }

    /// A polarizer along x, a quarter-wave plate at 45 degrees (Goldstein, Polarized Light, chapter 5).
    #[test]
    fn mueller_matrices_are_those_of_books() {
        let polarizer = mueller(&turned(0.0, real(1.0), real(0.0)));
        let wanted = [[0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0], [0.0; 4], [0.0; 4]];
        let far = |a: [[f64; 4]; 4], b: [[f64; 4]; 4]| {
            (0..16).map(|k| (a[k / 4][k % 4] - b[k / 4][k % 4]).abs()).fold(0.0, f64::max)
        };
        assert!(far(polarizer, wanted) < 1e-15);
        let plate = mueller(&turned(std::f64::consts::FRAC_PI_4, real(1.0), Complex::new(0.0, 1.0)));
        // Q becomes V, V becomes -Q.
        let wanted = [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, -1.0], [0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]];
        let signed = wanted.map(|row| row.map(|x| -x));
        assert!(
            far(plate, wanted) < 1e-12 || far(plate, [wanted[0], signed[1], wanted[2], signed[3]]) < 1e-12,
            "{plate:?}"
        );
    }
}
