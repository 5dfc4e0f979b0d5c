//! The results of a sweep over what was varied: curves over one parameter, a map over two that make a grid, else dots over each.

use std::path::Path;

use super::map::OwnedMap;
use super::panels::{Curve, Panel, Panels};
use super::picture::{Named, Picture};
use crate::Result;
use crate::io::history::lines;
use crate::run::RunFolder;

/// The file of results in a sweep's folder.
const RESULTS: &str = "results.csv";
/// The columns that every table has.
const OWN: [&str; 3] = ["task", "status", "message"];
/// The most results, and the most parameters, that are drawn.
const MOST: usize = 6;

/// A column of a table of results; what is no number is NaN.
struct Column {
    name: String,
    numbers: Vec<f64>,
}

impl Column {
    /// Its different numbers, in order.
    fn different(&self) -> Vec<f64> {
        let mut numbers: Vec<f64> = self.numbers.iter().copied().filter(|number| number.is_finite()).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        numbers
    }
}

/// The pictures of a sweep's results; none where there is no table of them.
pub(super) fn figures_of(run: &Path) -> Result<Vec<Named>> {
    let path = run.join(RESULTS);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let is_parameter = parameters(run);
    let rows = lines(&path)?;
    let Some((names, rows)) = rows.split_first() else { return Ok(Vec::new()) };
    let column = |(place, name): (usize, &String)| Column {
        name: name.clone(),
        numbers: rows.iter().map(|row| row[place].parse().unwrap_or(f64::NAN)).collect(),
    };
    let all = names.iter().enumerate().filter(|(_, name)| !OWN.contains(&&name[..])).map(column);
    let (varied, results): (Vec<Column>, Vec<Column>) = all.partition(|column| is_parameter(&column.name));
    let varied: Vec<Column> = varied.into_iter().filter(|column| column.different().len() > 1).collect();
    let results: Vec<Column> = results.into_iter().filter(|column| !column.different().is_empty()).take(MOST).collect();
    Ok(drawn(&varied, &results))
}

/// Whether a column of this name was varied: by the parameters that config.toml names, or else, where they come from a file, as all that is
/// no result.
fn parameters(run: &Path) -> impl Fn(&str) -> bool {
    let text = std::fs::read_to_string(RunFolder::at(run).config()).unwrap_or_default();
    let table: toml::Table = text.parse().unwrap_or_default();
    let list = |section: &str, key: &str| table.get(section)?.get(key)?.as_array().cloned();
    let words = |values: Vec<toml::Value>| -> Vec<String> {
        values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let mut named = words(list("parameters", "order").unwrap_or_default());
    let rows = list("parameters", "list").unwrap_or_default();
    named.extend(rows.iter().filter_map(toml::Value::as_table).flat_map(|row| row.keys().cloned()));
    let results = list("task", "result").map(words);
    move |name| match &results {
        Some(results) if named.is_empty() => !results.iter().any(|result| result == name),
        _ => named.iter().any(|parameter| parameter == name),
    }
}

fn drawn(varied: &[Column], results: &[Column]) -> Vec<Named> {
    if results.is_empty() {
        return Vec::new();
    }
    if let [across, up] = varied
        && results.iter().any(|result| map(across, up, result).is_some())
    {
        let map = |result: &Column| {
            let picture = Picture::Map(map(across, up, result)?);
            Some(Named { stem: format!("sweep_{}", stem(&result.name)), title: result.name.clone(), picture })
        };
        return results.iter().filter_map(map).collect();
    }
    varied.iter().take(MOST).filter_map(|parameter| panels(parameter, results, varied.len() > 1)).collect()
}

/// A name as part of a file's.
fn stem(name: &str) -> String {
    name.chars().map(|letter| if letter.is_alphanumeric() || "_-".contains(letter) { letter } else { '_' }).collect()
}

/// A panel for each result, over one parameter.
fn panels(parameter: &Column, results: &[Column], are_dots: bool) -> Option<Named> {
    let different = parameter.different();
    let range = [*different.first()?, *different.last()?];
    let panel = |result: &Column| {
        let mut points: Vec<(f64, f64)> =
            parameter.numbers.iter().copied().zip(result.numbers.iter().copied()).collect();
        points.retain(|(x, y)| x.is_finite() && y.is_finite());
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let curve = Curve { name: String::new(), ink: 0, pale: false, points };
        Panel { label: result.name.replace('_', " "), curves: vec![curve], also: None }
    };
    let panels = results.iter().map(panel).collect();
    let title = format!("results over {}", parameter.name);
    let mut picture = Panels::new(title.clone(), parameter.name.clone(), range, panels);
    picture.are_dots = are_dots;
    Some(Named { stem: format!("sweep_over_{}", stem(&parameter.name)), title, picture: Picture::Panels(picture) })
}

/// A result over two parameters, if their numbers make a grid of even steps: each pair is there once.
fn map(across: &Column, up: &Column, result: &Column) -> Option<OwnedMap> {
    let [columns, rows] = [across.different(), up.different()];
    if columns.len() * rows.len() != result.numbers.len() || columns.len() < 3 || rows.len() < 3 {
        return None;
    }
    let mut values = vec![f64::NAN; result.numbers.len()];
    for (place, number) in result.numbers.iter().enumerate() {
        let find = |list: &[f64], number: f64| list.binary_search_by(|one| one.total_cmp(&number)).ok();
        values[find(&rows, up.numbers[place])? * columns.len() + find(&columns, across.numbers[place])?] = *number;
    }
    let edges = |list: &[f64]| {
        let step = (list[list.len() - 1] - list[0]) / (list.len() - 1) as f64;
        let is_even = list.windows(2).all(|pair| ((pair[1] - pair[0]) / step - 1.0).abs() < 1e-6);
        is_even.then(|| list[0] - 0.5 * step..list[list.len() - 1] + 0.5 * step)
    };
    Some(OwnedMap {
        title: result.name.replace('_', " "),
        labels: [across.name.clone(), up.name.clone()],
        ranges: [edges(&columns)?, edges(&rows)?],
        values,
        width: columns.len(),
        label: result.name.replace('_', " "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(order: &str, table: &str) -> Vec<String> {
        stems_of(&format!("[parameters]\norder = [{order}]\n"), table)
    }

    fn stems_of(config: &str, table: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        std::fs::write(folder.path().join(RESULTS), table).unwrap();
        figures_of(folder.path()).unwrap().into_iter().map(|named| named.stem).collect()
    }

    #[test]
    fn results_are_drawn_over_what_was_varied() {
        let one = "task,a,result,status,message\n0,2,5,done,\n1,1,4,done,\n2,3,,failed,no\n";
        assert_eq!(stems("'a'", one), ["sweep_over_a"]);
        let grid = |rows: usize, step: usize| -> String {
            let row = |k: usize| format!("{k},{},{},{},done,\n", k % 3 * step, k / 3, k * k);
            "task,a,b,result,status,message\n".to_owned() + &(0..3 * rows).map(row).collect::<String>()
        };
        assert_eq!(stems("'a', 'b'", &grid(4, 2)), ["sweep_result"]);
        assert_eq!(stems("'a', 'b'", &grid(2, 2)), ["sweep_over_a", "sweep_over_b"]);
        assert!(stems("'a'", "task,a,result,status,message\n0,2,text,done,\n").is_empty());
        let list = "[parameters]\nlist = [{a = 2, b = 1}, {a = 1, b = 1}]\n";
        let table = "task,a,b,result,status,message\n0,2,1,5,done,\n1,1,1,4,done,\n";
        assert_eq!(stems_of(list, table), ["sweep_over_a"]);
        let of_a_file = "[parameters]\nfile = 'x'\n[task]\nresult = ['result']\n";
        assert_eq!(stems_of(of_a_file, table), ["sweep_over_a"]);
        let map = map(
            &Column { name: String::new(), numbers: vec![0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0] },
            &Column { name: String::new(), numbers: vec![0.0, 0.0, 0.0, 5.0, 5.0, 5.0, 10.0, 10.0, 10.0] },
            &Column { name: String::new(), numbers: (0..9).map(f64::from).collect() },
        );
        let map = map.unwrap();
        assert_eq!((map.ranges, map.values[5]), ([-0.5..2.5, -2.5..12.5], 5.0));
    }
}
