//! `divisi scaling`: the same run on several numbers of ranks, and what comes of it: times, speed-up, efficiency, waiting, and in words
//! where more ranks give less, where they give nothing, and why.
//!
//! In order: the parameters are checked as `run` does it; the runs are started one after the other, all numbers of ranks before any is
//! repeated, so that what else the machine does meets all of them ([`measure`]); of the repeats the medians count ([`law`]); table, CSV and
//! picture are made ([`table`]), and the words ([`words`]). With `--weak` a parameter grows with the ranks ([`growth`]).
//!
//! All speeds are of work per second, as the run counts it in its ledger, so a problem that grows is held to the work it has.
//! Left out: reading the times of runs that were made otherwise.

mod growth;
mod law;
mod measure;
mod table;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use super::arguments::ScalingArguments;
use crate::base::config::ParameterFile;
use crate::base::console::{print, say};
use crate::io::write_whole;
use crate::run::ranks_text;
use crate::sweep;
use crate::{Error, Result};
use growth::Growth;
use law::Study;
use measure::{Measured, Measurement};

/// The most ranks of a study, and the most repeats.
const MOST_RANKS: usize = 65_536;
const MOST_REPEATS: u32 = 1000;

/// A study as it was asked for, checked.
pub(super) struct Order<'a> {
    arguments: &'a ScalingArguments,
    ranks: Vec<usize>,
    growth: Option<Growth>,
    is_sweep: bool,
    folder: PathBuf,
}

impl<'a> Order<'a> {
    /// Checks what was asked for; the parameters themselves are checked by the caller.
    ///
    /// # Errors
    /// Ranks that are none, a parameter that can't grow, a folder that is there.
    pub(super) fn new(arguments: &'a ScalingArguments, parameters: &ParameterFile) -> Result<Self> {
        let mut ranks = if arguments.ranks.is_empty() { doublings(measure::cores()) } else { arguments.ranks.clone() };
        ranks.sort_unstable();
        ranks.dedup();
        if ranks[0] == 0 || ranks.last().is_some_and(|most| *most > MOST_RANKS) {
            return Err(Error::input("--ranks", format!("give numbers from 1 to {MOST_RANKS}, such as 1,2,4")));
        }
        if !(1..=MOST_REPEATS).contains(&arguments.repeats) {
            return Err(Error::input("--repeats", format!("give 1 to {MOST_REPEATS}")));
        }
        let is_sweep = parameters.simulation()? == sweep::NAME;
        let growth = arguments.weak.as_deref().map(|key| Growth::of(parameters, key)).transpose()?;
        let stem = arguments.file.file_stem().unwrap_or(arguments.file.as_os_str()).to_string_lossy();
        let folder = arguments.out.clone().unwrap_or_else(|| Path::new("runs").join(format!("{stem}-scaling")));
        if folder.exists() {
            return Err(Error::input(folder.display().to_string(), "is there already: name another folder by --out"));
        }
        Ok(Order { arguments, ranks, growth, is_sweep, folder })
    }

    /// The parameters over those of the file for so many ranks.
    pub(super) fn overrides(&self, ranks: usize) -> Vec<String> {
        let grown = self.growth.iter().map(|growth| growth.at(ranks));
        self.arguments.end.overrides().into_iter().chain(grown).collect()
    }

    /// The parameters of every number of ranks, for a check before anything runs.
    pub(super) fn each(&self) -> impl Iterator<Item = Result<ParameterFile>> + '_ {
        self.ranks.iter().map(|ranks| ParameterFile::read(&self.arguments.file, &self.overrides(*ranks)))
    }

    /// Makes the runs, and tells what came of them.
    ///
    /// # Errors
    /// Where not even the first run works; files that can't be written.
    pub(super) fn study(&self) -> Result<()> {
        fs::create_dir_all(&self.folder).map_err(Error::io("create", &self.folder))?;
        let measured = self.measure()?;
        let study = Study::new(measured, measure::cores(), self.growth.is_some(), self.is_sweep)?;
        let told = format!("{}\n{}\n", table::text(&study), words::words(&study).join("\n"));
        write_whole(&self.folder.join("scaling.csv"), table::csv(&study).as_bytes())?;
        write_whole(&self.folder.join("scaling.txt"), told.as_bytes())?;
        print(&told)?;
        #[cfg(feature = "plot")]
        self.draw(&study)?;
        print(&format!("{}\n", self.folder.display()))
    }

    #[cfg(feature = "plot")]
    fn draw(&self, study: &Study) -> Result<()> {
        let name = self.arguments.file.file_name().unwrap_or_default().to_string_lossy();
        let kind = if study.is_weak { "weak scaling" } else { "strong scaling" };
        let title = format!("{name}: {kind}, on a machine of {} cores", study.cores);
        crate::plot::scaling::draw(&title, &study.curves(), &self.folder.join("scaling")).map(drop)
    }

    /// All runs. A number of ranks that fails ends the study there, if another worked before.
    fn measure(&self) -> Result<Vec<Measured>> {
        let mut all: Vec<Measured> = self.ranks.iter().map(|ranks| Measured::none(*ranks)).collect();
        for repeat in 1..=self.arguments.repeats {
            for (place, measured) in all.iter_mut().enumerate() {
                if measured.failure.is_some() {
                    break;
                }
                let ranks = ranks_text(measured.ranks);
                match self.run(measured.ranks, repeat) {
                    Ok(measurement) => {
                        say(&format!("{ranks}, {repeat} of {}: {:.3} s", self.arguments.repeats, measurement.seconds));
                        measured.runs.push(measurement);
                    }
                    Err(error) if place == 0 => return Err(error),
                    Err(error) => {
                        say(&format!("{ranks}: {error}"));
                        measured.failure = Some(error.to_string());
                        break;
                    }
                }
            }
        }
        Ok(all)
    }

    fn run(&self, ranks: usize, repeat: u32) -> Result<Measurement> {
        let run = measure::Run {
            launcher: self.arguments.launcher.as_deref(),
            ranks,
            file: &self.arguments.file,
            overrides: &self.overrides(ranks),
            folder: &self.folder,
            name: &format!("{ranks}-ranks-{repeat}"),
        };
        run.measure(self.is_sweep)
    }
}

/// One, two, four .. ranks up to the cores, and the cores.
fn doublings(cores: usize) -> Vec<usize> {
    let doubled = std::iter::successors(Some(1), |ranks| Some(2 * ranks)).take_while(|ranks| *ranks <= cores);
    doubled.chain([cores]).collect()
}

/// The median of numbers; none of none.
fn median(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { 0.5 * (sorted[middle - 1] + upper) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_double_up_to_the_cores() {
        assert_eq!(doublings(2), [1, 2, 2]);
        assert_eq!(doublings(12), [1, 2, 4, 8, 12]);
        assert_eq!((median([3.0, 1.0, 2.0]), median([4.0, 1.0, 2.0, 3.0]), median([])), (Some(2.0), Some(2.5), None));
    }
}
