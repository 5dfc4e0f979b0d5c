//! A run on one page: what was run, whether it is right, what it looks like, and where the time went.
//!
//! [`report`] writes the page into the run's folder, as `report.html`; [`watch`] serves it while the run is at work. All comes from the
//! run's files alone, so that nothing holds a run up, and whoever can read its folder can look at it. The page needs nothing else: no
//! network, no other file, below 5 MB ([`Budget`]). `page.html` is its template, `style.css` how it looks, `page.js` the slider, the
//! bodies that turn in three dimensions (by WebGL), and of a live page the asking for what is new.
//!
//! What can't be read, since a job writes it just now, is told in its place; the rest is shown.

mod budget;
mod checks;
mod looks;
mod matrix;
mod once;
mod scene;
mod tasks;
mod times;
mod watch;

use std::path::{Path, PathBuf};

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::base::whole::write_whole;
use crate::run::{REPORT, RunFolder};
use crate::{Error, Result};
use budget::Budget;

pub(crate) use watch::watch;

/// Writes `report.html` into the run's folder and returns its name.
///
/// # Errors
/// When the folder holds no run, or the page cannot be written.
pub(crate) fn report(folder: &RunFolder) -> Result<PathBuf> {
    let path = folder.path(REPORT);
    write_whole(&path, page(folder, None)?.as_bytes())?;
    Ok(path)
}

/// The page; of a run at work with the mark by which a browser finds out that there is something new.
///
/// # Errors
/// When the folder holds no run.
fn page(folder: &RunFolder, stamp: Option<&str>) -> Result<String> {
    let config = folder.config();
    let parameters = std::fs::read_to_string(&config).map_err(Error::io("read", &config))?;
    let mut budget = Budget::default();
    let mut notes = Vec::new();
    let once = told(once::of(folder, &parameters), "what was run", &mut notes);
    let checks = checks::of(folder, &mut notes);
    let scene = told(scene::of(folder, &mut budget), "the bodies", &mut notes).flatten();
    let slider = told(looks::slider(folder, &mut budget), "the snapshots", &mut notes).flatten();
    let pictures = looks::pictures(folder, slider.is_some(), &mut budget, &mut notes);
    let times = told(times::of(folder), "the times", &mut notes).flatten();
    let log = last_lines(&folder.log());
    let page = Page {
        style: include_str!("style.css"),
        script: include_str!("page.js"),
        name: name_of(folder.root()),
        stamp,
        notes,
        once,
        parameters: parameters.trim(),
        log,
        checks,
        scene,
        slider,
        pictures,
        times,
    };
    let mut environment = Environment::new();
    let added = environment.add_template("page.html", include_str!("page.html"));
    let rendered = added.and_then(|()| environment.get_template("page.html")?.render(Serde(page)));
    rendered.map_err(|error| Error::System(format!("the page's template: {error:#}")))
}

/// All that the template shows.
#[derive(Debug, Serialize)]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    name: String,
    /// Of a live page.
    stamp: Option<&'a str>,
    /// What is missing, and why.
    notes: Vec<String>,
    once: Option<once::Once>,
    parameters: &'a str,
    log: String,
    checks: Vec<checks::Check>,
    scene: Option<scene::Scene>,
    slider: Option<looks::Slider>,
    pictures: Vec<looks::Shown>,
    times: Option<times::Times>,
}

/// A part of the page, or why it is missing.
fn told<T>(part: Result<T>, what: &str, notes: &mut Vec<String>) -> Option<T> {
    part.map_err(|error| notes.push(format!("{what}: {error}"))).ok()
}

/// A name and what is said of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Fact {
    name: String,
    value: String,
}

impl Fact {
    fn new(name: &str, value: impl Into<String>) -> Self {
        Fact { name: name.to_owned(), value: value.into() }
    }
}

fn name_of(root: &Path) -> String {
    let whole = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    whole.file_name().map_or_else(|| root.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The most lines of a run's messages that are shown: the last ones.
const LINES: usize = 60;

fn last_lines(log: &Path) -> String {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// A number with four digits and a name for its power of a thousand.
fn amount(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e5 {
        return format!("{value}");
    }
    let powers = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")];
    let (scale, name) = powers.into_iter().find(|(scale, _)| value.abs() >= *scale).unwrap_or((1.0, ""));
    let digits = 3 - (value.abs() / scale).max(1e-3).log10().floor() as i32;
    format!("{:.*}{name}", digits.clamp(0, 6) as usize, value / scale)
}

#[cfg(test)]
mod tests;
