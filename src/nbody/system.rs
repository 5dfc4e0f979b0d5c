//! The state of a gravitating system: one column per quantity.

use super::body::Body;

/// Bodies as columns: what the few-body integrators work on.
///
/// `gm[i]` is the gravitational parameter G m of body `i` (length³/time²); zero makes it a test particle,
/// which feels the others and is not felt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct System {
    /// Gravitational parameters, length³/time².
    pub gm: Vec<f64>,
    /// Positions, length.
    pub position: Vec<[f64; 3]>,
    /// Velocities, length/time.
    pub velocity: Vec<[f64; 3]>,
}

impl System {
    /// The columns of bodies, with the constant of gravitation `gravity`.
    pub fn of(bodies: &[Body], gravity: f64) -> Self {
        System {
            gm: bodies.iter().map(|body| gravity * body.mass).collect(),
            position: bodies.iter().map(|body| body.position).collect(),
            velocity: bodies.iter().map(|body| body.velocity).collect(),
        }
    }

    /// The number of bodies.
    pub fn len(&self) -> usize {
        self.gm.len()
    }

    /// Whether there is no body.
    pub fn is_empty(&self) -> bool {
        self.gm.is_empty()
    }
}
