//! What commands print with `--json`: one value, with keys of plain words; docs/reference/json.md has the shapes.

use serde::Serialize;

use crate::base::console::print;
use crate::{Error, Result};

/// Prints a value as JSON.
///
/// # Errors
/// When standard output takes no more.
pub(super) fn print_json(value: &impl Serialize) -> Result<()> {
    let value = serde_json::to_value(value).map_err(|error| Error::System(error.to_string()))?;
    print(&format!("{value:#}\n"))
}
