use super::*;

const PRECISIONS: [Precision; 2] = [Precision::Single, Precision::Double];
const RSQRTS: [Rsqrt; 2] = [Rsqrt::Approximate, Rsqrt::Exact];

/// Numbers from -1 to 1, the same in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// `n` bodies, each x, y, z, G m, in a cube of half-side 1; every fifth without mass.
fn bodies(n: usize) -> Vec<[f64; 4]> {
    let mut numbers = Numbers(n as u64);
    let mut body = |i| {
        let [x, y, z, m] = [(); 4].map(|()| numbers.next());
        [x, y, z, if i % 5 == 4 { 0.0 } else { (1.0 + m) / n as f64 }]
    };
    (0..n).map(&mut body).collect()
}

/// Every way of computing that this machine has.
fn ways() -> impl Iterator<Item = Direct> {
    let levels = Level::available().into_iter();
    let pairs = levels.flat_map(|level| PRECISIONS.map(|precision| (level, precision)));
    pairs.flat_map(|(level, precision)| {
        let frame = Frame::default();
        RSQRTS.map(|rsqrt| Direct { level, rsqrt, precision, softening: 0.0, potential: true, frame })
    })
}

fn position(&[x, y, z, _]: &[f64; 4]) -> [f64; 3] {
    [x, y, z]
}

/// Acceleration and potential of each target, sources in blocks of `block`, targets in tiles of `tile`, a flush at each
/// multiple of 100 sources.
fn sums(direct: &Direct, targets: &[[f64; 4]], sources: &[[f64; 4]], tile: usize, block: usize) -> Vec<[f64; 4]> {
    let mut placed = direct.targets(targets.iter().map(position));
    let mut packed = Sources::default();
    for hundred in sources.chunks(100) {
        for block in hundred.chunks(block) {
            direct.pack(block, &mut packed);
            for range in placed.tiles(tile) {
                direct.accelerate(&mut placed, range, &packed);
            }
        }
        for range in placed.tiles(tile) {
            direct.flush(&mut placed, range);
        }
    }
    (0..placed.len())
        .map(|i| {
            let [x, y, z] = placed.acceleration(i);
            [x, y, z, placed.potential(i)]
        })
        .collect()
}

fn all_at_once(direct: &Direct, targets: &[[f64; 4]], sources: &[[f64; 4]]) -> Vec<[f64; 4]> {
    sums(direct, targets, sources, targets.len(), 100)
}

/// The same by the plain formula in double precision.
fn plain(targets: &[[f64; 4]], sources: &[[f64; 4]], softening: f64) -> Vec<[f64; 4]> {
    let one = |t: &[f64; 4]| {
        let mut sum = [0.0; 4];
        for s in sources.iter().filter(|s| s[..3] != t[..3]) {
            let d = [s[0] - t[0], s[1] - t[1], s[2] - t[2]];
            let r = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + softening * softening).sqrt();
            for c in 0..3 {
                sum[c] += s[3] * d[c] / (r * r * r);
            }
            sum[3] -= s[3] / r;
        }
        sum
    };
    targets.iter().map(one).collect()
}

/// |a - b| / |b| of the first `N` components.
fn relative<const N: usize>(a: [f64; N], b: [f64; N]) -> f64 {
    let norm = |x: [f64; N]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    norm(std::array::from_fn(|c| a[c] - b[c])) / norm(b)
}

fn bits<const N: usize>(rows: &[[f64; N]]) -> Vec<[u64; N]> {
    rows.iter().map(|row| row.map(f64::to_bits)).collect()
}

/// A target at the first place, a source at the second, its G m.
type Pair = ([f64; 3], [f64; 3], f64);

/// The root mean square over pairs of the relative error of acceleration and of potential.
fn pair_errors(direct: &Direct, pairs: &[Pair], exact: impl Fn(&Pair) -> [f64; 4]) -> [f64; 2] {
    let mut squares = [0.0; 2];
    for pair @ &([tx, ty, tz], [x, y, z], gm) in pairs {
        let got = all_at_once(direct, &[[tx, ty, tz, 0.0]], &[[x, y, z, gm]])[0];
        let want = exact(pair);
        squares[0] += relative([got[0], got[1], got[2]], [want[0], want[1], want[2]]).powi(2);
        squares[1] += (got[3] / want[3] - 1.0).powi(2);
    }
    squares.map(|sum| (sum / pairs.len() as f64).sqrt())
}

/// Integers a, b, c with a² + b² + c² = k², k a known integer (Lebesgue's identity): r is exact, and so is k³.
fn quadruples(count: usize) -> Vec<Pair> {
    let mut numbers = Numbers(7);
    let mut all = Vec::new();
    while all.len() < count {
        let [m, n, p, q] = [(); 4].map(|()| (numbers.next() * 120.0).round());
        let d = [m * m + n * n - p * p - q * q, 2.0 * (m * q + n * p), 2.0 * (n * q - m * p)];
        if d != [0.0; 3] {
            all.push(([0.0; 3], d, 1.0 + numbers.next().abs()));
        }
    }
    all
}

#[test]
fn a_pair_in_double_precision_is_good_to_1e_15() {
    let exact = |&(_, d, gm): &Pair| {
        let k = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
        let k3 = k * k * k;
        [gm * d[0] / k3, gm * d[1] / k3, gm * d[2] / k3, -gm / k]
    };
    for direct in ways().filter(|way| way.precision == Precision::Double) {
        let errors = pair_errors(&direct, &quadruples(2000), exact);
        println!(
            "{} {:?}: rms error {:.2e}, potential {:.2e}",
            direct.level.name(),
            direct.rsqrt,
            errors[0],
            errors[1]
        );
        assert!(errors.iter().all(|&error| error < 6e-16), "{direct:?}: {errors:?}");
    }
}

#[test]
fn a_pair_in_single_precision_is_good_to_3e_6() {
    let mut numbers = Numbers(3);
    let mut place = || [(); 3].map(|()| numbers.next());
    let pairs: Vec<Pair> = (0..2000).map(|i| (place(), place(), 1.0 + f64::from(i) / 2000.0)).collect();
    let exact = |&([tx, ty, tz], [x, y, z], gm): &Pair| plain(&[[tx, ty, tz, 0.0]], &[[x, y, z, gm]], 0.0)[0];
    for direct in ways().filter(|way| way.precision == Precision::Single) {
        let errors = pair_errors(&direct, &pairs, exact);
        println!(
            "{} {:?}: rms error {:.2e}, potential {:.2e}",
            direct.level.name(),
            direct.rsqrt,
            errors[0],
            errors[1]
        );
        assert!(errors.iter().all(|&error| error < 1.5e-6), "{direct:?}: {errors:?}");
    }
}

#[test]
fn sums_are_those_of_the_plain_formula_with_and_without_softening() {
    let targets = bodies(37);
    let sources = bodies(251);
    for softening in [0.0, 0.05] {
        let want = plain(&targets, &sources, softening);
        for direct in ways().map(|way| Direct { softening, ..way }) {
            let tolerance = if direct.precision == Precision::Double { 1e-13 } else { 2e-4 };
            for (got, want) in all_at_once(&direct, &targets, &sources).into_iter().zip(&want) {
                assert!(relative(got, *want) < tolerance, "{direct:?}: {got:?} is not {want:?}");
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_how_targets_and_sources_are_cut() {
    let bodies = bodies(333);
    for direct in ways().map(|way| Direct { softening: 0.01, ..way }) {
        let whole = bits(&all_at_once(&direct, &bodies, &bodies));
        for (tile, block) in [(16, 7), (48, 1), (160, 33), (1000, 99)] {
            assert_eq!(bits(&sums(&direct, &bodies, &bodies, tile, block)), whole, "{direct:?} {tile} {block}");
        }
        for (first, last) in [(0, 1), (1, 18), (130, 333), (331, 333)] {
            let part = bits(&all_at_once(&direct, &bodies[first..last], &bodies));
            assert_eq!(part, whole[first..last], "{direct:?}, targets {first}..{last} alone");
        }
    }
}

#[test]
fn accelerations_have_the_same_bits_without_potentials() {
    let bodies = bodies(70);
    for direct in ways() {
        let with = all_at_once(&direct, &bodies, &bodies);
        let without = all_at_once(&Direct { potential: false, ..direct }, &bodies, &bodies);
        for (with, without) in with.into_iter().zip(without) {
            assert_eq!([with[0], with[1], with[2], 0.0].map(f64::to_bits), without.map(f64::to_bits), "{direct:?}");
        }
    }
}

#[test]
fn square_root_and_division_give_the_same_bits_at_every_level() {
    let bodies = bodies(101);
    for precision in PRECISIONS {
        let of_level = |level| {
            let exact = |way: &Direct| (way.level, way.precision, way.rsqrt) == (level, precision, Rsqrt::Exact);
            bits(&all_at_once(&ways().find(exact).unwrap(), &bodies, &bodies))
        };
        for level in Level::available() {
            assert_eq!(of_level(level), of_level(Level::Portable), "{level:?} {precision:?}");
        }
    }
}

#[test]
fn a_body_does_nothing_to_itself() {
    let alone = [[0.3, -0.0, 1e5, 2.0]];
    for softening in [0.0, 1e-3, 10.0] {
        for direct in ways().map(|way| Direct { softening, ..way }) {
            assert_eq!(all_at_once(&direct, &alone, &alone), [[0.0; 4]], "{direct:?}");
            let others = bodies(5);
            let with: Vec<_> = others[..2].iter().chain(&alone).chain(&others[2..]).copied().collect();
            let got = bits(&all_at_once(&direct, &alone, &with));
            assert_eq!(got, bits(&all_at_once(&direct, &alone, &others)), "{direct:?}");
        }
    }
}

#[test]
fn the_sign_of_zero_does_not_separate_places() {
    for direct in ways() {
        let sums = all_at_once(&direct, &[[0.0, -0.0, 0.0, 1.0]], &[[-0.0, 0.0, 0.0, 1.0]]);
        assert_eq!(sums, [[0.0; 4]], "{direct:?}");
    }
}

#[test]
fn sources_without_mass_do_nothing() {
    let targets = bodies(21);
    let massless: Vec<_> = bodies(40).iter().map(|&[x, y, z, _]| [x, y, z, 0.0]).collect();
    for direct in ways() {
        assert!(all_at_once(&direct, &targets, &massless).iter().all(|sums| *sums == [0.0; 4]), "{direct:?}");
    }
}

#[test]
fn two_bodies_attract_and_the_potential_is_negative() {
    for direct in ways() {
        let [sums] = all_at_once(&direct, &[[1.0, 0.0, 0.0, 1.0]], &[[3.0, 0.0, 0.0, 8.0]])[..] else { unreachable!() };
        assert!(relative(sums, [2.0, 0.0, 0.0, -4.0]) < 1e-5, "{direct:?}: {sums:?}");
    }
}

/// `bodies` with lengths and G m in other units, shifted by `centre` (old units).
fn in_units(bodies: &[[f64; 4]], length: f64, gm: f64, centre: [f64; 3]) -> Vec<[f64; 4]> {
    let convert = |b: &[f64; 4]| {
        [(b[0] + centre[0]) * length, (b[1] + centre[1]) * length, (b[2] + centre[2]) * length, b[3] * gm]
    };
    bodies.iter().map(convert).collect()
}

#[test]
fn metres_and_seconds_are_in_range_in_their_frame() {
    let length = 3.0e20;
    let gm = 1.3e31;
    let centre = [8.0, -4.0, 0.0];
    let shifted = in_units(&bodies(60), length, gm, centre);
    let exact = plain(&shifted, &shifted, 0.01 * length);
    let corner = |side: f64| centre.map(|c| (c + side) * length);
    let frame = Frame::around(corner(-1.0), corner(1.0), gm);
    for direct in ways().map(|way| Direct { softening: 0.01 * length, frame, ..way }) {
        let tolerance = if direct.precision == Precision::Double { 1e-13 } else { 2e-4 };
        for (got, want) in all_at_once(&direct, &shifted, &shifted).into_iter().zip(&exact) {
            assert!(relative([got[0], got[1], got[2]], [want[0], want[1], want[2]]) < tolerance, "{direct:?}");
            assert!((got[3] / want[3] - 1.0).abs() < tolerance, "{direct:?}");
        }
    }
}

#[test]
fn in_double_precision_the_frame_changes_no_bit() {
    let bodies = bodies(50);
    let frame = Frame::around([-300.0, -20.0, 7.0], [500.0, 20.0, 8.0], 1e-5);
    for direct in ways().filter(|way| way.precision == Precision::Double) {
        let direct = Direct { softening: 0.02, ..direct };
        let framed = Direct { frame, ..direct };
        assert_eq!(bits(&all_at_once(&framed, &bodies, &bodies)), bits(&all_at_once(&direct, &bodies, &bodies)));
    }
}

#[test]
fn a_frame_without_extent_has_unit_scale() {
    let frame = Frame::around([2.0; 3], [2.0; 3], 0.0);
    assert_eq!((frame.centre(), frame.length(), frame.gm()), ([2.0; 3], 1.0, 1.0));
}

#[test]
#[should_panic(expected = "cuts lanes")]
fn a_range_that_cuts_lanes_panics() {
    let direct = ways().next().unwrap();
    let mut targets = direct.targets(bodies(40).iter().map(position));
    direct.accelerate(&mut targets, 0..20, &Sources::default());
}

/// `n` bodies, each x, y, z, G m, vx, vy, vz.
fn moving(n: usize) -> Vec<[f64; 7]> {
    let mut numbers = Numbers(11);
    bodies(n).into_iter().map(|[x, y, z, gm]| [x, y, z, gm, numbers.next(), numbers.next(), numbers.next()]).collect()
}

/// Acceleration and jerk of each target.
fn moving_sums(
    direct: &Direct,
    targets: &[[f64; 7]],
    sources: &[[f64; 7]],
    tile: usize,
    block: usize,
) -> Vec<[f64; 6]> {
    let mut placed = MovingTargets::default();
    let mut packed = MovingSources::default();
    direct.place_moving(&mut placed, targets.iter().map(|&[x, y, z, _, vx, vy, vz]| ([x, y, z], [vx, vy, vz])));
    for block in sources.chunks(block) {
        direct.pack_moving(block, &mut packed);
        for range in placed.targets().tiles(tile) {
            direct.accelerate_moving(&mut placed, range, &packed);
        }
    }
    let row = |i| {
        let [ax, ay, az] = placed.acceleration(i);
        let [jx, jy, jz] = placed.jerk(i);
        [ax, ay, az, jx, jy, jz]
    };
    (0..placed.targets().len()).map(row).collect()
}

#[test]
fn jerks_are_those_of_the_plain_formula() {
    let targets = moving(19);
    let sources = moving(1);
    for softening in [0.0, 0.3] {
        for direct in ways().map(|way| Direct { softening, ..way }) {
            for (got, t) in moving_sums(&direct, &targets[1..], &sources, 64, 64).into_iter().zip(&targets[1..]) {
                let s = &sources[0];
                let d = [0, 1, 2].map(|c| s[c] - t[c]);
                let v = [4, 5, 6].map(|c| s[c] - t[c]);
                let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
                let r2 = dot(d, d) + softening * softening;
                let w = s[3] / (r2 * r2.sqrt());
                let jerk = [0, 1, 2].map(|c| w * (v[c] - 3.0 * dot(d, v) / r2 * d[c]));
                assert!(relative([got[0], got[1], got[2]], d.map(|d| w * d)) < 2e-15, "{direct:?}");
                assert!(relative([got[3], got[4], got[5]], jerk) < 2e-14, "{direct:?}");
            }
        }
    }
}

#[test]
fn jerks_are_the_rate_of_change_of_accelerations() {
    let bodies = moving(40);
    let h = 1e-5;
    let at = |time: f64| -> Vec<[f64; 7]> {
        let shift =
            |&[x, y, z, gm, vx, vy, vz]: &[f64; 7]| [x + vx * time, y + vy * time, z + vz * time, gm, vx, vy, vz];
        bodies.iter().map(shift).collect()
    };
    for direct in ways().map(|way| Direct { softening: 0.1, ..way }) {
        let sums = |time: f64| moving_sums(&direct, &at(time), &at(time), 64, 64);
        let before = sums(-h);
        let now = sums(0.0);
        let after = sums(h);
        for i in 0..bodies.len() {
            let rate = [0, 1, 2].map(|c| (after[i][c] - before[i][c]) / (2.0 * h));
            assert!(relative([now[i][3], now[i][4], now[i][5]], rate) < 1e-6, "{direct:?}, body {i}");
        }
    }
}

#[test]
fn bits_of_jerks_do_not_depend_on_how_bodies_are_cut() {
    let bodies = moving(203);
    for direct in ways().map(|way| Direct { softening: 0.01, ..way }) {
        let whole = bits(&moving_sums(&direct, &bodies, &bodies, 1000, 1000));
        assert_eq!(bits(&moving_sums(&direct, &bodies, &bodies, 32, 17)), whole, "{direct:?}");
        assert_eq!(bits(&moving_sums(&direct, &bodies[5..78], &bodies, 64, 300)), whole[5..78], "{direct:?}");
    }
}

#[test]
fn accelerations_with_jerks_have_the_bits_of_those_without() {
    let moving = moving(45);
    let still: Vec<_> = moving.iter().map(|&[x, y, z, gm, ..]| [x, y, z, gm]).collect();
    for direct in ways().filter(|way| way.precision == Precision::Double) {
        let with = moving_sums(&direct, &moving, &moving, 64, 64);
        let without = all_at_once(&direct, &still, &still);
        for (with, without) in with.into_iter().zip(without) {
            assert_eq!(with[..3], without[..3], "{direct:?}");
        }
    }
}
