//! The words of `divisi plot`: what is to be drawn, and how, each read from its text.

use std::path::PathBuf;

use clap::Args;

use crate::plot::{Colours, View, Width};

#[derive(Debug, Args)]
pub(in crate::program) struct PlotArguments {
    /// A run folder, or one of its files; of several runs all are in one figure
    #[arg(required = true, value_name = "RUN")]
    pub paths: Vec<PathBuf>,
    /// Folder of the figures [default: RUN/figures; of several runs figures]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Of a grid this field alone: one of the snapshots', or speed or mach; may be given several times
    #[arg(long, value_name = "NAME")]
    pub field: Vec<String>,
    /// Of a grid the snapshot nearest to this time, in the run's unit [default: the last one, and several over time]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub time: Option<f64>,
    /// The numbers at the ends of the scale of colours: 0.1,2
    #[arg(long, value_name = "LOW,HIGH", value_parser = range, allow_hyphen_values = true)]
    pub range: Option<[f64; 2]>,
    /// A logarithmic scale of colours [default: where that shows more]
    #[arg(long, conflicts_with = "linear")]
    pub log: bool,
    /// A linear scale of colours
    #[arg(long)]
    pub linear: bool,
    /// Of a grid with three axes the plane at this place: z=0.25 [default: the middle ones across x, y and z]
    #[arg(long, value_name = "AXIS=PLACE", value_parser = slice)]
    pub slice: Option<(usize, f64)>,
    /// Of a grid with three axes the integral along one of them: z
    #[arg(long, value_name = "AXIS", value_parser = axis, conflicts_with = "slice")]
    pub project: Option<usize>,
    /// The colours of maps: cividis, viridis, inferno, magma, plasma, turbo, greys, coolwarm [default: cividis]
    #[arg(long, value_name = "NAME", value_parser = colours)]
    pub colours: Option<Colours>,
    /// A unit of length, time or mass in place of the run's: kpc, Myr, Msun; may be given several times
    #[arg(long, value_name = "UNIT")]
    pub units: Vec<String>,
    /// A column of history.csv over time, alone; may be given several times
    #[arg(long, value_name = "COLUMN")]
    pub history: Vec<String>,
    /// How much gas has which pair of two fields, alone: density,pressure
    #[arg(long, value_name = "X,Y", value_parser = pair)]
    pub phase: Option<[String; 2]>,
    /// The power spectrum of a field, or of velocity, alone; may be given several times
    #[arg(long, value_name = "NAME")]
    pub spectrum: Vec<String>,
    /// A film of the first field, of bodies or of orbits, made by all ranks: an APNG, and an MP4 where ffmpeg is there
    #[arg(long, conflicts_with_all = ["history", "phase", "spectrum", "time", "pdf"])]
    pub film: bool,
    /// The most frames of the film
    #[arg(long, value_name = "N", default_value_t = 200, requires = "film", value_parser = clap::value_parser!(u64).range(2..=100_000))]
    pub frames: u64,
    /// For print: as wide as one column of a journal (86 mm) or two (178 mm), with numbers of 8 points
    #[arg(long, value_name = "COLUMNS", value_parser = width)]
    pub width: Option<Width>,
    /// Also as PDF
    #[arg(long)]
    pub pdf: bool,
}

impl PlotArguments {
    /// What is wanted of a grid.
    pub(in crate::program) fn view(&self) -> View {
        View {
            fields: self.field.clone(),
            time: self.time,
            range: self.range,
            logarithmic: (self.log || self.linear).then_some(self.log),
            slice: self.slice,
            project: self.project,
            colours: self.colours.unwrap_or_default(),
            units: self.units.clone(),
            history: self.history.clone(),
            phase: self.phase.clone(),
            spectrum: self.spectrum.clone(),
            width: self.width,
            pdf: self.pdf,
        }
    }
}

/// Two numbers, the lower one first.
fn range(text: &str) -> Result<[f64; 2], String> {
    let ends = text.split_once(',').and_then(|(low, high)| Some([finite(low)?, finite(high)?]));
    ends.filter(|[low, high]| low < high).ok_or_else(|| "give two numbers, the lower one first: 0.1,2".to_owned())
}

/// An axis and a place on it.
fn slice(text: &str) -> Result<(usize, f64), String> {
    let parts = text.split_once('=');
    let slice = parts.and_then(|(name, place)| Some((axis(name).ok()?, finite(place)?)));
    slice.ok_or_else(|| "give an axis and a place on it: z=0.25".to_owned())
}

/// An axis by its name.
fn axis(text: &str) -> Result<usize, String> {
    let place = ["x", "y", "z"].iter().position(|axis| *axis == text.trim());
    place.ok_or_else(|| "give an axis: x, y or z".to_owned())
}

/// A scale of colours by its name.
fn colours(text: &str) -> Result<Colours, String> {
    let known = Colours::ALL.iter().find(|(name, _)| *name == text);
    let names = || Colours::ALL.map(|(name, _)| name).join(", ");
    known.map(|(_, colours)| *colours).ok_or_else(|| format!("there are {}", names()))
}

/// Two names.
fn pair(text: &str) -> Result<[String; 2], String> {
    let names = text.split_once(',').map(|(x, y)| [x, y].map(|name| name.trim().to_owned()));
    names
        .filter(|names| names.iter().all(|name| !name.is_empty()))
        .ok_or_else(|| "give two fields: density,pressure".to_owned())
}

/// One column or two.
fn width(text: &str) -> Result<Width, String> {
    match text {
        "one" => Ok(Width::One),
        "two" => Ok(Width::Two),
        _ => Err("give one or two".to_owned()),
    }
}

fn finite(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::program::arguments::{Arguments, Command};

    #[test]
    fn what_is_wanted_of_a_grid_is_read_from_words() {
        let words = |words: &[&str]| match Arguments::try_parse_from([&["divisi", "plot", "run"], words].concat()) {
            Ok(Arguments { command: Command::Plot(arguments) }) => Ok(arguments.view()),
            _ => Err(()),
        };
        assert_eq!(words(&[]), Ok(View::default()));
        let all =
            ["--field", "mach", "--field", "dye", "--time", "-1.5", "--range", "-2,3e4", "--log", "--slice", "z=-0.25"];
        let view = View {
            fields: vec!["mach".to_owned(), "dye".to_owned()],
            time: Some(-1.5),
            range: Some([-2.0, 3e4]),
            logarithmic: Some(true),
            slice: Some((2, -0.25)),
            ..View::default()
        };
        assert_eq!(words(&all), Ok(view));
        assert_eq!(words(&["--linear"]).unwrap().logarithmic, Some(false));
        let more =
            ["--project", "y", "--colours", "magma", "--units", "kpc", "--units", "Myr", "--width", "one", "--pdf"];
        let view = View {
            project: Some(1),
            colours: Colours::Magma,
            units: ["kpc", "Myr"].map(str::to_owned).to_vec(),
            width: Some(Width::One),
            pdf: true,
            ..View::default()
        };
        assert_eq!(words(&more), Ok(view));
        let asked = ["--history", "mass", "--phase", "density, pressure", "--spectrum", "velocity"];
        let view = View {
            history: vec!["mass".to_owned()],
            phase: Some(["density", "pressure"].map(str::to_owned)),
            spectrum: vec!["velocity".to_owned()],
            ..View::default()
        };
        assert_eq!(words(&asked), Ok(view));
        let wrong = [
            &["--project", "w"][..],
            &["--project", "z", "--slice", "z=0"],
            &["--colours", "rainbow"],
            &["--phase", "density"],
            &["--width", "three"],
            &["--frames", "9"],
            &["--film", "--frames", "1"],
            &["--film", "--pdf"],
            &["--range", "3,2"],
            &["--range", "1"],
            &["--range", "1,inf"],
            &["--slice", "w=1"],
            &["--slice", "0.5"],
            &["--log", "--linear"],
        ];
        assert!(wrong.iter().all(|wrong| words(wrong).is_err()));
    }
}
