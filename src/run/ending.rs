//! How the runs of a simulation end, and what they leave of their own.

use super::folder::RunFile;

/// How the runs of a simulation end, and their files; `C` is its [`Config`](super::Simulation::Config).
///
/// ```
/// use divisi::run::Ending;
/// struct Config {
///     tolerance: f64,
/// }
/// let ending = Ending::at_its_time().or_by_goal(|config: &Config| config.tolerance > 0.0).leaving(&["spectrum.csv"]);
/// assert_eq!(ending.results(), ["spectrum.csv"]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ending<C> {
    by_goal: fn(&C) -> bool,
    has_time: bool,
    results: &'static [&'static str],
    rows_at_doublings: bool,
}

impl<C> Ending<C> {
    /// A run ends at the time or the number of steps that its parameters give, and leaves no files of its own.
    pub const fn at_its_time() -> Self {
        Ending { by_goal: |_| false, has_time: true, results: &[], rows_at_doublings: false }
    }

    /// As [`at_its_time`](Ending::at_its_time), of a simulation each of whose steps advances its time by 1, so that messages tell the step alone.
    pub const fn at_its_steps() -> Self {
        Ending { has_time: false, ..Ending::at_its_time() }
    }

    /// Runs of parameters for which `by_goal` holds always come to an end by their [`goal`](super::Simulation::goal): they
    /// need neither `run.until` nor `run.steps`.
    pub const fn or_by_goal(self, by_goal: fn(&C) -> bool) -> Self {
        Ending { by_goal, ..self }
    }

    /// The names of the files that [`conclude`](super::Simulation::conclude) writes. They are results: `ls` lists them, `compare` compares
    /// them, and a run that replaces another removes them first.
    pub const fn leaving(self, results: &'static [&'static str]) -> Self {
        Ending { results, ..self }
    }

    /// Where `output.history_steps` is left out, rows of history.csv come at the steps 1, 2, 4, 8 .., not at each: for simulations whose rows look
    /// at all that was found so far, so that a run doesn't take the square of its steps.
    pub const fn with_rows_at_doublings(self) -> Self {
        Ending { rows_at_doublings: true, ..self }
    }

    /// Whether rows of history.csv come at the steps 1, 2, 4, 8 .. where nothing else is asked for.
    pub fn has_rows_at_doublings(&self) -> bool {
        self.rows_at_doublings
    }

    /// Whether a run of these parameters always comes to an end by its goal.
    pub fn is_by_goal(&self, config: &C) -> bool {
        (self.by_goal)(config)
    }

    /// Whether its time says more than its step.
    pub(super) fn has_time(&self) -> bool {
        self.has_time
    }

    /// The names of the files that a run leaves of its own.
    pub fn results(&self) -> &'static [&'static str] {
        self.results
    }

    /// The files that a run leaves of its own.
    pub(crate) fn files(&self) -> impl Iterator<Item = RunFile> + use<C> {
        self.results.iter().map(|name| RunFile::result(name))
    }
}
