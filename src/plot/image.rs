//! A bare picture of numbers, a dot for each, without axes: to look at, or to stitch to others.

use std::path::Path;

use plotters::prelude::*;

use super::scale::colour;
use crate::{Error, Result};

/// The colour of what is no number.
const NONE: [u8; 3] = [200; 3];

/// Writes `values`, row by row from above and `width` to a row, as a PNG picture with a dot for each.
///
/// `ends` are the values at the two ends of the colours (cividis); what is beyond them gets the colour of the end, what is
/// not a number a grey. Pictures of the same `ends` can be set side by side.
///
/// # Errors
/// When the values don't fill whole rows, or the picture cannot be written.
pub fn image(path: &Path, width: usize, values: &[f64], [low, high]: [f64; 2]) -> Result<()> {
    if values.is_empty() || width == 0 || !values.len().is_multiple_of(width) {
        let reason = format!("a picture of {} values with rows of {width}: the rows must be whole", values.len());
        return Err(Error::file(path, reason));
    }
    let dots: Vec<u8> = values.iter().flat_map(|value| shade((value - low) / (high - low))).collect();
    let size = (width as u32, (values.len() / width) as u32);
    let mut picture = BitMapBackend::new(path, size);
    picture
        .blit_bitmap((0, 0), size, &dots)
        .and_then(|()| picture.present())
        .map_err(|error| Error::file(path, format!("cannot draw: {error}")))
}

/// The colour at a part of the scale, from 0 to 1.
fn shade(part: f64) -> [u8; 3] {
    let RGBColor(red, green, blue) = colour(part);
    if part.is_nan() { NONE } else { [red, green, blue] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_has_the_colour_of_its_value() {
        assert_eq!([shade(-1.0), shade(f64::NAN), shade(7.0)], [shade(0.0), NONE, shade(1.0)]);
        assert_ne!(shade(0.4), shade(0.6));
    }

    #[test]
    fn a_picture_has_its_size_and_its_rows_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture.png");
        image(&path, 3, &[0.0, 0.5, 1.0, 1.0, 0.5, f64::NAN], [0.0, 1.0]).unwrap();
        let png = std::fs::read(&path).unwrap();
        assert_eq!((&png[1..4], &png[16..24]), (&b"PNG"[..], &[0, 0, 0, 3, 0, 0, 0, 2][..]));
        assert!(image(&path, 4, &[0.0; 6], [0.0, 1.0]).is_err());
        assert!(image(&path, 0, &[], [0.0, 1.0]).is_err());
        assert!(image(&folder.path().join("none/picture.png"), 1, &[0.0], [0.0, 1.0]).is_err());
    }
}
