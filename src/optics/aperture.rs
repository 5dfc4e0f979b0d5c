//! What of a surface lets light on: a disc or a rectangle, less a disc in its middle and the vanes of a spider.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The part of a surface that lets light on. Lengths in metres, across the surface's own axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aperture {
    /// Light farther from the axis is lost.
    pub radius: Option<f64>,
    /// Light farther from the middle along x, and along y, is lost.
    pub half_widths: Option<[f64; 2]>,
    /// Light closer to the axis is lost.
    pub obscuration: f64,
    /// Light behind a spider's vanes is lost.
    pub spider: Option<Spider>,
}

/// The vanes that hold a mirror, from the axis outwards.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spider {
    /// How many, evenly spread over the circle.
    #[schemars(range(min = 1, max = 100))]
    pub vanes: u32,
    /// How wide each is.
    #[schemars(extend("unit" = "m"))]
    pub width: f64,
    /// Where the first one points, from x towards y.
    #[serde(default)]
    #[schemars(extend("unit" = "deg"))]
    pub angle: f64,
}

impl Aperture {
    /// Whether light at this place goes on.
    pub fn lets_on(&self, [x, y]: [f64; 2]) -> bool {
        let square = x * x + y * y;
        let is_within = self.radius.is_none_or(|radius| square <= radius * radius)
            && self.half_widths.is_none_or(|[a, b]| x.abs() <= a && y.abs() <= b);
        is_within
            && square >= self.obscuration * self.obscuration
            && self.spider.is_none_or(|spider| !spider.hides([x, y]))
    }
}

impl Spider {
    fn hides(&self, [x, y]: [f64; 2]) -> bool {
        let turn = std::f64::consts::TAU / f64::from(self.vanes);
        (0..self.vanes).any(|vane| {
            let angle = self.angle.to_radians() + f64::from(vane) * turn;
            let [s, c] = [libm::sin(angle), libm::cos(angle)];
            x * c + y * s > 0.0 && (y * c - x * s).abs() < 0.5 * self.width
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_goes_through_what_is_open() {
        let spider = Some(Spider { vanes: 3, width: 0.1, angle: 90.0 });
        let aperture = Aperture { radius: Some(1.0), half_widths: Some([0.9, 1.0]), obscuration: 0.3, spider };
        assert!(aperture.lets_on([0.5, 0.0]) && aperture.lets_on([0.0, -0.8]) && aperture.lets_on([0.06, 0.6]));
        for place in [[0.95, 0.0], [0.8, 0.8], [0.2, 0.1], [0.04, 0.6], [0.6 * 0.75f64.sqrt(), -0.3]] {
            assert!(!aperture.lets_on(place), "{place:?}");
        }
        assert!(Aperture::default().lets_on([1e9, -1e9]));
    }
}
