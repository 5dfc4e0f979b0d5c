//! Damaged tables and parameters, a few hundred each time, always the same: each is taken or refused with status 2, and none panics.
//!
//! Tables of bodies, elements and measurements, and the points of a sweep: characters lost, doubled or put in, numbers that are hardly
//! numbers. Parameters: every key of every simulation that the library has, and of sweeps, with values of every kind and size.

use std::path::Path;

use serde_json::Value;

use super::Program;
use crate::base::config::{ParameterFile, schema_of_any};
use crate::base::random::Random;
use crate::nbody::NBody;
use crate::nbody::initial::{parse_elements, parse_states};
use crate::orbit::{Format, Observations, OrbitFit};
use crate::run::RunFolder;
use crate::{Error, Result, sweep};

/// The seed of all damage.
const SEED: u64 = 13;
/// Damaged versions of each table.
const VERSIONS: u64 = 60;
/// What is put into a table, in the place of a character or a cell.
const SCRAPS: [&str; 20] = [
    "",
    ",",
    "\"",
    "\n",
    "\r",
    "\0",
    "\u{feff}",
    "é",
    "-",
    "#",
    "nan",
    "inf",
    "1e999",
    "-1e308",
    "5e-324",
    "9223372036854775808",
    "1e",
    "--1",
    "\t",
    "{x}",
];
/// Values of every kind and size.
const VALUES: [&str; 26] = [
    "0",
    "-1",
    "1",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "0.0",
    "-0.0",
    "5e-324",
    "1e-300",
    "1e308",
    "-1e308",
    "nan",
    "inf",
    "-inf",
    "true",
    "''",
    "'\\u0000'",
    "'1e999 yr'",
    "'{x}'",
    "[]",
    "[1e308, -1e308, nan]",
    "[[], [1]]",
    "{}",
    "{ a = {} }",
    "1979-05-27",
];

fn random(kind: u64, index: u64) -> Random {
    Random::new(SEED, kind as u32, index)
}

fn below(random: &mut Random, count: usize) -> usize {
    (random.bits() % count.max(1) as u64) as usize
}

/// A text with one to three faults.
fn damaged(text: &str, random: &mut Random) -> String {
    let mut letters: Vec<String> = text.chars().map(String::from).collect();
    for _ in 0..=below(random, 3) {
        let place = below(random, letters.len());
        let scrap = SCRAPS[below(random, SCRAPS.len())].to_owned();
        match below(random, 4) {
            0 => letters[place] = scrap,
            1 => letters.insert(place, scrap),
            2 => letters.truncate(place + 1),
            // A whole cell.
            _ => {
                let is_end = |letter: &String| [",", "\n"].contains(&&letter[..]);
                let end = letters[place..].iter().position(is_end).map_or(letters.len(), |length| place + length);
                letters.splice(place..end, [scrap]);
            }
        }
    }
    letters.concat()
}

fn expect_clean<T>(outcome: Result<T>, input: &dyn Fn() -> String) {
    if let Err(error) = outcome {
        assert!(matches!(error, Error::Input { .. }) && !error.to_string().is_empty(), "{error:?}: {}", input());
    }
}

#[test]
fn damaged_tables_are_taken_or_refused() {
    let states = "name,mass,x,y,z,vx,vy,vz,radius\nSun,1.0,0,0,0,0,0,0,0.005\nJupiter,1e-3,5.2,0.1,0.0,0.0,0.4,0.0,0\n";
    let elements = "name,mass,a,e,inc,Omega,omega,M\nSun,1,,,,,,\nEarth,3e-6,1.0,0.0167,0.1,100,200,300\n";
    let epochs =
        "epoch,object,raoff,raoff_err,decoff,decoff_err,rv,rv_err\n55000.5,1,100,1,-50,2,,\n55010.5,0,,,,,12.5,0.5\n";
    for index in 0..VERSIONS {
        let text = damaged(states, &mut random(0, index));
        expect_clean(parse_states("table", text.as_bytes(), 1.0), &|| text.clone());
        let text = damaged(elements, &mut random(1, index));
        expect_clean(parse_elements("table", text.as_bytes(), 1.0), &|| text.clone());
        let text = damaged(epochs, &mut random(2, index));
        expect_clean(Observations::from_texts([("table", &text[..])], Format::Auto), &|| text.clone());
    }
}

#[test]
fn damaged_points_of_a_sweep_are_taken_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("points.csv");
    let plan = folder.path().join("plan.toml");
    let command = "task.command = ['true', '{mass}', '{name}']\nparameters.file = 'points.csv'\n";
    std::fs::write(&plan, format!("simulation = 'sweep'\n{command}")).unwrap();
    let program = Program::new();
    for index in 0..VERSIONS {
        let text = damaged("mass,name\n0.5,one\n1e-3,\"two, or three\"\n", &mut random(3, index));
        std::fs::write(&table, &text).unwrap();
        let read = ParameterFile::read(&plan, &[]);
        let checked = read.and_then(|file| program.with_simulations(|known| sweep::validate(&file, known)));
        expect_clean(checked, &|| text.clone());
    }
}

/// The keys of a file, with their sections.
fn keys(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let members = |schema: &Value| schema["properties"].as_object().cloned().unwrap_or_default();
    for (section, about) in members(schema) {
        let kinds = about["oneOf"].as_array().cloned().unwrap_or_else(|| vec![about.clone()]);
        found.extend(kinds.iter().flat_map(members).map(|(key, _)| format!("{section}.{key}")));
        found.push(section);
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn parameters_of_any_kind_and_size_are_taken_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new().with::<NBody>().with::<OrbitFit>();
    let starts = [
        ("nbody", "simulation = 'nbody'\nrun.steps = 5\ninitial.kind = 'pythagorean'\n"),
        ("orbit", "simulation = 'orbit'\nrun.steps = 5\nmethod.kind = 'ensemble'\n"),
        ("sweep", "simulation = 'sweep'\nparameters.values.x = [1, 2]\ntask.command = ['true']\n"),
    ];
    let mut tried = 0;
    for (name, text) in starts {
        let path = folder.path().join(format!("{name}.toml"));
        std::fs::write(&path, text).unwrap();
        let files: Vec<_> = program.schemas("test", Some(name)).unwrap().into_iter().map(|(_, file)| file).collect();
        let keys = keys(schema_of_any(&files).as_value());
        assert!(keys.len() > 10, "{keys:?}");
        for (place, key) in keys.iter().filter(|key| *key != "simulation").enumerate() {
            // Some of the values for each key, others for the next one, so that few runs see all pairs.
            for value in VALUES.iter().skip(place % 3).step_by(3) {
                let word = format!("{key}={value}");
                let outcome =
                    ParameterFile::read(&path, std::slice::from_ref(&word)).and_then(|file| check(&program, &file));
                expect_clean(outcome, &|| format!("{name}: {word}"));
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

/// What the program does with a file before MPI starts.
fn check(program: &Program, file: &ParameterFile) -> Result<()> {
    if file.simulation()? == sweep::NAME {
        return program.with_simulations(|known| sweep::validate(file, known));
    }
    (program.entries[program.entry(file)?].validate)(file)
}

/// Tables that a run has written: listed and read again by whoever looks at the run.
#[test]
fn damaged_histories_are_listed_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.csv");
    for index in 0..VERSIONS {
        let text = damaged("step,time,energy\n0,0.0,-0.25\n1,0.1,-0.25\n2,0.2,-0.25\n", &mut random(4, index));
        std::fs::write(&path, &text).unwrap();
        for listed in [list(&path), crate::io::History::last_row(&path).map(drop)] {
            if let Err(error) = listed {
                assert!(matches!(error, Error::File { .. } | Error::Io { .. }), "{error:?}: {text:?}");
            }
        }
    }
}

fn list(path: &Path) -> Result<()> {
    super::list::ls(&RunFolder::at(path)).map(drop)
}
