//! `[select]`: of a sweep over samples of a posterior, those whose results lie within bounds, as a posterior of their own.
//!
//! At the end of a sweep the samples whose results lie within all bounds are written into `posterior.hdf5` of the run's
//! folder, in the layout of the posterior that they come from, with their table `summary.csv`. Bounds may change when a sweep is
//! resumed: no task runs again. A task without a result is not selected.

use super::files::{POSTERIOR, SUMMARY};
use super::parameters::posterior;
use super::plan::{Plan, SelectSection};
use super::results::{Row, Status};
use super::value::Outcome;
use crate::base::config::nearest_of;
use crate::orbit::posterior::Summary;
use crate::run::RunFolder;
use crate::{Error, Result};

/// What was selected.
pub(super) struct Selected {
    /// A sentence with the numbers.
    pub line: String,
    /// The table of the samples that were.
    pub summary: Summary,
}

/// Writes the selected samples into the run's folder. One process.
///
/// # Errors
/// A result that no task has, a posterior that is no more what it was, files that can't be written.
pub(super) fn write(plan: &Plan, folder: &RunFolder, rows: impl Iterator<Item = Result<Row>>) -> Result<Selected> {
    let mut selected = Vec::new();
    let mut without = 0;
    let mut tasks = 0;
    for row in rows {
        let row = row?;
        tasks += 1;
        match row.status {
            Status::Done if is_within(plan.select(), &row.outcome)? => {
                selected.push(plan.points().rows()[row.task as usize])
            }
            Status::Done => {}
            _ => without += 1,
        }
    }
    let Some(file) = plan.points_file() else { return Err(Error::input("select", "goes with a posterior")) };
    let mut posterior = posterior::read(&plan.folder().join(file))?;
    if plan.is_thinned() {
        // They were chosen by their weights.
        posterior.weights.clear();
    }
    let bounds = plan.select().iter().map(|(name, bounds)| format!("{name} {bounds}")).collect::<Vec<_>>().join(", ");
    let count = selected.len();
    let mut chosen = posterior.select(&selected);
    chosen.about.note = format!("{count} of {tasks} samples of {}: {bounds}", file.display());
    chosen.write_alone(&folder.path(POSTERIOR))?;
    let summary = chosen.summary();
    summary.write(&folder.path(SUMMARY))?;
    let missing = if without > 0 { format!(", {without} without a result") } else { String::new() };
    let share = 100.0 * count as f64 / f64::from(tasks.max(1));
    let line = format!(
        "{count} of {tasks} samples ({share:.1} %) are within [select]: {bounds}{missing} -> {}",
        folder.path(POSTERIOR).display()
    );
    Ok(Selected { line, summary })
}

/// Whether a task's results lie within all bounds.
fn is_within(section: &SelectSection, outcome: &Outcome) -> Result<bool> {
    let mut all = true;
    for (name, bounds) in section {
        let known = || outcome.iter().map(|(known, _)| &known[..]).collect::<Vec<_>>();
        let missing = || format!("no task has a result of this name{}", nearest_of(name, &known()));
        let found = outcome.iter().find(|(known, _)| known == name);
        let (_, value) = found.ok_or_else(|| Error::input(format!("select.{name}"), missing()))?;
        all &= bounds.hold(value);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::value::Value;

    fn section(text: &str) -> SelectSection {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn results_lie_within_bounds_or_not() {
        let select = section("megno = { to = 4.0 }\nclosest = { from = 1, to = inf }\nsurvived = { from = 1 }");
        let outcome = |megno: f64, closest: f64| {
            let named = |name: &str, value| (name.to_owned(), value);
            vec![
                named("closest", Value::Number(closest)),
                named("survived", Value::Bool(true)),
                named("megno", Value::Number(megno)),
            ]
        };
        let within = |megno, closest| is_within(&select, &outcome(megno, closest)).unwrap();
        assert!(within(4.0, 1.0) && within(-1.0, f64::INFINITY));
        assert!(!within(4.1, 2.0) && !within(2.0, 0.9) && !within(f64::NAN, 2.0));
        let told = is_within(&section("megn = { to = 1 }"), &outcome(1.0, 1.0)).unwrap_err().to_string();
        assert_eq!(told, "select.megn: no task has a result of this name; did you mean `megno`?");
    }
}
