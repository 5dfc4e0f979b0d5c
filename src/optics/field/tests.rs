use super::*;

fn spots(count: usize, slope: f64) -> Vec<Spot> {
    let number = |k: usize| (0.37 * k as f64 + 0.11).fract() - 0.5;
    (0..count)
        .map(|k| {
            let bend = [-slope * (1.0 + number(k)), 0.03 * number(3 * k)];
            let exponent = [
                [-0.1, 1e4 * number(k)],
                [0.01 * number(k), 2.0 * number(k + 1)],
                [0.02 * number(k + 1), 3.0 * number(k + 5)],
                bend,
                [0.1 * slope * number(k), 0.01],
                [bend[0], -0.02],
            ];
            let weights = std::array::from_fn(|c| [number(k + c), number(2 * k + c)]);
            Spot::new(exponent, weights, [64, 64])
        })
        .collect()
}

fn tile(spots: &[Spot], corner: [usize; 2], components: usize, level: Level) -> Vec<f64> {
    let mut field = vec![0.0; 2 * PIXELS * components];
    Tile { spots, corner, components, field: &mut field }.add(level);
    field
}

/// Against exponentials of the standard library at each pixel: spots that are flat over the detector, and spots that fade on it.
#[test]
fn sums_are_those_of_exponentials() {
    for (slope, limit) in [(1e-4, 2e-12), (0.9, 2e-12)] {
        let spots = spots(7, slope);
        assert!(spots.iter().all(|spot| (spot.is_steep == 1.0) == (slope > 0.1)));
        for components in [1, 3, 6] {
            let field = tile(&spots, [32, 16], components, Level::detect());
            for place in (0..PIXELS).step_by(5) {
                let [x, y] = [32.0 + (place % COLUMNS) as f64, 16.0 + (place / COLUMNS) as f64];
                for component in 0..components {
                    let sum: Complex = spots
                        .iter()
                        .map(|spot| {
                            exp(spot.at(x, y)) * Complex::new(spot.weights[component][0], spot.weights[component][1])
                        })
                        .sum();
                    let start = 2 * PIXELS * component + place;
                    let found = Complex::new(field[start], field[start + PIXELS]);
                    assert!((found - sum).norm() < limit, "{slope} {components} {x} {y}: {found} {sum}");
                }
            }
        }
    }
}

#[test]
fn every_level_and_every_cut_gives_the_same_bits() {
    for slope in [1e-4, 0.9] {
        let spots = spots(9, slope);
        let wanted = tile(&spots, [0, 16], 3, Level::Portable);
        for level in Level::available() {
            assert!(tile(&spots, [0, 16], 3, level) == wanted, "{level:?}");
        }
        let mut parts = vec![0.0; wanted.len()];
        for part in [&spots[..4], &spots[4..]] {
            Tile { spots: part, corner: [0, 16], components: 3, field: &mut parts }.add(Level::detect());
        }
        assert!(parts == wanted);
    }
}
