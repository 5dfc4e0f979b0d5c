//! Bodies from a table of orbital elements.
//!
//! Columns, in any order: `name`, `gm` (G m, length³/time²) or `mass`, `a` (length; negative on a hyperbola), `e`, and
//! in degrees `inc`, `Omega` (ascending node), `omega` (periapsis from the node), `M` (mean anomaly); optionally
//! `primary` (the name of an earlier body; the first where empty), `radius` and `id`. The first body has no orbit: its
//! elements stay empty.
//!
//! Elements are relative to the primary, with μ = G (m_primary + m). The whole is moved to its barycentre.

use std::io::Read;
use std::path::Path;

use super::move_to_barycentre;
use super::table::{Row, Seen, Table};
use crate::Result;
use crate::nbody::body::{Body, BodyList};
use crate::nbody::elements::Elements;

const ELEMENTS: [&str; 6] = ["a", "e", "inc", "Omega", "omega", "M"];
const REQUIRED: [&str; 7] = ["name", "a", "e", "inc", "Omega", "omega", "M"];
const OPTIONAL: [&str; 5] = ["gm", "mass", "primary", "radius", "id"];

/// Reads the bodies in the file `path`, in the frame of their barycentre; `gravity` turns `gm` into masses.
///
/// # Errors
/// As for a table of states, and: elements given for the first body or missing for another, a primary that is
/// no earlier body, a negative or parabolic eccentricity, a semi-major axis whose sign doesn't go with it.
pub fn read_elements(path: &Path, gravity: f64) -> Result<BodyList> {
    bodies(&Table::read(path)?, gravity)
}

/// [`read_elements`] of a text at hand; `file` stands in errors.
///
/// # Errors
/// As [`read_elements`].
pub fn parse_elements(file: &str, source: impl Read, gravity: f64) -> Result<BodyList> {
    bodies(&Table::parse(file, source)?, gravity)
}

fn bodies(table: &Table, gravity: f64) -> Result<BodyList> {
    let (mass_column, unit) = table.mass_column(gravity)?;
    table.check_columns(&REQUIRED, &OPTIONAL)?;
    let mut seen = Seen::default();
    let mut list = BodyList::default();
    for (index, row) in table.rows().enumerate() {
        let id = row.id(index)?;
        let name = row.text("name").to_string();
        let mass = unit * row.not_negative(mass_column, false)?;
        let radius = row.not_negative("radius", true)?;
        let (position, velocity) = if list.bodies.is_empty() {
            no_orbit(row)?
        } else {
            orbit(row, &list, primary(row, &seen)?, gravity, mass)?
        };
        seen.add(row, index, id, &name)?;
        list.push(name, Body { id, mass, radius, position, velocity });
    }
    move_to_barycentre(&mut list.bodies)?;
    Ok(list)
}

/// The first body rests at the origin.
fn no_orbit(row: Row) -> Result<([f64; 3], [f64; 3])> {
    match ELEMENTS.iter().chain(&["primary"]).find(|column| !row.text(column).is_empty()) {
        Some(column) => row.fail(column, "the first body is what the others go round: leave its elements empty".into()),
        None => Ok(([0.0; 3], [0.0; 3])),
    }
}

/// The place of the body that a row's body goes round.
fn primary(row: Row, seen: &Seen) -> Result<usize> {
    match row.text("primary") {
        "" => Ok(0),
        name => match seen.index_of(name) {
            Some(index) => Ok(index),
            None => row.fail("primary", format!("there is no body `{name}` above this line")),
        },
    }
}

/// Position and velocity of a row's body of this mass, round the body at the place `primary` of the list.
fn orbit(row: Row, list: &BodyList, primary: usize, gravity: f64, mass: f64) -> Result<([f64; 3], [f64; 3])> {
    let elements = elements(row)?;
    let centre = list.bodies[primary];
    let mu = gravity * (centre.mass + mass);
    if mu <= 0.0 {
        return row
            .fail("primary", format!("neither this body nor {} has a mass: there is no orbit", list.label(primary)));
    }
    let (position, velocity) = elements.to_state(mu);
    let add = |a: [f64; 3], b: [f64; 3]| std::array::from_fn(|k| a[k] + b[k]);
    Ok((add(centre.position, position), add(centre.velocity, velocity)))
}

fn elements(row: Row) -> Result<Elements> {
    let a = row.number("a")?;
    let e = row.not_negative("e", false)?;
    if e == 1.0 {
        return row.fail("e", "1 is a parabola, which has no semi-major axis: take a value beside it".into());
    }
    if (e < 1.0) != (a > 0.0) || a == 0.0 {
        return row.fail("a", format!("{a} doesn't go with e = {e}: a is positive for e < 1 and negative for e > 1"));
    }
    let angle = |column| row.number(column).map(f64::to_radians);
    Ok(Elements {
        a,
        e,
        inc: angle("inc")?,
        node: angle("Omega")?,
        periapsis: angle("omega")?,
        mean_anomaly: angle("M")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name,mass,a,e,inc,Omega,omega,M,primary\nStar,1.0,,,,,,,\n";

    fn parse(rows: &str) -> Result<Vec<Body>> {
        parse_elements("orbits.csv", format!("{HEAD}{rows}\n").as_bytes(), 1.0).map(|list| list.bodies)
    }

    fn message(rows: &str) -> String {
        parse(rows).unwrap_err().to_string()
    }

    fn relative(bodies: &[Body], i: usize, j: usize) -> Elements {
        let difference = |a: [f64; 3], b: [f64; 3]| std::array::from_fn(|k| a[k] - b[k]);
        let position = difference(bodies[i].position, bodies[j].position);
        let velocity = difference(bodies[i].velocity, bodies[j].velocity);
        Elements::from_state(bodies[i].mass + bodies[j].mass, position, velocity)
    }

    #[test]
    fn bodies_go_round_their_primaries_and_the_barycentre_rests() {
        let bodies =
            parse("Planet,1e-3,2,0.1,10,20,30,40,\nMoon,1e-6,0.01,0.3,5,6,7,8,Planet\nVisitor,0,-3,1.5,1,2,3,-90,")
                .unwrap();
        let planet = relative(&bodies, 1, 0);
        let moon = relative(&bodies, 2, 1);
        let visitor = relative(&bodies, 3, 0);
        assert!((planet.a - 2.0).abs() < 1e-14 && (planet.node.to_degrees() - 20.0).abs() < 1e-12);
        assert!((moon.a - 0.01).abs() < 1e-14 && (moon.e - 0.3).abs() < 1e-12);
        assert!((visitor.e - 1.5).abs() < 1e-14 && (visitor.mean_anomaly.to_degrees() + 90.0).abs() < 1e-11);
        for k in 0..3 {
            let momentum: f64 = bodies.iter().map(|body| body.mass * body.velocity[k]).sum();
            assert!(momentum.abs() < 1e-18, "{momentum}");
        }
    }

    #[test]
    fn each_wrong_element_is_named() {
        assert!(message("p,1,2,-0.1,0,0,0,0,").starts_with("orbits.csv:3: column e: -0.1 is negative"));
        assert!(message("p,1,2,1,0,0,0,0,").contains("column e: 1 is a parabola"));
        assert!(message("p,1,-2,0.5,0,0,0,0,").contains("column a: -2 doesn't go with e = 0.5"));
        assert!(message("p,1,2,1.5,0,0,0,0,").contains("column a: 2 doesn't go with e = 1.5"));
        assert!(message("p,1,2,0.5,,0,0,0,").contains("orbits.csv:3: column inc: there is no value"));
        assert!(message("p,1,2,0.5,0,0,0,0,Planet").contains("column primary: there is no body `Planet` above"));
        assert!(message("p,1,2,0.5,0,0,0,0,p").contains("no body `p` above"));
        assert!(message("p,0,1,0,0,0,0,0,\nq,0,1,0,0,0,0,9,p").contains("neither this body nor p has a mass"));
    }

    #[test]
    fn the_first_body_has_no_orbit() {
        let text = "name,mass,a,e,inc,Omega,omega,M\nStar,1,2,0,0,0,0,0\n";
        let message = parse_elements("orbits.csv", text.as_bytes(), 1.0).unwrap_err().to_string();
        assert!(message.contains("orbits.csv:2: column a: the first body is what the others go round"), "{message}");
    }
}
