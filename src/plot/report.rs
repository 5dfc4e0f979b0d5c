//! A run on one page: its parameters, key figures and pictures, in a file that needs nothing else.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::canvas::to_svg;
use super::figures::figures_of;
use super::view::View;
use crate::base::whole::write_whole;
use crate::run::{REPORT, RunFolder};
use crate::{Error, Result};

/// How the page looks.
const STYLE: &str = "
body { font: 16px/1.5 'DejaVu Sans', Verdana, sans-serif; color: #222; max-width: 1100px; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em; border-bottom: 1px solid #ccc }
table { border-collapse: collapse } td, th { padding: .2em 1em .2em 0; text-align: right; font-variant-numeric: tabular-nums }
td:first-child, th:first-child { text-align: left } th { font-weight: normal; color: #666 } tr + tr { border-top: 1px solid #eee }
pre { background: #f6f6f6; padding: 1em; overflow-x: auto; font-size: .85em } svg { width: 100%; height: auto }
";

/// Writes `report.html` into the run's folder and returns its name.
///
/// # Errors
/// When the folder holds no run, or the page cannot be written.
pub fn report(run: &Path) -> Result<PathBuf> {
    let folder = RunFolder::at(run);
    let config = folder.config();
    let parameters = std::fs::read_to_string(&config).map_err(Error::io("read", &config))?;
    let name = run.file_name().map_or_else(|| run.display().to_string(), |name| name.to_string_lossy().into_owned());
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{0}</title>\n<style>{STYLE}</style>\n\
         </head>\n<body>\n<h1>{0}</h1>\n",
        escaped(&name)
    );
    for named in figures_of(run, &View::default())? {
        let shown = match to_svg(&named.picture) {
            Ok(svg) => without_prolog(&svg).to_owned(),
            Err(error) => format!("<p>{}</p>", escaped(&error.to_string())),
        };
        let _ = write!(page, "<h2>{}</h2>\n{shown}\n", escaped(&named.title));
    }
    if let Some(ledger) = read_ledger(&folder.ledger())? {
        let _ = write!(page, "<h2>Key figures</h2>\n{}<h2>Phases</h2>\n{}", key_figures(&ledger), phases(&ledger));
    }
    let _ = write!(page, "<h2>Parameters</h2>\n<pre>{}</pre>\n</body>\n</html>\n", escaped(parameters.trim()));
    let path = folder.path(REPORT);
    write_whole(&path, page.as_bytes())?;
    Ok(path)
}

fn read_ledger(path: &Path) -> Result<Option<Value>> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| Error::file(path, error.to_string()))
}

/// The plain entries of the ledger, and the largest of each list of numbers per rank.
fn key_figures(ledger: &Value) -> String {
    let mut table = String::from("<table>\n");
    for (name, value) in ledger.as_object().into_iter().flatten() {
        let shown = match value {
            Value::Number(number) => number.as_f64().map(amount),
            Value::String(text) => Some(escaped(text)),
            Value::Array(list) if list.iter().all(Value::is_number) => {
                Some(format!("{} (the largest rank's)", amount(largest(value))))
            }
            _ => None,
        };
        if let Some(shown) = shown {
            let _ = writeln!(table, "<tr><td>{}</td><td>{shown}</td></tr>", escaped(&name.replace('_', " ")));
        }
    }
    table + "</table>\n"
}

/// What each phase cost: seconds of the slowest rank, messages and bytes of all.
fn phases(ledger: &Value) -> String {
    let mut table = String::from(
        "<table>\n<tr><th>phase</th><th>seconds</th><th>of them waiting</th><th>messages</th><th>bytes</th></tr>\n",
    );
    for phase in ledger["phases"].as_array().into_iter().flatten() {
        let cells = [
            amount(largest(&phase["seconds"])),
            amount(largest(&phase["waited_seconds"])),
            amount(sum(&phase["messages"])),
            amount(sum(&phase["bytes"])),
        ];
        let name = escaped(phase["name"].as_str().unwrap_or_default());
        let _ = writeln!(table, "<tr><td>{name}</td><td>{}</td></tr>", cells.join("</td><td>"));
    }
    table + "</table>\n"
}

fn numbers(list: &Value) -> impl Iterator<Item = f64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_f64)
}

fn largest(list: &Value) -> f64 {
    numbers(list).fold(0.0, f64::max)
}

fn sum(list: &Value) -> f64 {
    numbers(list).sum()
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// SVG as it is inside a page.
fn without_prolog(svg: &str) -> &str {
    svg.find("<svg").map_or(svg, |start| &svg[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_becomes_one_page_without_links() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path();
        std::fs::write(run.join("config.toml"), "name = \"a < b\"\n").unwrap();
        std::fs::write(run.join("history.csv"), "step,time,energy_error\n0,0,0\n1,1,1e-12\n2,2,-3e-12\n").unwrap();
        std::fs::write(
            run.join("ledger.json"),
            r#"{"ranks": 2, "rate": 8.1234e9, "phases": [{"name": "step", "seconds": [1.5, 2.5], "messages": [3, 4]}]}"#,
        )
        .unwrap();
        let page = std::fs::read_to_string(report(run).unwrap()).unwrap();
        for part in ["a &lt; b", "<svg", "8.123 G", "<td>step</td><td>2.500</td>", "<td>7</td>"] {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
        assert!(!page.contains("src=") && !page.contains("<?xml"));
        assert!(report(&run.join("nothing")).is_err());
    }
}
