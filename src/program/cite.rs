//! `divisi cite`: BibTeX of the methods that a run used, by the parameters that stand in its config.toml.
//!
//! The list has one line for each value of a parameter that a paper stands behind; the entries are in `references.bib`. What a simulation of
//! one's own uses is not known here: then the program alone is cited.

use std::process::ExitCode;

use toml::{Table, Value};

use crate::base::console::print;
use crate::run::RunFolder;
use crate::{Error, Result};

/// The entries, one to a paragraph.
const REFERENCES: &str = include_str!("references.bib");

/// Section, key and value of a parameter, and the papers behind it. `*` is any value; `kind` may lie in parts of a section.
const METHODS: [(&str, &str, &str, &[&str]); 26] = [
    ("integrator", "method", "wisdom_holman", &["WisdomHolman1991"]),
    ("integrator", "method", "ias15", &["ReinSpiegel2015", "Everhart1985"]),
    ("integrator", "method", "hermite", &["MakinoAarseth1992"]),
    ("integrator", "megno", "true", &["CincottaSimo2000"]),
    ("gravity", "method", "tree", &["BarnesHut1986"]),
    ("initial", "kind", "plummer", &["Plummer1911"]),
    ("initial", "kind", "king", &["King1966"]),
    ("initial", "kind", "galaxy", &["Hernquist1993"]),
    ("initial", "kind", "*", &["Salmon2011"]),
    ("fluid", "reconstruction", "donor", &["Godunov1959"]),
    ("fluid", "reconstruction", "plm", &["vanLeer1974"]),
    ("fluid", "reconstruction", "ppm", &["ColellaWoodward1984", "ColellaSekora2008"]),
    ("fluid", "reconstruction", "weno_z", &["Borges2008"]),
    ("fluid", "riemann", "llf", &["Rusanov1961"]),
    ("fluid", "riemann", "hlle", &["HartenLaxVanLeer1983", "Einfeldt1988"]),
    ("fluid", "riemann", "hllc", &["Toro1994"]),
    ("fluid", "riemann", "hybrid", &["Toro1994", "Quirk1994"]),
    ("fluid", "riemann", "roe", &["Roe1981"]),
    ("fluid", "time", "vl2", &["StoneGardiner2009"]),
    ("fluid", "time", "rk2", &["ShuOsher1988"]),
    ("fluid", "time", "rk3", &["ShuOsher1988"]),
    ("method", "kind", "ofti", &["Blunt2017", "Salmon2011"]),
    ("method", "kind", "ensemble", &["GoodmanWeare2010", "ForemanMackey2013", "Salmon2011"]),
    ("method", "kind", "tempering", &["GoodmanWeare2010", "ForemanMackey2013", "Vousden2016", "Salmon2011"]),
    ("optics", "*", "*", &["WorkuGross2019"]),
    ("parameters", "combine", "latin_hypercube", &["Salmon2011"]),
];
/// Initial conditions that draw random numbers.
const DRAWN: [&str; 5] = ["plummer", "cold_sphere", "king", "galaxy", "parts"];

/// Prints the entries of a run.
///
/// # Errors
/// A folder that holds no run, a config.toml that can't be read.
pub(super) fn cite(folder: RunFolder) -> Result<ExitCode> {
    let config = folder.existing()?.config();
    let text = std::fs::read_to_string(&config).map_err(Error::io("read", &config))?;
    let parameters = text.parse::<Table>().map_err(|error| Error::file(&config, error.message().to_owned()))?;
    print(&entries(&parameters))?;
    Ok(ExitCode::SUCCESS)
}

/// Of the program, then of each method, once.
fn entries(parameters: &Table) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let program = format!(
        "@software{{Divisi, author = {{{{The Divisi developers}}}}, title = {{Divisi: simulations that run as many MPI ranks, with the same bits on \
         any number of them}}, version = {{{version}}}}}\n"
    );
    let used = used(parameters);
    let entry = |key: &&str| REFERENCES.split("\n\n").find(|entry| key_of(entry) == Some(*key)).map(str::trim);
    let methods = used.iter().filter_map(entry).map(|entry| format!("\n{entry}\n"));
    program + &methods.collect::<String>()
}

/// The keys of the papers behind a run's methods.
fn used(parameters: &Table) -> Vec<&'static str> {
    let mut used: Vec<&str> = Vec::new();
    for (section, key, value, papers) in METHODS {
        let Some(found) = parameters.get(section) else { continue };
        let values = if key == "*" { vec!["*".to_owned()] } else { values(found, key) };
        let is_drawn = section != "initial" || value != "*" || values.iter().any(|value| DRAWN.contains(&&value[..]));
        if is_drawn && values.iter().any(|one| value == "*" || one == value) {
            let new: Vec<&str> = papers.iter().copied().filter(|paper| !used.contains(paper)).collect();
            used.extend(new);
        }
    }
    used
}

/// All values of a key in a section, and in the tables and lists within it.
fn values(section: &Value, key: &str) -> Vec<String> {
    match section {
        Value::Table(table) => {
            let own = table.get(key).and_then(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Boolean(value) => Some(value.to_string()),
                _ => None,
            });
            own.into_iter().chain(table.values().flat_map(|inner| values(inner, key))).collect()
        }
        Value::Array(list) => list.iter().flat_map(|inner| values(inner, key)).collect(),
        _ => Vec::new(),
    }
}

/// The key of an entry.
fn key_of(entry: &str) -> Option<&str> {
    Some(entry.trim().split_once('{')?.1.split_once(',')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_paper_is_there_once_and_every_entry_is_used() {
        let keys: Vec<&str> = REFERENCES.split("\n\n").filter_map(key_of).collect();
        let used: Vec<&str> = METHODS.iter().flat_map(|method| method.3).copied().collect();
        assert!(used.iter().all(|paper| keys.iter().filter(|key| *key == paper).count() == 1), "{keys:?}");
        assert!(keys.iter().all(|key| used.contains(key)), "{keys:?}");
        for entry in REFERENCES.split("\n\n") {
            let depth = |sign: char| entry.matches(sign).count();
            assert!(depth('{') == depth('}') && entry.contains("title = {") && entry.contains("year = {"), "{entry}");
        }
    }

    #[test]
    fn a_run_cites_its_methods_and_no_others() {
        let used = |text: &str| used(&text.parse().unwrap());
        let bodies = "[initial]\nkind = 'parts'\n[[initial.parts]]\nkind = 'king'\n[gravity]\nmethod = 'tree'\n[integrator]\nmethod = 'leapfrog'\nmegno = false";
        assert_eq!(used(bodies), ["BarnesHut1986", "King1966", "Salmon2011"]);
        assert_eq!(
            used("[initial]\nkind = 'kepler'\n[integrator]\nmethod = 'ias15'\nmegno = true"),
            ["ReinSpiegel2015", "Everhart1985", "CincottaSimo2000"]
        );
        assert_eq!(used("[fluid]\nreconstruction = 'ppm'\nriemann = 'hybrid'\ntime = 'rk3'").len(), 5);
        assert!(used("[rod]\nmethod = 'ias15'").is_empty());
        let text = entries(&"[method]\nkind = 'ofti'".parse().unwrap());
        assert!(text.starts_with("@software{Divisi,") && text.contains("\n@article{Blunt2017,"), "{text}");
    }
}
