//! Something that happened in a simulation and deserves a line: a collision, an escape.

/// What happened, the same on every rank; the run loop writes it to events.csv.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What happened, in a word: "collision".
    pub kind: String,
    /// When, if not at the end of the step.
    pub time: Option<f64>,
    /// To whom: names or numbers of particles.
    pub subjects: Vec<String>,
    /// A number that goes with it, such as a distance.
    pub value: f64,
    /// Whether the run ends here.
    pub stop: bool,
}
