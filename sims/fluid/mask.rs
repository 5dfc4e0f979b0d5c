//! Obstacles drawn as pictures: a text of rows of 0 and 1, or a grey image in the format PGM (P2 or P5).
//!
//! The first row is the top. A 1 is solid; in an image, what is darker than half is. The picture is stretched over the box
//! along x and y; an obstacle reaches through the whole box along z.

use std::path::Path;

use divisi::grid::Grid;
use divisi::{Error, Result};

/// Which parts of a rectangle are solid.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mask {
    width: usize,
    height: usize,
    /// Rows from the top.
    solid: Vec<bool>,
}

impl Mask {
    /// Reads a picture.
    ///
    /// # Errors
    /// If there is no such file, or it is no picture.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let image = bytes.starts_with(b"P2") || bytes.starts_with(b"P5");
        let mask = if image { Self::from_image(&bytes) } else { Self::from_text(&String::from_utf8_lossy(&bytes)) };
        mask.map_err(|reason| Error::input(path.display().to_string(), reason))
    }

    fn from_text(text: &str) -> std::result::Result<Self, String> {
        let mut rows: Vec<Vec<bool>> = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let cell = |sign: char| match sign {
                '0' => Ok(false),
                '1' => Ok(true),
                _ => Err(format!("line {}: `{sign}` is neither 0 nor 1", number + 1)),
            };
            let row: Vec<bool> =
                line.chars().filter(|sign| !sign.is_whitespace()).map(cell).collect::<std::result::Result<_, _>>()?;
            if let Some(first) = rows.first().filter(|first| first.len() != row.len()) {
                return Err(format!("line {} has {} signs, the first row {}", number + 1, row.len(), first.len()));
            }
            rows.push(row);
        }
        let width = rows.first().ok_or("holds no rows of 0 and 1")?.len();
        Ok(Mask { width, height: rows.len(), solid: rows.concat() })
    }

    fn from_image(bytes: &[u8]) -> std::result::Result<Self, String> {
        let mut words = Words { bytes, place: 2 };
        let mut header = |what: &str| words.number().ok_or(format!("its {what} cannot be read: this is no PGM image"));
        let width = header("width")?;
        let height = header("height")?;
        let white = header("greatest value")?;
        if width == 0 || height == 0 || white == 0 || white > 65535 {
            return Err(format!("an image of {width} x {height} points with values up to {white} cannot be"));
        }
        let count = width.checked_mul(height).ok_or("the image is too large")?;
        let values: Vec<usize> = match bytes[1] {
            b'2' => std::iter::from_fn(|| words.number()).take(count).collect(),
            _ if white < 256 => words.rest().iter().take(count).map(|&byte| usize::from(byte)).collect(),
            _ => {
                words.rest().chunks_exact(2).take(count).map(|b| usize::from(b[0]) * 256 + usize::from(b[1])).collect()
            }
        };
        if values.len() < count {
            return Err(format!("holds {} points, but its head says {width} x {height}", values.len()));
        }
        Ok(Mask { width, height, solid: values.into_iter().map(|value| 2 * value < white).collect() })
    }

    /// Whether the picture, stretched over the box, is solid at a cell's centre.
    pub(super) fn is_solid(&self, grid: &Grid<3>, index: [i64; 3]) -> bool {
        let pixel = |axis: usize, pixels: usize| {
            let cells = grid.cells()[axis] as i128;
            // The middle of the cell in units of half a cell, exact in whole numbers.
            ((2 * i128::from(index[axis]) + 1) * pixels as i128 / (2 * cells)).clamp(0, pixels as i128 - 1) as usize
        };
        self.solid[(self.height - 1 - pixel(1, self.height)) * self.width + pixel(0, self.width)]
    }
}

/// The words of the head of an image: numbers between blanks and comments.
struct Words<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl Words<'_> {
    fn number(&mut self) -> Option<usize> {
        while let Some(&byte) = self.bytes.get(self.place) {
            match byte {
                b'#' => self.place += self.bytes[self.place..].iter().position(|&byte| byte == b'\n')?,
                _ if byte.is_ascii_whitespace() => self.place += 1,
                _ => break,
            }
        }
        let rest = self.bytes.get(self.place..)?;
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.place += length;
        std::str::from_utf8(&rest[..length]).ok()?.parse().ok()
    }

    /// What follows the head: one blank is between.
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.place + 1..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: [bool; 6] = [false, true, false, true, true, false];

    #[test]
    fn texts_and_images_are_the_same_mask() {
        let text = Mask::from_text("010\n\n1 1 0\n").unwrap();
        assert_eq!((text.width, text.height, &text.solid[..]), (3, 2, &EXPECTED[..]));
        assert_eq!(
            Mask::from_image(b"P2 # dark is solid\n3 2\n# 255 is white\n255\n255 0 200\n 9 100 128\n").unwrap(),
            text
        );
        assert_eq!(Mask::from_image(b"P5 3 2 255\n\xff\x00\xc8\x09\x64\x80").unwrap(), text);
        assert_eq!(Mask::from_image(b"P5 3 2 256\n\x01\x00\x00\x00\x00\xff\x00\x09\x00\x10\x00\x80").unwrap(), text);
    }

    #[test]
    fn the_first_row_is_the_top_of_the_box() {
        let mask = Mask::from_text("010\n110").unwrap();
        let grid = Grid::new([6, 4, 2], [0.0; 3], [1.0; 3]).unwrap();
        let solid = |i, j| mask.is_solid(&grid, [i, j, 1]);
        assert!(solid(0, 0) && solid(1, 1) && !solid(5, 0), "the lower row is 110");
        assert!(!solid(0, 3) && solid(2, 2) && !solid(4, 3), "the upper row is 010");
    }

    #[test]
    fn pictures_that_cannot_be_are_refused() {
        for (text, reason) in [("", "no rows"), ("01\n012", "line 2: `2`"), ("01\n010", "line 2 has 3 signs")] {
            assert!(Mask::from_text(text).unwrap_err().contains(reason), "{text}");
        }
        for (image, reason) in
            [("P2 3", "height"), ("P2 0 1 255 ", "cannot be"), ("P2 2 2 255 1 2 3", "holds 3 points")]
        {
            assert!(Mask::from_image(image.as_bytes()).unwrap_err().contains(reason), "{image}");
        }
    }
}
