//! Cartesian states from a CSV file.
//!
//! Columns, in any order: `gm` (G m, length³/time²) or `mass`; `x`, `y`, `z` (length); `vx`, `vy`, `vz` (length/time);
//! optionally `name`, `radius` (length, 0 where empty) and `id` (default: the line's number among the bodies, from 0).
//! All in the run's units. Positions and velocities are taken as they stand: the file chooses the frame.

use std::io::Read;
use std::path::Path;

use super::InitialBody;
use super::table::{Row, Seen, Table};
use crate::Result;

const REQUIRED: [&str; 6] = ["x", "y", "z", "vx", "vy", "vz"];
const OPTIONAL: [&str; 5] = ["name", "gm", "mass", "radius", "id"];

/// Reads the states in the file `path`; `gravity` turns `gm` into masses.
///
/// # Errors
/// A file that cannot be read; columns missing, unknown or given twice, both `gm` and `mass`; values that are no finite
/// numbers; negative masses or radii; names or ids that come twice. Each names file, line and column.
pub fn read_states(path: &Path, gravity: f64) -> Result<Vec<InitialBody>> {
    states(&Table::read(path)?, gravity)
}

/// [`read_states`] of a text at hand; `file` stands in errors.
///
/// # Errors
/// As [`read_states`].
pub fn parse_states(file: &str, source: impl Read, gravity: f64) -> Result<Vec<InitialBody>> {
    states(&Table::parse(file, source)?, gravity)
}

fn states(table: &Table, gravity: f64) -> Result<Vec<InitialBody>> {
    let (mass_column, unit) = table.mass_column(gravity)?;
    table.check_columns(&REQUIRED, &OPTIONAL)?;
    let mut seen = Seen::default();
    let body = |(index, row): (usize, Row)| {
        let id = row.id(index)?;
        let name = row.text("name").to_string();
        seen.add(row, index, id, &name)?;
        Ok(InitialBody {
            id,
            name,
            mass: unit * row.not_negative(mass_column, false)?,
            radius: row.not_negative("radius", true)?,
            position: [row.number("x")?, row.number("y")?, row.number("z")?],
            velocity: [row.number("vx")?, row.number("vy")?, row.number("vz")?],
        })
    };
    table.rows().enumerate().map(body).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# made by hand\nname, gm, x, y, z, vx, vy, vz, radius\n";

    fn parse(text: &str) -> Result<Vec<InitialBody>> {
        parse_states("bodies.csv", text.as_bytes(), 2.0)
    }

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn columns_come_in_any_order_and_gm_becomes_mass() {
        let bodies = parse("# c\nvz,vy,vx,z,y,x,gm,name\n# d\n6,5,4,3,2,1,10,Sun\n0,0,0,0,0,0,0,probe\n").unwrap();
        let sun = &bodies[0];
        assert_eq!((sun.mass, sun.position, sun.velocity), (5.0, [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]));
        assert_eq!((sun.id, sun.name.as_str(), sun.radius), (0, "Sun", 0.0));
        assert_eq!((bodies[1].id, bodies[1].mass), (1, 0.0));
        let by_mass = parse("mass,x,y,z,vx,vy,vz,id\n3,0,0,0,0,0,0,44\n").unwrap();
        assert_eq!((by_mass[0].mass, by_mass[0].id, by_mass[0].label().as_str()), (3.0, 44, "body 44"));
    }

    #[test]
    fn each_wrong_value_is_named_with_file_line_and_column() {
        let row = |row: &str| message(&format!("{HEAD}a,1,0,0,0,0,0,0,\n{row}\n"));
        assert_eq!(row("b,1,0,nan,0,0,0,0,"), "bodies.csv:4: column y: nan is not a finite number");
        assert_eq!(row("b,1,0,0,0,inf,0,0,"), "bodies.csv:4: column vx: inf is not a finite number");
        assert_eq!(row("b,-1,0,0,0,0,0,0,"), "bodies.csv:4: column gm: -1 is negative");
        assert_eq!(row("b,1,0,0,0,0,0,0,-2"), "bodies.csv:4: column radius: -2 is negative");
        assert_eq!(row("b,one,0,0,0,0,0,0,"), "bodies.csv:4: column gm: \"one\" is not a number");
        assert_eq!(row("b,1,0,0,,0,0,0,"), "bodies.csv:4: column z: there is no value");
        assert_eq!(row("a,1,0,0,1,0,0,0,"), "bodies.csv:4: column name: there are two bodies `a`");
        assert_eq!(row("# note\n\nb,one,0,0,0,0,0,0,"), "bodies.csv:6: column gm: \"one\" is not a number");
        assert_eq!(row("b,1,0,0"), "bodies.csv:4: 4 values under 9 column names");
    }

    #[test]
    fn each_wrong_column_is_named() {
        let head = |head: &str| message(&format!("# c\n{head}\n1,2,3\n"));
        assert!(head("gm,x,y,z,vx,vy").contains("bodies.csv:3: 3 values under 6"));
        let with = |head: &str| message(&format!("# c\n{head}\n{}\n", vec!["1"; head.split(',').count()].join(",")));
        assert!(with("gm,x,y,z,vx,vy").starts_with("bodies.csv:2: column vz is missing"));
        assert!(with("x,y,z,vx,vy,vz").contains("column gm (G m, length³/time²) or mass is missing"));
        assert!(with("gm,mass,x,y,z,vx,vy,vz").contains("gm and mass are both there"));
        assert!(with("gm,x,x,y,z,vx,vy,vz").contains("column x stands twice"));
        assert!(
            with("gm,x,y,z,vx,vy,vz,raduis").contains("no column `raduis` in such a table; did you mean `radius`?")
        );
        assert!(message("gm,x,y,z,vx,vy,vz\n").contains("no lines below"));
        let ids = message("gm,x,y,z,vx,vy,vz,id\n1,0,0,0,0,0,0,3\n1,1,0,0,0,0,0,3\n");
        assert_eq!(ids, "bodies.csv:3: column id: there are two bodies with id 3");
        assert!(message("gm,x,y,z,vx,vy,vz,id\n1,0,0,0,0,0,0,-3\n").contains("\"-3\" is not a whole number"));
    }

    #[test]
    fn what_is_no_text_names_its_line() {
        let told = parse_states("bodies.csv", &b"gm,x\n1,\xff\n"[..], 1.0).unwrap_err().to_string();
        assert_eq!(told, "bodies.csv:2: this line is not UTF-8 text");
    }

    #[test]
    fn a_missing_file_is_bad_input() {
        let error = read_states(Path::new("/no/such.csv"), 1.0).unwrap_err();
        assert_eq!(error.status(), 2);
        assert!(error.to_string().starts_with("/no/such.csv: cannot read this table"));
    }
}
