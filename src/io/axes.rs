//! Axes of datasets: what they are in memory, and where a file has them.

/// The attribute in which a dataset has its axes.
pub(super) const AXES: &str = "DIMENSION_LIST";
/// The attribute in which an axis has the datasets that lie along it.
pub(super) const USES: &str = "REFERENCE_LIST";

/// The axes of a file that is being written.
#[derive(Default)]
pub(super) struct Labels {
    pub axes: Vec<Axis>,
    /// An axis, a dataset, and which of the dataset's axes it is.
    pub uses: Vec<(String, String, u32)>,
}

/// An axis of arrays: its name, and what stands at each index.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Axis {
    /// Its name, `time` or `x` for instance.
    pub name: String,
    /// The unit's label of its coordinates, `km` or `days since 2000-01-01` for instance; empty where there is none.
    pub unit: String,
    /// What it is, in words; may be empty.
    pub long_name: String,
    /// A coordinate for each index.
    pub coordinates: Vec<f64>,
}

impl Axis {
    /// An axis of this name with these coordinates, in a unit with this label.
    pub fn new(name: &str, unit: &str, coordinates: impl Into<Vec<f64>>) -> Self {
        Axis { name: name.to_owned(), unit: unit.to_owned(), long_name: String::new(), coordinates: coordinates.into() }
    }

    /// The same with a name in words.
    pub fn long_name(mut self, words: &str) -> Self {
        words.clone_into(&mut self.long_name);
        self
    }
}
