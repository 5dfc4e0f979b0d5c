//! Planes of a grid's fields, read from snapshots.

use crate::Result;
use crate::output::{GridGeometry, Reader, Slab};

/// The group of a snapshot in which its fields are.
const FIELDS: &str = "VTKHDF/CellData";
/// Fields that are no pictures of their own beside the density: the velocity's are directions, the pressure looks like it.
const BESIDE: [&str; 4] = ["velocity_x", "velocity_y", "velocity_z", "pressure"];
/// The most fields of which there are pictures.
const MOST: usize = 4;

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
    /// The numbers, row by row from below.
    pub values: Vec<f64>,
}

/// The fields of a snapshot of which there are maps: the density first, then what the flow carries along.
pub(super) fn mapped_fields(reader: &Reader) -> Result<Vec<String>> {
    let mut names: Vec<String> = fields(reader)?.into_iter().filter(|name| !BESIDE.contains(&&name[..])).collect();
    names.sort_by_key(|name| name != "density");
    names.truncate(MOST);
    Ok(names)
}

/// The names of all fields.
pub(super) fn fields(reader: &Reader) -> Result<Vec<String>> {
    let entries = reader.datasets()?.into_iter().filter(|entry| entry.shape.len() == 3);
    Ok(entries.filter_map(|entry| Some(entry.name.strip_prefix(FIELDS)?.strip_prefix('/')?.to_owned())).collect())
}

/// A field's name with its unit.
pub(super) fn label(reader: &Reader, field: &str) -> String {
    let unit = reader.text(&format!("{FIELDS}/{field}"), "unit").unwrap_or_default();
    super::canvas::with_unit(&field.replace('_', " "), &unit.replace("^2", "²").replace("^3", "³"))
}

/// The axes along which a grid has more than one cell.
pub(super) fn axes(geometry: &GridGeometry) -> Vec<usize> {
    (0..3).filter(|&axis| geometry.cells[axis] > 1).collect()
}

/// A field along the only axis of a grid: the places of the cells and their numbers.
pub(super) fn line(reader: &Reader, geometry: &GridGeometry, field: &str) -> Result<Vec<(f64, f64)>> {
    let axis = axes(geometry).first().copied().unwrap_or(0);
    let (low, width) = (geometry.low[axis], geometry.spacing()[axis]);
    let values: Vec<f64> = reader.read(&format!("{FIELDS}/{field}"))?;
    Ok((0..).zip(values).map(|(cell, value)| (low + (f64::from(cell) + 0.5) * width, value)).collect())
}

/// The planes that show a field: all of a plane grid, the middle planes of one with three axes (x-y, x-z, y-z).
pub(super) fn planes(reader: &Reader, geometry: &GridGeometry, field: &str) -> Result<Vec<Plane>> {
    match axes(geometry)[..] {
        [across, up] => Ok(vec![plane(reader, geometry, field, [across, up])?]),
        [_, _, _] => [[0, 1], [0, 2], [1, 2]].into_iter().map(|axes| plane(reader, geometry, field, axes)).collect(),
        _ => Ok(Vec::new()),
    }
}

/// The middle plane along two axes.
fn plane(reader: &Reader, geometry: &GridGeometry, field: &str, axes: [usize; 2]) -> Result<Plane> {
    let third = 3 - axes[0] - axes[1];
    let middle = geometry.cells[third] / 2;
    let mut slab = Slab::whole(&geometry.shape());
    (slab.offset[2 - third], slab.count[2 - third]) = (middle, 1);
    let place = geometry.low[third] + (middle as f64 + 0.5) * geometry.spacing()[third];
    Ok(Plane {
        axes,
        cells: axes.map(|axis| geometry.cells[axis] as usize),
        corners: [axes.map(|axis| geometry.low[axis]), axes.map(|axis| geometry.high[axis])],
        cut: (geometry.cells[third] > 1).then_some((third, place)),
        values: reader.read_slab(&format!("{FIELDS}/{field}"), &slab)?,
    })
}

impl Plane {
    /// The plane's numbers on a raster of dots, row by row from above: of the cells that a dot covers, their mean.
    pub fn raster(&self, [width, height]: [usize; 2]) -> Vec<f64> {
        let covered = |dot: usize, dots: usize, cells: usize| {
            let first = dot * cells / dots;
            first..((dot + 1) * cells / dots).max(first + 1)
        };
        let mut raster = Vec::with_capacity(width * height);
        for row in (0..height).rev().map(|row| covered(row, height, self.cells[1])) {
            for column in (0..width).map(|column| covered(column, width, self.cells[0])) {
                let lines = row.clone().map(|row| &self.values[row * self.cells[0]..][column.clone()]);
                raster.push(lines.flatten().sum::<f64>() / (row.len() * column.len()) as f64);
            }
        }
        raster
    }

    /// How high the plane is for its width.
    pub fn shape(&self) -> f64 {
        let [low, high] = self.corners;
        (high[1] - low[1]) / (high[0] - low[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{CellField, Part, Snapshot, Stamp};
    use crate::units::Units;

    #[test]
    fn middle_planes_lie_where_their_axes_say() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.vtkhdf");
        let geometry = GridGeometry { cells: [4, 3, 2], low: [0.0; 3], high: [4.0, 3.0, 2.0], periodic: [false; 3] };
        let numbers: Vec<f64> =
            (0..24).map(|cell| f64::from(100 * (cell / 12) + 10 * (cell / 4 % 3) + cell % 4)).collect();
        let parts = [Part::new(Slab::whole(&geometry.shape()), &numbers)];
        let stamp = Stamp { time: 0.0, step: 0, units: Units::default() };
        let mut snapshot = Snapshot::create_alone(&path, stamp, 0).unwrap();
        let field = |name| CellField { name, unit: "Msun/au^3", parts: &parts };
        snapshot.grid(&geometry, &["dye", "pressure", "density"].map(field)).unwrap();
        snapshot.finish().unwrap();
        let reader = Reader::open(&path).unwrap();
        assert_eq!(mapped_fields(&reader).unwrap(), ["density", "dye"]);
        assert_eq!(label(&reader, "density"), "density (Msun/au³)");
        let planes = planes(&reader, &geometry, "density").unwrap();
        assert_eq!([planes[0].cut, planes[1].cut, planes[2].cut], [Some((2, 1.5)), Some((1, 1.5)), Some((0, 2.5))]);
        assert_eq!(planes[0].values[5], 111.0);
        assert_eq!(planes[1].values, [10.0, 11.0, 12.0, 13.0, 110.0, 111.0, 112.0, 113.0]);
        assert_eq!((planes[2].cells, &planes[2].values[2..4]), ([3, 2], &[22.0, 102.0][..]));
        let line_of_x = GridGeometry { cells: [24, 1, 1], high: [12.0; 3], ..geometry };
        assert_eq!(line(&reader, &line_of_x, "dye").unwrap()[3], (1.75, 3.0));
    }

    #[test]
    fn a_raster_shows_cells_or_means_of_cells() {
        let values = vec![1.0, 2.0, 3.0, 4.0];
        let plane = Plane { axes: [0, 1], cells: [2, 2], corners: [[0.0; 2], [2.0, 1.0]], cut: None, values };
        assert_eq!(plane.raster([2, 2]), [3.0, 4.0, 1.0, 2.0]);
        assert_eq!(plane.raster([4, 1]), [2.0, 2.0, 3.0, 3.0]);
        assert_eq!((plane.raster([1, 1]), plane.shape()), (vec![2.5], 0.5));
    }
}
