//! `divisi scaling`: the same run on several numbers of ranks, and what comes of it: times, speed-up, efficiency, waiting, and in words
//! where more ranks give less, where they give nothing, and why.
//!
//! In order: the parameters are checked as `run` does it; the runs are started one after the other, all numbers of ranks before any is
//! repeated, so that what else the machine does meets all of them ([`measure`]), and their ledgers are read ([`ledger`]); of the repeats the
//! medians count ([`law`]); table, CSV and picture are made ([`table`]), and the words ([`words`]). With `--weak` a parameter grows with the
//! ranks ([`growth`]). With `--predict` runs are counted, and more ranks than there are forecast ([`predict`], [`fit`], [`forecast`]).
//!
//! All speeds are of work per second, as the run counts it in its ledger, so a problem that grows is held to the work it has.
//! Left out: reading the times of runs that were made otherwise.

mod fit;
mod forecast;
mod growth;
mod law;
mod ledger;
mod measure;
mod predict;
mod table;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use super::arguments::ScalingArguments;
use super::submit::Cluster;
use crate::base::config::ParameterFile;
use crate::base::console::{print, say};
use crate::io::write_whole;
use crate::run::ranks_text;
use crate::sweep;
use crate::{Error, Result};
use forecast::Network;
use growth::Growth;
use law::Study;
use measure::{Measured, Measurement};

/// The most ranks of a study, and the most repeats.
const MOST_RANKS: usize = 65_536;
const MOST_REPEATS: u32 = 1000;
/// A problem that grows is counted in these parts of its numbers.
const COUNTED: [u64; 3] = [4, 8, 16];
/// The most ranks that are forecast.
const MOST_FORECAST: usize = 1 << 24;

/// What is to be forecast, by the file of a cluster.
struct Predicted {
    network: Network,
    /// Bytes of a rank, where the file tells.
    memory: Option<f64>,
}

/// A study as it was asked for, checked.
pub(super) struct Order<'a> {
    arguments: &'a ScalingArguments,
    ranks: Vec<usize>,
    growth: Option<Growth>,
    is_sweep: bool,
    predicted: Option<Predicted>,
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
        let predicted = arguments.predict.as_deref().map(predicted).transpose()?;
        if predicted.is_some() && is_sweep {
            return Err(Error::input(
                "--predict",
                "goes with runs: a sweep's tasks have no messages that could be counted",
            ));
        }
        if arguments.count.iter().chain(&arguments.forecast).any(|ranks| !(1..=MOST_FORECAST).contains(ranks)) {
            return Err(Error::input(
                "--predict",
                format!("--count and --forecast are numbers from 1 to {MOST_FORECAST}"),
            ));
        }
        Ok(Order { arguments, ranks, growth, is_sweep, folder, predicted })
    }

    /// The parameters over those of the file for so many ranks.
    pub(super) fn overrides(&self, ranks: usize) -> Vec<String> {
        let grown = self.growth.iter().map(|growth| growth.at(ranks));
        self.arguments.end.overrides().into_iter().chain(grown).collect()
    }

    /// The parameters of every number of ranks, for a check before anything runs.
    pub(super) fn each(&self) -> impl Iterator<Item = Result<ParameterFile>> + '_ {
        let timed = self.ranks.iter().map(|ranks| self.overrides(*ranks));
        let counted = self.predicted.iter().flat_map(|_| self.counted()).map(|(_, _, overrides)| overrides);
        timed.chain(counted).map(|overrides| ParameterFile::read(&self.arguments.file, &overrides))
    }

    /// The runs that are counted: their ranks, names, and parameters over those of the file. A problem that doesn't grow is the same on all
    /// ranks. One that grows is counted in three smaller sizes, each of which gives all ranks as much: so what goes with the work of a rank
    /// is told from what goes with the ranks, and more ranks than there are cores find room.
    fn counted(&self) -> Vec<(usize, String, Vec<String>)> {
        let given: Vec<String> =
            self.arguments.end.overrides().into_iter().chain([predict::AS_MESSAGES.to_owned()]).collect();
        let run = |ranks: usize, size: &str, grown: Option<String>| {
            (ranks, format!("{ranks}-ranks-counted{size}"), given.iter().cloned().chain(grown).collect())
        };
        let Some(growth) = &self.growth else {
            return self.arguments.count.iter().map(|ranks| run(*ranks, "", None)).collect();
        };
        let sizes = COUNTED.iter().flat_map(|share| self.arguments.count.iter().map(move |ranks| (*share, *ranks)));
        sizes.map(|(share, ranks)| run(ranks, &format!("-{share}"), Some(growth.part_at(share, ranks)))).collect()
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
        self.predicted.iter().try_for_each(|predicted| self.forecast(predicted, &study))?;
        print(&format!("{}\n", self.folder.display()))
    }

    /// Counts, and tells what more ranks would take.
    fn forecast(&self, predicted: &Predicted, study: &Study) -> Result<()> {
        let mut counted = Vec::new();
        for (ranks, name, overrides) in self.counted() {
            say(&format!("{}, counted", ranks_text(ranks)));
            self.run_with(ranks, &overrides, &name)?;
            counted.push(self.folder.join(name + ".json"));
        }
        let within = study
            .points
            .iter()
            .map(|point| point.ranks)
            .filter(|ranks| *ranks <= study.cores || *ranks == self.ranks[0]);
        let timed: Vec<PathBuf> = within
            .flat_map(|ranks| (1..=self.arguments.repeats).map(move |repeat| (ranks, repeat)))
            .map(|(ranks, repeat)| self.folder.join(format!("{ranks}-ranks-{repeat}.json")))
            .collect();
        let question = predict::Question {
            ranks: &self.arguments.forecast,
            network: predicted.network,
            memory: predicted.memory,
            is_weak: self.growth.is_some(),
        };
        let timed: Vec<&Path> = timed.iter().map(PathBuf::as_path).collect();
        let counted: Vec<&Path> = counted.iter().map(PathBuf::as_path).collect();
        let answer = predict::answer(&question, &timed, &counted)?;
        write_whole(&self.folder.join("forecast.csv"), answer.csv.as_bytes())?;
        write_whole(&self.folder.join("forecast.txt"), answer.text.as_bytes())?;
        print(&format!("\n{}", answer.text))
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
        self.run_with(ranks, &self.overrides(ranks), &format!("{ranks}-ranks-{repeat}"))
    }

    fn run_with(&self, ranks: usize, overrides: &[String], name: &str) -> Result<Measurement> {
        let run = measure::Run {
            launcher: self.arguments.launcher.as_deref(),
            ranks,
            file: &self.arguments.file,
            overrides,
            folder: &self.folder,
            name,
        };
        run.measure(self.is_sweep)
    }
}

/// The network and the memory of a rank that a cluster's file tells.
///
/// # Errors
/// A file without them.
fn predicted(file: &Path) -> Result<Predicted> {
    let cluster = Cluster::find(Some(file))?;
    let network = cluster.network.ok_or_else(|| {
        let reason = "has no [network]: give latency (s) and bandwidth (bytes per second of a rank)";
        Error::input(file.display().to_string(), reason)
    })?;
    let memory = cluster.memory_per_node.zip(cluster.cores_per_node);
    let memory = memory.map(|(bytes, cores)| bytes / f64::from(cores));
    Ok(Predicted { network: Network { latency: network.latency, bandwidth: network.bandwidth }, memory })
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
