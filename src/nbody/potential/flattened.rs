//! Potentials of discs and of flattened haloes.

use super::Potential;

/// The disc of Miyamoto & Nagai (1975, PASJ 27, 533): Φ = -G M / √(R² + (a + √(z² + b²))²).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MiyamotoNagai {
    /// G M, length³/time².
    pub gm: f64,
    /// a, the scale along the disc, length; zero makes a Plummer sphere.
    pub scale: f64,
    /// b, the scale across it, length; above zero.
    pub height: f64,
}

impl MiyamotoNagai {
    /// √(z² + b²), a plus that, and R² plus the square of that.
    fn roots(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        let root = (z * z + self.height * self.height).sqrt();
        let sum = self.scale + root;
        [root, sum, x * x + y * y + sum * sum]
    }
}

impl Potential for MiyamotoNagai {
    fn potential(&self, position: [f64; 3]) -> f64 {
        let [_, _, square] = self.roots(position);
        -self.gm / square.sqrt()
    }

    fn acceleration(&self, position: [f64; 3]) -> [f64; 3] {
        let [root, sum, square] = self.roots(position);
        let w = self.gm / (square * square.sqrt());
        let [x, y, z] = position;
        [-w * x, -w * y, -w * z * (sum / root)]
    }

    fn jerk(&self, position: [f64; 3], velocity: [f64; 3]) -> [f64; 3] {
        let [root, sum, square] = self.roots(position);
        let w = self.gm / (square * square.sqrt());
        let [x, y, z] = position;
        let [vx, vy, vz] = velocity;
        // With B = √(z² + b²): B' = z v_z/B,  w' = -3 w (x v_x + y v_y + (a + B) B')/D²,  ((a + B)/B)' = -a B'/B²
        let root_rate = z * vz / root;
        let w_rate = -3.0 * w * (x * vx + y * vy + sum * root_rate) / square;
        let steep = sum / root;
        let steep_rate = -self.scale * root_rate / (root * root);
        let across = -(w_rate * steep * z + w * (steep_rate * z + steep * vz));
        [-(w_rate * x + w * vx), -(w_rate * y + w * vy), across]
    }
}

/// A logarithmic halo: Φ = v²/2 ln(r_c² + x² + y²/p² + z²/q²), whose rotation curve is flat far out (Binney & Tremaine 2008, eq. 2.71).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logarithmic {
    /// v, the circular speed far out in the plane, length/time.
    pub speed: f64,
    /// r_c, the core, length.
    pub core: f64,
    /// p and q, axis ratios of the potential along y and z to that along x.
    pub ratios: [f64; 2],
}

impl Logarithmic {
    /// 1, p⁻², q⁻².
    fn weights(&self) -> [f64; 3] {
        let [p, q] = self.ratios;
        [1.0, 1.0 / (p * p), 1.0 / (q * q)]
    }

    fn square(&self, position: [f64; 3]) -> f64 {
        let weights = self.weights();
        self.core * self.core + (0..3).map(|k| weights[k] * position[k] * position[k]).sum::<f64>()
    }
}

impl Potential for Logarithmic {
    fn potential(&self, position: [f64; 3]) -> f64 {
        0.5 * self.speed * self.speed * libm::log(self.square(position))
    }

    fn acceleration(&self, position: [f64; 3]) -> [f64; 3] {
        let weights = self.weights();
        let w = self.speed * self.speed / self.square(position);
        [0, 1, 2].map(|k| -w * weights[k] * position[k])
    }

    fn jerk(&self, position: [f64; 3], velocity: [f64; 3]) -> [f64; 3] {
        let weights = self.weights();
        let square = self.square(position);
        let w = self.speed * self.speed / square;
        let grows = 2.0 * (0..3).map(|k| weights[k] * position[k] * velocity[k]).sum::<f64>() / square;
        [0, 1, 2].map(|k| -w * weights[k] * (velocity[k] - grows * position[k]))
    }
}
