//! Something that happened in a simulation and deserves a line: a collision, an escape.

/// What happened, the same on every rank; the run loop writes it to events.csv.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// What happened, in a word: "collision".
    pub kind: String,
    /// When, if not at the end of the step.
    pub time: Option<f64>,
    /// To whom: names or numbers of particles.
    pub subjects: Vec<String>,
    /// A number that belongs to it, such as a distance.
    pub value: f64,
    /// Whether the run ends here.
    pub stop: bool,
}

impl Event {
    /// Something of this kind at the end of the step, to nobody in particular, with the number 0; the run goes on.
    pub fn new(kind: impl Into<String>) -> Self {
        Event { kind: kind.into(), time: None, subjects: Vec::new(), value: 0.0, stop: false }
    }

    /// At this time, within the step.
    pub fn at(mut self, time: f64) -> Self {
        self.time = Some(time);
        self
    }

    /// To these, by name or number.
    pub fn of<S: Into<String>>(mut self, subjects: impl IntoIterator<Item = S>) -> Self {
        self.subjects = subjects.into_iter().map(S::into).collect();
        self
    }

    /// With this number.
    pub fn with(mut self, value: f64) -> Self {
        self.value = value;
        self
    }

    /// And the run ends here.
    pub fn stops(mut self) -> Self {
        self.stop = true;
        self
    }
}
