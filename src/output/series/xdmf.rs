//! The series of a grid's snapshots as an XDMF file: text that names the datasets, for versions of ParaView that do not read
//! images in VTKHDF, such as 5.11.

use std::path::Path;

use super::GridGeometry;
use crate::Result;
use crate::output::grid::{FIELDS, VECTOR, VELOCITY, has_velocity};
use crate::output::place::write_whole;

/// Writes the file. `snapshots`: the name of each in the same folder, and its time; `fields`: the names of the fields.
pub(super) fn write(path: &Path, geometry: &GridGeometry, snapshots: &[(String, f64)], fields: &[&str]) -> Result<()> {
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
fn step(geometry: &GridGeometry, file: &str, time: f64, fields: &[&str]) -> String {
    let [nodes, cells] = [1, 0].map(|more| joined(geometry.shape().map(|cells| cells + more)));
    let corner = |values: [f64; 3]| joined([values[2], values[1], values[0]]);
    let three = |values: String| format!("<DataItem Dimensions=\"3\" Format=\"XML\">{values}</DataItem>");
    let mut text = format!(
        "<Grid Name=\"{file}\">\n<Time Value=\"{time:?}\"/>\n\
         <Topology TopologyType=\"3DCoRectMesh\" Dimensions=\"{nodes}\"/>\n<Geometry GeometryType=\"ORIGIN_DXDYDZ\">\n{}\n{}\n\
         </Geometry>\n",
        three(corner(geometry.low)),
        three(corner(geometry.spacing())),
    );
    let numbers = |name: &str| {
        format!(
            "<DataItem Format=\"HDF\" Dimensions=\"{cells}\" NumberType=\"Float\" Precision=\"8\">\
             {file}:/{FIELDS}/{name}</DataItem>\n"
        )
    };
    for name in fields {
        text += &attribute(name, "Scalar", &numbers(name));
    }
    if has_velocity(fields) {
        let parts = VELOCITY.map(numbers).concat();
        let join = "<DataItem ItemType=\"Function\" Function=\"JOIN($0, $1, $2)\"";
        text += &attribute(VECTOR, "Vector", &format!("{join} Dimensions=\"{cells} 3\">\n{parts}</DataItem>\n"));
    }
    text + "</Grid>\n"
}

fn attribute(name: &str, kind: &str, item: &str) -> String {
    format!("<Attribute Name=\"{name}\" AttributeType=\"{kind}\" Center=\"Cell\">\n{item}</Attribute>\n")
}

fn joined<T: std::fmt::Debug>(values: [T; 3]) -> String {
    values.map(|value| format!("{value:?}")).join(" ")
}
