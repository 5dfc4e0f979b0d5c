//! Planes of a grid's fields, read from snapshots.

use super::canvas::AXES;
use super::field::values;
use super::view::View;
use crate::io::{GridGeometry, Reader, Slab};
use crate::{Error, Result};

/// Numbers on a plane of cells, and where they are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plane {
    /// The axes across and upwards: 0 to 2.
    pub axes: [usize; 2],
    /// Cells along them.
    pub cells: [usize; 2],
    /// The lower and the upper corner.
    pub corners: [[f64; 2]; 2],
    /// The axis that is cut, and where; none where the grid has no more cells along it.
    pub cut: Option<(usize, f64)>,
    /// The axis along which the numbers are integrals.
    pub along: Option<usize>,
    /// The numbers, row by row from below.
    pub values: Vec<f64>,
}

/// The axes along which a grid has more than one cell.
pub(super) fn axes(geometry: &GridGeometry) -> Vec<usize> {
    (0..3).filter(|&axis| geometry.cells[axis] > 1).collect()
}

/// A field along the only axis of a grid: the places of the cells and their numbers.
pub(super) fn line(reader: &Reader, geometry: &GridGeometry, field: &str) -> Result<Vec<(f64, f64)>> {
    let axis = axes(geometry).first().copied().unwrap_or(0);
    let low = geometry.low[axis];
    let width = geometry.spacing()[axis];
    let values = values(reader, field, &Slab::whole(&geometry.shape()))?;
    Ok((0..).zip(values).map(|(cell, value)| (low + (f64::from(cell) + 0.5) * width, value)).collect())
}

/// The planes that show a field: all of a plane grid; of one with three axes the middle planes (x-y, x-z, y-z), or the one that is
/// wanted, across an axis at a place or the integral along one.
pub(super) fn planes(reader: &Reader, geometry: &GridGeometry, field: &str, view: &View) -> Result<Vec<Plane>> {
    let middle = |axes: [usize; 2]| plane(reader, geometry, field, axes, geometry.cells[3 - axes[0] - axes[1]] / 2);
    match (&axes(geometry)[..], view.slice) {
        (&[across, up], _) => Ok(vec![middle([across, up])?]),
        (&[_, _, _], None) => match view.project {
            Some(axis) => Ok(vec![integral(reader, geometry, field, axis)?]),
            None => [[0, 1], [0, 2], [1, 2]].into_iter().map(middle).collect(),
        },
        (&[_, _, _], Some((axis, place))) => {
            let axes = [[1, 2], [0, 2], [0, 1]][axis];
            Ok(vec![plane(reader, geometry, field, axes, cell_at(geometry, axis, place)?)?])
        }
        _ => Ok(Vec::new()),
    }
}

/// The integral of a field along an axis; what is no number counts nothing.
fn integral(reader: &Reader, geometry: &GridGeometry, field: &str, axis: usize) -> Result<Plane> {
    let axes = [[1, 2], [0, 2], [0, 1]][axis];
    let mut sum = plane(reader, geometry, field, axes, 0)?;
    sum.values.fill(0.0);
    let length = geometry.spacing()[axis];
    for cell in 0..geometry.cells[axis] {
        let one = plane(reader, geometry, field, axes, cell)?;
        for (sum, number) in sum.values.iter_mut().zip(one.values) {
            *sum += if number.is_nan() { 0.0 } else { length * number };
        }
    }
    Ok(Plane { cut: None, along: Some(axis), ..sum })
}

/// The cell along an axis in which a place lies.
///
/// # Errors
/// A place outside the box.
fn cell_at(geometry: &GridGeometry, axis: usize, place: f64) -> Result<u64> {
    let [low, high] = [geometry.low[axis], geometry.high[axis]];
    if (low..=high).contains(&place) {
        return Ok((((place - low) / geometry.spacing()[axis]) as u64).min(geometry.cells[axis] - 1));
    }
    let name = AXES[axis];
    Err(Error::input("--slice", format!("{name} = {place} is outside the box, whose {name} is from {low} to {high}")))
}

/// The plane along two axes at a cell of the third.
fn plane(reader: &Reader, geometry: &GridGeometry, field: &str, axes: [usize; 2], cell: u64) -> Result<Plane> {
    let third = 3 - axes[0] - axes[1];
    let mut slab = Slab::whole(&geometry.shape());
    slab.offset[2 - third] = cell;
    slab.count[2 - third] = 1;
    let place = geometry.low[third] + (cell as f64 + 0.5) * geometry.spacing()[third];
    Ok(Plane {
        axes,
        cells: axes.map(|axis| geometry.cells[axis] as usize),
        corners: [axes.map(|axis| geometry.low[axis]), axes.map(|axis| geometry.high[axis])],
        cut: (geometry.cells[third] > 1).then_some((third, place)),
        along: None,
        values: values(reader, field, &slab)?,
    })
}

impl Plane {
    /// The plane's numbers on a raster of dots, row by row from above: of the cells that a dot covers the mean, or, where they are
    /// categories and `mixes` is not set, the middle one. A dot mostly covered by what is no number is none.
    pub(super) fn raster(&self, [width, height]: [usize; 2], mixes: bool) -> Vec<f64> {
        let covered = |dot: usize, dots: usize, cells: usize| {
            let first = dot * cells / dots;
            let last = ((dot + 1) * cells / dots).max(first + 1);
            let middle = (first + last) / 2;
            if mixes { first..last } else { middle..middle + 1 }
        };
        let mut raster = Vec::with_capacity(width * height);
        for row in (0..height).rev().map(|row| covered(row, height, self.cells[1])) {
            for column in (0..width).map(|column| covered(column, width, self.cells[0])) {
                let lines = row.clone().map(|row| &self.values[row * self.cells[0]..][column.clone()]);
                raster.push(mean(lines.flatten(), row.len() * column.len()));
            }
        }
        raster
    }

    /// The same with places and numbers multiplied, as other units ask for.
    pub(super) fn times(mut self, length: f64, number: f64) -> Self {
        self.corners.iter_mut().flatten().for_each(|place| *place *= length);
        self.cut = self.cut.map(|(axis, place)| (axis, length * place));
        self.values.iter_mut().for_each(|value| *value *= number);
        self
    }

    /// The plane's extent along its axes.
    pub(super) fn size(&self) -> [f64; 2] {
        let [low, high] = self.corners;
        [high[0] - low[0], high[1] - low[1]]
    }

    /// How high the plane is for its width.
    pub(super) fn shape(&self) -> f64 {
        let [width, height] = self.size();
        height / width
    }
}

/// The mean of those of `count` values that are numbers; none where most are not.
fn mean<'a>(values: impl Iterator<Item = &'a f64>, count: usize) -> f64 {
    let (sum, numbers) =
        values.filter(|value| !value.is_nan()).fold((0.0, 0usize), |(sum, numbers), value| (sum + value, numbers + 1));
    if 2 * numbers > count { sum / numbers as f64 } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::base::units::Units;
    use crate::io::{CellField, Part, Snapshot, Stamp};

    /// A snapshot with these numbers as density.
    fn written(path: &Path, geometry: &GridGeometry, numbers: &[f64]) -> Reader {
        let parts = [Part::new(Slab::whole(&geometry.shape()), numbers)];
        let stamp = Stamp { time: 0.0, step: 0, units: Units::default() };
        let mut snapshot = Snapshot::create_alone(path, stamp, 0).unwrap();
        snapshot.grid(geometry, &[CellField::new("density", "", &parts)]).unwrap();
        snapshot.finish().unwrap();
        Reader::open(path).unwrap()
    }

    #[test]
    fn middle_planes_lie_where_their_axes_say() {
        let folder = tempfile::tempdir().unwrap();
        let geometry = GridGeometry { cells: [4, 3, 2], low: [0.0; 3], high: [4.0, 3.0, 2.0], periodic: [false; 3] };
        let numbers: Vec<f64> =
            (0..24).map(|cell| f64::from(100 * (cell / 12) + 10 * (cell / 4 % 3) + cell % 4)).collect();
        let reader = written(&folder.path().join("x.vtkhdf"), &geometry, &numbers);
        let planes = |slice| planes(&reader, &geometry, "density", &View { slice, ..View::default() });
        let one = planes(Some((2, 1.9))).unwrap();
        assert_eq!((one.len(), one[0].cut, one[0].values[5]), (1, Some((2, 1.5)), 111.0));
        assert_eq!(planes(Some((1, 3.0))).unwrap()[0].values[..4], [20.0, 21.0, 22.0, 23.0]);
        let along =
            |axis| super::planes(&reader, &geometry, "density", &View { project: Some(axis), ..View::default() });
        let sum = along(2).unwrap().remove(0);
        assert_eq!((sum.cells, sum.along, &sum.values[4..6]), ([4, 3], Some(2), &[120.0, 122.0][..]));
        assert_eq!(along(0).unwrap()[0].values[..3], [6.0, 46.0, 86.0]);
        // Cells half as long along x.
        let short = GridGeometry { high: [2.0, 3.0, 2.0], ..geometry };
        let short_reader = written(&folder.path().join("short.vtkhdf"), &short, &numbers);
        let view = View { project: Some(0), ..View::default() };
        let sums = super::planes(&short_reader, &short, "density", &view).unwrap();
        assert_eq!(sums[0].values[..3], [3.0, 23.0, 43.0]);
        assert!(planes(Some((0, 4.1))).unwrap_err().to_string().contains("outside the box, whose x is from 0 to 4"));
        let planes = planes(None).unwrap();
        assert_eq!([planes[0].cut, planes[1].cut, planes[2].cut], [Some((2, 1.5)), Some((1, 1.5)), Some((0, 2.5))]);
        assert_eq!(planes[0].values[5], 111.0);
        assert_eq!(planes[1].values, [10.0, 11.0, 12.0, 13.0, 110.0, 111.0, 112.0, 113.0]);
        assert_eq!((planes[2].cells, &planes[2].values[2..4]), ([3, 2], &[22.0, 102.0][..]));
        let line_of_x = GridGeometry { cells: [24, 1, 1], high: [12.0; 3], ..geometry };
        let reader = written(&folder.path().join("y.vtkhdf"), &line_of_x, &numbers);
        assert_eq!(line(&reader, &line_of_x, "density").unwrap()[3], (1.75, 3.0));
    }

    #[test]
    fn a_raster_shows_cells_or_means_of_cells() {
        let values = vec![1.0, 2.0, 3.0, 4.0];
        let plane =
            Plane { axes: [0, 1], cells: [2, 2], corners: [[0.0; 2], [2.0, 1.0]], cut: None, along: None, values };
        assert_eq!(plane.raster([2, 2], true), [3.0, 4.0, 1.0, 2.0]);
        assert_eq!(plane.raster([4, 1], true), [2.0, 2.0, 3.0, 3.0]);
        assert_eq!((plane.raster([1, 1], true), plane.shape()), (vec![2.5], 0.5));
        assert_eq!(plane.raster([1, 1], false), [4.0], "a category is never between two");
        let solid = |values: [f64; 4]| Plane { values: values.to_vec(), ..plane.clone() }.raster([1, 1], true)[0];
        assert_eq!(solid([1.0, f64::NAN, 3.0, 2.0]), 2.0);
        assert!(solid([1.0, f64::NAN, f64::NAN, f64::NAN]).is_nan());
    }
}
