//! The gas behind a shock that runs into gas at rest (Rankine and Hugoniot).

use divisi::{Error, Result};

use super::exact::Side;

/// Density, velocity and pressure behind a shock of this Mach number, `problem.mach`, in an ideal gas at rest.
///
/// # Errors
/// If the Mach number is not above 1.
pub(super) fn behind_shock(gamma: f64, mach: f64, density: f64, pressure: f64) -> Result<Side> {
    if !(mach > 1.0 && mach.is_finite()) {
        return Err(Error::input(
            "problem.mach",
            format!("{mach} is not allowed: a shock is faster than sound, above 1"),
        ));
    }
    let square = mach * mach;
    let sound = (gamma * pressure / density).sqrt();
    Ok(Side {
        density: density * (gamma + 1.0) * square / ((gamma - 1.0) * square + 2.0),
        velocity: 2.0 * (square - 1.0) / ((gamma + 1.0) * mach) * sound,
        pressure: pressure * (1.0 + 2.0 * gamma / (gamma + 1.0) * (square - 1.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shocks_are_those_of_the_papers() {
        // Shu & Osher 1989, example 8; Woodward & Colella 1984, section IV c.
        let Side { density, velocity, pressure } = behind_shock(1.4, 3.0, 1.0, 1.0).unwrap();
        assert!((density - 3.857143).abs() < 1e-6 && (velocity - 2.629369).abs() < 1e-6);
        assert!((pressure - 10.33333).abs() < 1e-5);
        let strong = behind_shock(1.4, 10.0, 1.4, 1.0).unwrap();
        let differs = |value: f64, printed: f64| (value - printed).abs() > 1e-12;
        assert!(!differs(strong.density, 8.0) && !differs(strong.velocity, 8.25) && !differs(strong.pressure, 116.5));
    }
}
