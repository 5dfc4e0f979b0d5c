//! Parameters: a TOML file, `key=value` words over it, typed sections out of it.
//!
//! A [`ParameterFile`] is read whole, the words are laid over it, and each simulation takes its own sections as a type that has the
//! trait [`Parameters`]. Whatever doesn't fit is an error that names the key, its place and, for an unknown key, the nearest
//! right one. What a file may hold follows from the types alone ([`schema_of`]). Nothing here writes; what a run used is serialised
//! back by the run loop.

mod file;
mod named;
mod parameters;
mod schema;
mod section;

pub use file::ParameterFile;
pub(crate) use named::check_named;
pub use parameters::Parameters;
pub use schema::schema_of;
#[cfg(feature = "solvers")]
pub(crate) use schema::schema_of_kind;
pub(crate) use schema::{schema_of_any, schema_of_file, schema_of_section};
#[cfg(feature = "solvers")]
pub(crate) use section::read_section;
pub use section::{by_kind, nearest_of};

use crate::base::console::number_text;
use crate::{Error, Result};

/// Refuses the value of `place` unless it is positive and finite, or zero where that is allowed.
///
/// # Errors
/// The value, and what is allowed.
pub fn positive(place: &str, value: f64, or_zero: bool) -> Result<()> {
    if value.is_finite() && (value > 0.0 || (or_zero && value == 0.0)) {
        return Ok(());
    }
    let allowed = if or_zero { "zero or positive" } else { "positive" };
    Err(Error::input(place, format!("{} is not allowed: it must be {allowed} and finite", number_text(value))))
}
