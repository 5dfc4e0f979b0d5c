//! Cartesian states from a table.
//!
//! Columns, in any order: `gm` (G m, length³/time²) or `mass`; `x`, `y`, `z` (length); `vx`, `vy`, `vz` (length/time);
//! optionally `name`, `radius` (length, 0 where empty) and `id` (default: the line's number among the bodies, from 0).
//! All in the run's units. Positions and velocities are taken as they stand: the file chooses the frame.

use std::io::Read;
use std::path::Path;

use super::table::{Seen, Table};
use crate::Result;
use crate::nbody::body::{Body, BodyList};

const REQUIRED: [&str; 6] = ["x", "y", "z", "vx", "vy", "vz"];
const OPTIONAL: [&str; 5] = ["name", "gm", "mass", "radius", "id"];

/// Reads the states in the file `path`; `gravity` turns `gm` into masses.
///
/// # Errors
/// A file that cannot be read; columns missing, unknown or given twice, both `gm` and `mass`; values that are no finite
/// numbers; negative masses or radii; names or ids that come twice. Each names file, line and column.
pub fn read_states(path: &Path, gravity: f64) -> Result<BodyList> {
    states(&Table::read(path)?, gravity)
}

/// [`read_states`] of a text at hand; `file` stands in errors.
///
/// # Errors
/// As [`read_states`].
pub fn parse_states(file: &str, source: impl Read, gravity: f64) -> Result<BodyList> {
    states(&Table::parse(file, source)?, gravity)
}

fn states(table: &Table, gravity: f64) -> Result<BodyList> {
    let (mass_column, unit) = table.mass_column(gravity)?;
    table.check_columns(&REQUIRED, &OPTIONAL)?;
    let mut seen = Seen::default();
    let mut list = BodyList::default();
    for (index, row) in table.rows().enumerate() {
        let id = row.id(index)?;
        let name = row.text("name").to_string();
        seen.add(row, index, id, &name)?;
        let body = Body {
            id,
            mass: unit * row.not_negative(mass_column, false)?,
            radius: row.not_negative("radius", true)?,
            position: [row.number("x")?, row.number("y")?, row.number("z")?],
            velocity: [row.number("vx")?, row.number("vy")?, row.number("vz")?],
        };
        list.push(name, body);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# made by hand\nname, gm, x, y, z, vx, vy, vz, radius\n";

    fn parse(text: &str) -> Result<BodyList> {
        parse_states("bodies.csv", text.as_bytes(), 2.0)
    }

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn columns_come_in_any_order_and_gm_becomes_mass() {
        let list = parse("# c\nvz,vy,vx,z,y,x,gm,name\n# d\n6,5,4,3,2,1,10,Sun\n0,0,0,0,0,0,0,probe\n").unwrap();
        let sun = &list.bodies[0];
        assert_eq!((sun.mass, sun.position, sun.velocity), (5.0, [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]));
        assert_eq!((sun.id, list.names[0].as_str(), sun.radius), (0, "Sun", 0.0));
        assert_eq!((list.bodies[1].id, list.bodies[1].mass), (1, 0.0));
        let by_mass = parse("mass,x,y,z,vx,vy,vz,id\n3,0,0,0,0,0,0,44\n").unwrap();
        assert_eq!((by_mass.bodies[0].mass, by_mass.bodies[0].id), (3.0, 44));
        assert_eq!(by_mass.label(0), "body 44");
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

    /// In the first column, where it would swallow bodies, and in the last; a name over two lines.
    #[test]
    fn a_quote_that_does_not_close_swallows_no_body() {
        let table = |name: &str| message(&format!("{HEAD}{name},1,0,0,0,0,0,0,\nb,1,1,0,0,0,0,0,\n"));
        assert_eq!(table("\"Earth"), "bodies.csv:3: a quote opens here and never closes");
        let last = message("gm,x,y,z,vx,vy,vz,name\n1,0,0,0,0,0,0,\"a\n1,1,0,0,0,0,0,b\n");
        assert_eq!(last, "bodies.csv:2: a quote opens here and never closes");
        assert_eq!(table("\"a\nb\""), "bodies.csv:3: a quote opens here and never closes");
    }

    /// Commas, tabs, semicolons, blanks; Windows' and old line ends, a mark at the beginning, Fortran's exponents.
    #[test]
    fn bodies_are_the_same_whatever_is_between_their_values() {
        let with_commas = "# c\nname,mass,x,y,z,vx,vy,vz\nSun,1.5,0,0,0,0,0,0\nEarth,3e-6,1,0,0,0,6.25,0\n";
        let expected = parse(with_commas).unwrap();
        assert_eq!(expected.bodies[1].velocity, [0.0, 6.25, 0.0]);
        for separator in ["\t", ";", "  ", " ; ", " , "] {
            assert_eq!(parse(&with_commas.replace(',', separator)).unwrap(), expected, "{separator:?}");
        }
        for end in ["\r\n", "\r"] {
            assert_eq!(parse(&format!("\u{feff}{}", with_commas.replace('\n', end))).unwrap(), expected, "{end:?}");
        }
        assert_eq!(parse(&with_commas.replace("3e-6", "0.3D-5")).unwrap(), expected);
    }

    /// No names, other names, a decimal comma, Horizons' text, a table of IPAC with units, packed and other encodings.
    #[test]
    fn tables_of_other_kinds_are_told_by_what_they_are() {
        let bare = message("1,0,0,0,0,0,0\n2,1,0,0,0,1,0\n");
        assert_eq!(bare, "bodies.csv:1: `1` is no name of a column: the first line must name them");
        let found = message("name;x;y;z;vx;vy;vz\na;0;0;0;0;0;0\n");
        assert!(found.ends_with("or mass is missing; there are name, x, y, z, vx, vy, vz"), "{found}");
        let comma = message("mass;x;y;z;vx;vy;vz\n1,5;0;0;0;0;0;0\n");
        assert_eq!(comma, "bodies.csv:2: column mass: \"1,5\" has a comma where numbers have a point");
        let horizons = message("*****\n Ephemeris / WWW_USER\n$$SOE\n2451545.0 = A.D. 2000\n X = 1.0 Y = 2.0\n$$EOE\n");
        assert!(horizons.contains("is a text of JPL's Horizons"), "{horizons}");
        let ipac = message("\\a = 1\n|mass  |x    |\n|double|double|\n|Msun  |au   |\n  1.0    2.0  \n");
        assert!(ipac.starts_with("bodies.csv:2: "), "{ipac}");
        for bytes in [&b"\x1f\x8b\x08"[..], b"\xff\xfea\0b\0", b"\xfe\xff\0a"] {
            let error = parse_states("bodies.csv", bytes, 1.0).unwrap_err();
            assert_eq!(error.status(), 2, "{error}");
        }
    }

    #[test]
    fn what_is_no_text_names_its_line() {
        let message = parse_states("bodies.csv", &b"gm,x\n1,\xff\n"[..], 1.0).unwrap_err().to_string();
        assert!(message.starts_with("bodies.csv:2: this line is not UTF-8 text"), "{message}");
    }

    #[test]
    fn a_missing_file_is_bad_input() {
        let error = read_states(Path::new("/no/such.csv"), 1.0).unwrap_err();
        assert_eq!(error.status(), 2);
        assert!(error.to_string().starts_with("/no/such.csv: cannot read this table"));
    }
}
