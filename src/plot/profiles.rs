//! The fields of a grid with one axis as curves: density, velocity and pressure, and the scalars that the flow carries along.

use super::canvas::with_unit;
use super::field::{fields, label};
use super::maps::time;
use super::panels::{Curve, Panel, Panels};
use super::plane::{axes, line};
use super::view::View;
use crate::Result;
use crate::io::{GridGeometry, Reader};

/// The most fields that are drawn.
const MOST: usize = 5;

/// The fields of `last`, over those of `first` where it is another snapshot; none where the grid has more axes.
pub(super) fn profiles(first: &Reader, last: &Reader, geometry: &GridGeometry, view: &View) -> Result<Option<Panels>> {
    let axes = axes(geometry);
    if axes.len() > 1 {
        return Ok(None);
    }
    let axis = axes.first().copied().unwrap_or(0);
    let along = ["x", "y", "z"][axis];
    let range = [geometry.low[axis], geometry.high[axis]];
    let mut panels = Vec::new();
    let known = fields(last)?;
    for field in view.wanted(&known, drawn_fields(known.clone(), along))? {
        let mut curves = Vec::new();
        for reader in [first, last].into_iter().skip(usize::from(first.path() == last.path())) {
            let name = if panels.is_empty() { time(reader)? } else { String::new() };
            let pale = reader.path() != last.path();
            curves.push(Curve { name, ink: 0, pale, points: line(reader, geometry, &field)? });
        }
        panels.push(Panel { label: label(last, &field), curves });
    }
    let title = format!("profiles at {}", time(last)?);
    let label = with_unit(along, &last.text("Units", "Length").unwrap_or_default());
    Ok((!panels.is_empty()).then_some(Panels { title, label, range, panels }))
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
