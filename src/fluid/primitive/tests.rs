use super::*;
use crate::fluid::gas::{Ideal, Isothermal};
use crate::grid::Field;
use crate::simd::Level;

const FLOORS: Floors = Floors { density: 1e-3, pressure: 1e-4 };

/// The findings and the fields for these states of an ideal gas: density, momenta, energy.
fn find(states: &[[f64; 5]]) -> (Findings, Field<f64, 3>, Field<f64, 3>) {
    let mut conserved = Field::new([states.len(), 1, 1], 5, [0; 3]);
    let mut primitive = conserved.clone();
    for (i, state) in states.iter().enumerate() {
        (0..5).for_each(|variable| conserved.put(variable, [i as isize, 0, 0], state[variable]));
    }
    let findings = again(&mut conserved, &mut primitive);
    (findings, conserved, primitive)
}

fn again(conserved: &mut Field<f64, 3>, primitive: &mut Field<f64, 3>) -> Findings {
    let count = conserved.extent()[0];
    Level::detect().run(PrimitiveRow {
        gas: Ideal { gamma: 1.4 },
        conserved: RowMut::of(conserved, [0; 3]),
        primitive: RowMut::of(primitive, [0; 3]),
        floors: FLOORS,
        bounds: &[],
        care: Care::ALL,
        count,
    })
}

#[test]
fn states_come_back_with_their_fastest_signals() {
    let (findings, _, primitive) = find(&[[2.0, 2.0, -4.0, 0.0, 10.0], [1.0, 0.0, 0.0, 0.5, 3.0]]);
    let pressure = 0.4 * (10.0 - 0.5 * (2.0 + 8.0));
    let state: Vec<f64> = (0..5).map(|variable| primitive.at(variable, [0; 3])).collect();
    let expected = [2.0, 1.0, -2.0, 0.0, pressure];
    assert!(state.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14), "{state:?}");
    let sound = (1.4 * pressure / 2.0f64).sqrt();
    assert!((findings.fastest[1] - (2.0 + sound)).abs() < 1e-14);
    assert!(!findings.broken && findings.corrected == Corrected::default());
}

#[test]
fn floors_are_counted_once_and_the_conserved_variables_then_tell_the_primitive_ones() {
    let states =
        [[1e-9, 0.0, 0.0, 0.0, 1.0], [1.0, 3.0, 0.0, 0.0, 4.5], [1.0, 0.1, 0.7, 0.3, 0.1], [1.0, 0.0, 0.0, 0.0, 1.0]];
    let (findings, mut conserved, mut primitive) = find(&states);
    assert_eq!(findings.corrected, Corrected { densities: 1, pressures: 2, ..Corrected::default() });
    assert_eq!(primitive.at(0, [0; 3]), FLOORS.density);
    let bits = |field: &Field<f64, 3>| field.values().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let before = [bits(&conserved), bits(&primitive)];
    assert!((1..3).all(|i| primitive.at(4, [i, 0, 0]) >= FLOORS.pressure));
    again(&mut conserved, &mut primitive);
    assert_eq!(before, [bits(&conserved), bits(&primitive)]);
}

/// What is found out about gas of density 2 with these amounts of a scalar from 0 to 1, and the amounts and scalars after it.
fn bounded(amounts: [f64; 4], bound: bool) -> (Findings, Vec<f64>, Vec<f64>) {
    let mut conserved = Field::new([4, 1, 1], 6, [0; 3]);
    let mut primitive = conserved.clone();
    for (i, amount) in amounts.into_iter().enumerate() {
        [2.0, 0.0, 0.0, 0.0, 1.0, amount]
            .iter()
            .enumerate()
            .for_each(|(v, &x)| conserved.put(v, [i as isize, 0, 0], x));
    }
    let findings = Level::detect().run(PrimitiveRow {
        gas: Ideal { gamma: 1.4 },
        conserved: RowMut::of(&mut conserved, [0; 3]),
        primitive: RowMut::of(&mut primitive, [0; 3]),
        floors: FLOORS,
        bounds: &[[0.0, 1.0]],
        care: Care { bound, ..Care::ALL },
        count: 4,
    });
    (findings, conserved.interior(5), primitive.interior(5))
}

#[test]
fn scalars_beyond_their_bounds_are_put_back_with_their_amounts_and_counted_or_told() {
    // Beyond by rounding: the amount stays.
    let rounded = 2.0 + 8.0 * f64::EPSILON;
    let amounts = [2.5, -0.1, 1.5, rounded];
    let (findings, kept, scalars) = bounded(amounts, true);
    assert_eq!((findings.corrected.scalars, findings.low, findings.broken), (2, false, false));
    assert_eq!((kept, scalars), (vec![2.0, 0.0, 1.5, rounded], vec![1.0, 0.0, 0.75, 1.0]));
    let (findings, kept, scalars) = bounded(amounts, false);
    assert_eq!((findings.corrected.scalars, findings.low), (0, true));
    assert_eq!((&kept[..], &scalars[..]), (&amounts[..], &[1.25, -0.05, 0.75, 1.0][..]));
    assert!(!bounded([0.0, 1.0, rounded, -1e-14], false).0.low);
}

#[test]
fn what_is_not_finite_is_found_in_any_place_but_not_in_the_padding() {
    let good = [1.0, 0.0, 0.0, 0.0, 1.0];
    assert!(!find(&[good; 3]).0.broken);
    for place in 0..11 {
        for variable in 0..5 {
            for wrong in [f64::NAN, f64::INFINITY] {
                let mut states = [good; 11];
                states[place][variable] = wrong;
                assert!(find(&states).0.broken, "{wrong} at {place}, {variable}");
            }
        }
    }
}

#[test]
fn an_isothermal_gas_has_one_speed_of_sound() {
    let mut conserved = Field::new([1, 1, 1], 4, [0; 3]);
    [2.0, 1.0, 0.0, 0.0].iter().enumerate().for_each(|(variable, &value)| conserved.put(variable, [0; 3], value));
    let mut primitive = conserved.clone();
    let findings = Level::detect().run(PrimitiveRow {
        gas: Isothermal::of_speed(3.0),
        conserved: RowMut::of(&mut conserved, [0; 3]),
        primitive: RowMut::of(&mut primitive, [0; 3]),
        floors: FLOORS,
        bounds: &[],
        care: Care::ALL,
        count: 1,
    });
    assert_eq!((findings.fastest, primitive.at(1, [0; 3])), ([3.5, 3.0, 3.0], 0.5));
}
