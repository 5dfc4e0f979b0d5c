//! The series of a grid's snapshots as an XDMF file: text that names the datasets, for versions of ParaView that do not read
//! images in VTKHDF, such as 5.11.
//!
//! Each list of numbers says what they are: readers take others for single precision.

use std::path::Path;

use super::GridGeometry;
use crate::Result;
use crate::base::whole::write_whole;
use crate::io::grid::{FIELDS, VECTOR, VELOCITY, has_velocity};

/// What a list of numbers in double precision says of them.
const DOUBLE: &str = "NumberType=\"Float\" Precision=\"8\"";

/// Writes the file. `snapshots`: the name of each in the same folder, and its time; `fields`: name and kind of each.
pub(super) fn write(
    path: &Path,
    geometry: &GridGeometry,
    snapshots: &[(String, f64)],
    fields: &[[&str; 2]],
) -> Result<()> {
    let mut text = String::from(
        "<?xml version=\"1.0\"?>\n<Xdmf Version=\"2.0\">\n<Domain>\n\
         <Grid Name=\"series\" GridType=\"Collection\" CollectionType=\"Temporal\">\n",
    );
    for (file, time) in snapshots {
        text += &step(geometry, file, *time, fields);
    }
    text += "</Grid>\n</Domain>\n</Xdmf>\n";
    write_whole(path, text.as_bytes())
}

/// The grid at one time; axes are named in the order z, y, x.
fn step(geometry: &GridGeometry, file: &str, time: f64, fields: &[[&str; 2]]) -> String {
    let [nodes, cells] = [1, 0].map(|more| joined(geometry.shape().map(|cells| cells + more)));
    let corner = |values: [f64; 3]| joined([values[2], values[1], values[0]]);
    let three = |values: String| format!("<DataItem Dimensions=\"3\" Format=\"XML\" {DOUBLE}>{values}</DataItem>");
    let mut text = format!(
        "<Grid Name=\"{file}\">\n<Time Value=\"{time:?}\"/>\n\
         <Topology TopologyType=\"3DCoRectMesh\" Dimensions=\"{nodes}\"/>\n<Geometry GeometryType=\"ORIGIN_DXDYDZ\">\n{}\n{}\n\
         </Geometry>\n",
        three(corner(geometry.low)),
        three(corner(geometry.spacing())),
    );
    let numbers = |[name, kind]: [&str; 2]| {
        let told = number_type(kind);
        format!("<DataItem Format=\"HDF\" Dimensions=\"{cells}\" {told}>{file}:/{FIELDS}/{name}</DataItem>\n")
    };
    for field in fields {
        text += &attribute(field[0], "Scalar", &numbers(*field));
    }
    if has_velocity(&fields.iter().map(|[name, _]| *name).collect::<Vec<_>>()) {
        let parts: String = VELOCITY
            .iter()
            .filter_map(|name| fields.iter().find(|field| field[0] == *name))
            .map(|field| numbers(*field))
            .collect();
        let join = format!("<DataItem ItemType=\"Function\" Function=\"JOIN($0, $1, $2)\" {DOUBLE}");
        text += &attribute(VECTOR, "Vector", &format!("{join} Dimensions=\"{cells} 3\">\n{parts}</DataItem>\n"));
    }
    text + "</Grid>\n"
}

/// What a list of numbers of this kind, `float64` for instance, says of them.
fn number_type(kind: &str) -> String {
    let (name, bits) = kind.split_at(kind.find(char::is_numeric).unwrap_or(kind.len()));
    let name = match (name, bits) {
        ("uint", "8") => "UChar",
        ("uint", _) => "UInt",
        ("int", _) => "Int",
        _ => "Float",
    };
    format!("NumberType=\"{name}\" Precision=\"{}\"", bits.parse().unwrap_or(64) / 8)
}

fn attribute(name: &str, kind: &str, item: &str) -> String {
    format!("<Attribute Name=\"{name}\" AttributeType=\"{kind}\" Center=\"Cell\">\n{item}</Attribute>\n")
}

fn joined<T: std::fmt::Debug>(values: [T; 3]) -> String {
    values.map(|value| format!("{value:?}")).join(" ")
}
