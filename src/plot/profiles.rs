//! The fields of a grid with one axis as curves: density, velocity and pressure, and the scalars that the flow carries along.

use super::canvas::{AXES, with_unit};
use super::extent::Extent;
use super::field::{fields, label_in};
use super::maps::time_in;
use super::panels::{Curve, Panel, Panels};
use super::plane::{axes, line};
use super::units::Units;
use super::view::View;
use crate::Result;
use crate::io::{GridGeometry, Reader};

/// The most fields that are drawn.
const MOST: usize = 5;

/// The fields of `last`, over those of `first` where it is another snapshot; none where the grid has more axes.
pub(super) fn profiles(first: &Reader, last: &Reader, geometry: &GridGeometry, view: &View) -> Result<Option<Panels>> {
    profiles_within(first, last, geometry, view, None)
}

/// The least and the largest number of each field that is drawn.
pub(super) fn extent(reader: &Reader, geometry: &GridGeometry, view: &View) -> Result<Extent> {
    let mut extent = Extent::default();
    for field in shown(reader, geometry, view)? {
        let points = points(reader, geometry, &field, &Units::of(reader, &view.units)?)?.into_iter();
        let numbers = points.map(|point| point.1).filter(|number| number.is_finite());
        let [low, high] = numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)]);
        extent.lows.push(low);
        extent.highs.push(high);
    }
    Ok(extent)
}

/// A field along the grid's axis, in these units.
fn points(reader: &Reader, geometry: &GridGeometry, field: &str, units: &Units) -> Result<Vec<(f64, f64)>> {
    let [length, number] = [units.length().0, label_in(reader, field, units).0];
    Ok(line(reader, geometry, field)?.into_iter().map(|(x, y)| (length * x, number * y)).collect())
}

/// The last profiles of several runs, each in an ink of its own.
pub(super) fn profiles_of_runs(runs: &[(String, Reader, GridGeometry)], view: &View) -> Result<Option<Panels>> {
    let Some((_, first, geometry)) = runs.first() else { return Ok(None) };
    let units = Units::of(first, &view.units)?;
    let axis = axes(geometry).first().copied().unwrap_or(0);
    let mut panels: Vec<Panel> = Vec::new();
    for field in shown(first, geometry, view)? {
        let mut curves = Vec::new();
        for (ink, (name, reader, geometry)) in runs.iter().enumerate() {
            let name = if panels.is_empty() { format!("{name}, {}", time_in(reader, &units)?) } else { String::new() };
            let points = points(reader, geometry, &field, &Units::of(reader, &view.units)?)?;
            curves.push(Curve { name, ink, pale: false, points });
        }
        panels.push(Panel { label: label_in(first, &field, &units).1, curves, also: None });
    }
    let ends = |end: fn(&GridGeometry, usize) -> f64| runs.iter().map(move |(.., geometry)| end(geometry, axis));
    let low = ends(|geometry, axis| geometry.low[axis]).fold(f64::INFINITY, f64::min);
    let high = ends(|geometry, axis| geometry.high[axis]).fold(f64::NEG_INFINITY, f64::max);
    let range = [low, high].map(|end| units.length().0 * end);
    let label = with_unit(AXES[axis], units.length().1);
    Ok((!panels.is_empty()).then(|| Panels::new("profiles".to_owned(), label, range, panels)))
}

/// The fields that are drawn.
fn shown(reader: &Reader, geometry: &GridGeometry, view: &View) -> Result<Vec<String>> {
    let known = fields(reader)?;
    let along = AXES[axes(geometry).first().copied().unwrap_or(0)];
    view.wanted(&known, drawn_fields(known.clone(), along))
}

/// The same with room for the numbers of several snapshots.
pub(super) fn profiles_within(
    first: &Reader,
    last: &Reader,
    geometry: &GridGeometry,
    view: &View,
    extent: Option<&Extent>,
) -> Result<Option<Panels>> {
    let axes = axes(geometry);
    if axes.len() > 1 {
        return Ok(None);
    }
    let axis = axes.first().copied().unwrap_or(0);
    let along = AXES[axis];
    let units = Units::of(last, &view.units)?;
    let range = [geometry.low[axis], geometry.high[axis]].map(|end| units.length().0 * end);
    let mut panels = Vec::new();
    for (place, field) in shown(last, geometry, view)?.into_iter().enumerate() {
        let mut curves = Vec::new();
        for reader in [first, last].into_iter().skip(usize::from(first.path() == last.path())) {
            let name = if panels.is_empty() { time_in(reader, &units)? } else { String::new() };
            let pale = reader.path() != last.path();
            curves.push(Curve { name, ink: 0, pale, points: points(reader, geometry, &field, &units)? });
        }
        let also = extent.and_then(|all| Some([*all.lows.get(place)?, *all.highs.get(place)?]));
        panels.push(Panel { label: label_in(last, &field, &units).1, curves, also });
    }
    let title = format!("profiles at {}", time_in(last, &units)?);
    let label = with_unit(along, units.length().1);
    Ok((!panels.is_empty()).then(|| Panels::new(title, label, range, panels)))
}

/// Density, velocity along the axis, pressure, then what else there is but for the velocity across.
fn drawn_fields(mut fields: Vec<String>, along: &str) -> Vec<String> {
    let known = ["density".to_owned(), format!("velocity_{along}"), "pressure".to_owned()];
    // The velocity along the axis says more than its size.
    fields.retain(|field| known.contains(field) || !(field.starts_with("velocity_") || field == "speed"));
    fields.sort_by_key(|field| known.iter().position(|known| known == field).unwrap_or(known.len()));
    fields.truncate(MOST);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_the_order_that_people_look_at_them() {
        let fields = ["dye", "pressure", "velocity_x", "velocity_y", "density"].map(String::from).to_vec();
        assert_eq!(drawn_fields(fields.clone(), "x"), ["density", "velocity_x", "pressure", "dye"]);
        assert_eq!(drawn_fields(fields, "z"), ["density", "pressure", "dye"]);
    }
}
