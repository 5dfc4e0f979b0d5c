//! The aim of a run, where that isn't its end.

/// The state of a simulation's goal, the same on every rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Goal {
    /// It has none: the run ends where its parameters say.
    #[default]
    None,
    /// Not reached yet. If the run's end comes first, the run is not finished: it can be resumed with a later end.
    Open,
    /// Reached: the run ends here.
    Reached,
    /// Not reached within limits of the simulation's own: the run ends here and is not finished. It can be resumed with wider ones.
    Missed,
}

impl Goal {
    /// Whether the run ends here by it.
    pub fn ends_the_run(self) -> bool {
        matches!(self, Goal::Reached | Goal::Missed)
    }
}
