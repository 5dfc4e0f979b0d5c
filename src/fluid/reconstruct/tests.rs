use super::*;
use crate::base::random::Random;
use crate::simd::Level;

/// A scheme at one cell.
struct Once<R> {
    scheme: R,
    stencil: [f64; 5],
}

impl<R: Reconstruction> Kernel for Once<R> {
    type Output = [f64; 2];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f64; 2] {
        let (lower, upper) = self.scheme.faces(simd, &self.stencil.map(|q| S::F64::splat(simd, q)));
        [lower, upper].map(|face| {
            let mut places = [0.0; 8];
            face.store(&mut places);
            places[0]
        })
    }
}

fn faces<R: Reconstruction>(scheme: R, stencil: [f64; 5]) -> [f64; 2] {
    Level::detect().run(Once { scheme, stencil })
}

type Scheme = fn([f64; 5]) -> [f64; 2];

const DONOR: Scheme = |stencil| faces(Donor, stencil);
const PLM: Scheme = |stencil| faces(Plm, stencil);
const PPM: Scheme = |stencil| faces(Ppm, stencil);
const WENO_Z: Scheme = |stencil| faces(WenoZ, stencil);
const ALL: [Scheme; 4] = [DONOR, PLM, PPM, WENO_Z];

/// Rough stencils, smooth ones, and ones with steps, ties and flat parts.
fn stencils() -> impl Iterator<Item = [f64; 5]> {
    (0..3000).map(|index| {
        let mut random = Random::new(7, 0, index);
        let a = random.normal();
        let b = random.normal();
        let c = random.normal();
        match index % 3 {
            0 => [0; 5].map(|_| random.normal()),
            1 => [-2.0, -1.0, 0.0, 1.0, 2.0].map(|x| a + b * x + c * x * x + 0.01 * random.normal()),
            _ => [0; 5].map(|_| (2.0 * random.normal()).round()),
        }
    })
}

/// The average of x^power over a cell of width `size` around `centre`.
fn average(power: i32, centre: f64, size: f64) -> f64 {
    let integral = |x: f64| x.powi(power + 1) / f64::from(power + 1);
    (integral(centre + 0.5 * size) - integral(centre - 0.5 * size)) / size
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}

#[test]
fn mirrored_cells_give_mirrored_faces() {
    for scheme in ALL {
        for stencil in stencils() {
            let [lower, upper] = scheme(stencil);
            let [a, b, c, d, e] = stencil;
            assert_eq!(scheme([e, d, c, b, a]), [upper, lower], "{stencil:?}");
            assert_eq!(scheme(stencil.map(|q| -q)), [-lower, -upper], "{stencil:?}");
        }
    }
}

#[test]
fn every_level_gives_the_same_bits() {
    fn check<R: Reconstruction>(scheme: R, stencil: [f64; 5]) {
        for level in Level::available() {
            let here = level.run(Once { scheme, stencil });
            assert_eq!(here.map(f64::to_bits), faces(scheme, stencil).map(f64::to_bits), "{stencil:?}");
        }
    }
    for stencil in stencils() {
        check(Plm, stencil);
        check(Ppm, stencil);
        check(WenoZ, stencil);
    }
}

#[test]
fn constants_stay_as_they_are() {
    for scheme in ALL {
        for value in [0.0, 0.1, -1.0 / 3.0, 7e-300, -3e150] {
            assert_eq!(scheme([value; 5]), [value; 2]);
        }
    }
}

#[test]
fn units_do_not_matter() {
    for scheme in ALL {
        for stencil in stencils() {
            for unit in [2f64.powi(-100), 2f64.powi(100)] {
                assert_eq!(scheme(stencil.map(|q| q * unit)), scheme(stencil).map(|q| q * unit), "{stencil:?}");
            }
        }
    }
}

#[test]
fn straight_lines_are_exact_but_for_donor_cells() {
    for scheme in [PLM, PPM, WENO_Z] {
        let [lower, upper] = scheme([0.1, 0.3, 0.5, 0.7, 0.9]);
        assert!(close(lower, 0.4, 1e-15) && close(upper, 0.6, 1e-15), "{lower} {upper}");
    }
    assert_eq!(DONOR([0.1, 0.3, 0.5, 0.7, 0.9]), [0.5; 2]);
}

#[test]
fn plm_takes_the_harmonic_mean_of_the_slopes_and_none_at_extrema() {
    assert_eq!(PLM([9.0, 0.0, 1.0, 4.0, 9.0]), [0.25, 1.75]);
    assert_eq!(PLM([9.0, 0.0, 1.0, 0.5, 9.0]), [1.0; 2]);
}

#[test]
fn parabolas_are_exact_at_their_extrema_too_with_ppm_and_weno() {
    for scheme in [PPM, WENO_Z] {
        for centre in [0.0, 0.3, 1.0, -2.5] {
            let stencil = [-2.0, -1.0, 0.0, 1.0, 2.0].map(|x| average(2, centre + x, 1.0));
            let [lower, upper] = scheme(stencil);
            let exact = [centre - 0.5, centre + 0.5].map(|x| x * x);
            assert!(close(lower, exact[0], 1e-14) && close(upper, exact[1], 1e-14), "{centre}");
        }
    }
}

#[test]
fn faces_are_of_fourth_order_with_ppm_and_of_fifth_with_weno() {
    // The average of sin over a cell is (cos(a) - cos(b)) / (b - a).
    let error = |scheme: Scheme, size: f64, at: f64| {
        let stencil = [-2.0, -1.0, 0.0, 1.0, 2.0].map(|cell| {
            let a = at + (cell - 0.5) * size;
            let b = at + (cell + 0.5) * size;
            (a.cos() - b.cos()) / size
        });
        (scheme(stencil)[1] - (at + 0.5 * size).sin()).abs()
    };
    for at in [0.5, 0.9] {
        let order = |scheme| (error(scheme, 0.1, at) / error(scheme, 0.05, at)).log2();
        assert!((3.8..4.3).contains(&order(PPM)), "{}", order(PPM));
        assert!((4.7..5.4).contains(&order(WENO_Z)), "{}", order(WENO_Z));
    }
}

#[test]
fn monotone_cells_give_faces_between_their_neighbours() {
    for scheme in [DONOR, PLM, PPM] {
        for mut stencil in stencils() {
            stencil.sort_by(f64::total_cmp);
            let [lower, upper] = scheme(stencil);
            let [_, below, cell, above, _] = stencil;
            assert!(below <= lower && lower <= cell && cell <= upper && upper <= above, "{stencil:?}");
        }
    }
}

#[test]
fn rough_extrema_are_flattened_by_ppm() {
    assert_eq!(PPM([0.0, 1.0, 0.0, 1.0, 0.0]), [0.0; 2]);
    assert_eq!(PPM([0.0, 0.0, 1.0, 0.0, 0.0]), [1.0; 2]);
    // Here the bounded parabola would bend against its cells.
    assert_eq!(PPM([1.0, 0.0, 0.0, 1.0, 6.99]), [0.0; 2]);
}

#[test]
fn an_extremum_of_ppm_bends_little_more_than_the_cells_around() {
    // Curvatures -0.1, -1, -0.1: the parabola keeps 1.25 times -0.1, a twelfth of which lies between average and face.
    let [lower, upper] = PPM([-0.1, 0.5, 1.0, 0.5, -0.1].map(|q| q + 1.0));
    let expected = 2.0 - 0.125 / 12.0;
    assert!(close(lower, expected, 1e-14) && close(upper, expected, 1e-14), "{lower} {upper}");
}

/// The upper face by the formulas of Borges et al. 2008 (eq. 15 to 28), as they stand.
fn weno_z([a, b, c, d, e]: [f64; 5]) -> f64 {
    let bent = |x: f64| 13.0 / 12.0 * x * x;
    let beta = [
        bent(a - 2.0 * b + c) + 0.25 * (a - 4.0 * b + 3.0 * c).powi(2),
        bent(b - 2.0 * c + d) + 0.25 * (b - d).powi(2),
        bent(c - 2.0 * d + e) + 0.25 * (3.0 * c - 4.0 * d + e).powi(2),
    ];
    let parabola =
        [(2.0 * a - 7.0 * b + 11.0 * c) / 6.0, (-b + 5.0 * c + 2.0 * d) / 6.0, (2.0 * c + 5.0 * d - e) / 6.0];
    let tau = (beta[0] - beta[2]).abs();
    let weight = [0, 1, 2].map(|k| [0.1, 0.6, 0.3][k] * (1.0 + (tau / (beta[k] + 1e-40)).powi(2)));
    (0..3).map(|k| weight[k] * parabola[k]).sum::<f64>() / weight.iter().sum::<f64>()
}

#[test]
fn weno_is_that_of_its_paper() {
    for stencil in stencils() {
        let [a, b, c, d, e] = stencil;
        let expected = [weno_z([e, d, c, b, a]), weno_z(stencil)];
        let found = WENO_Z(stencil);
        assert!(close(found[0], expected[0], 1e-12) && close(found[1], expected[1], 1e-12), "{stencil:?} {found:?}");
    }
}

#[test]
fn weno_leaves_out_the_cells_beyond_a_step() {
    let [lower, upper] = WENO_Z([1.0, 2.0, 3.0, 1000.0, 1000.0]);
    assert!(close(lower, 2.5, 1e-6) && close(upper, 3.5, 1e-6), "{lower} {upper}");
}
