//! The results of a sweep over what was varied: curves over one parameter, one for each value of another if there is one; a map over two that
//! make a grid of numbers; else dots over each.

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

/// The most values of another parameter that have a curve each.
const CURVES: usize = 8;

/// A column of a table of results, as it is written and as numbers; what is no number is NaN.
struct Column {
    name: String,
    texts: Vec<String>,
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

    /// Its different texts, in the order in which they come.
    fn values(&self) -> Vec<&str> {
        let mut values: Vec<&str> = Vec::new();
        for text in &self.texts {
            if !values.contains(&&text[..]) {
                values.push(text);
            }
            if values.len() > CURVES {
                break;
            }
        }
        values
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
        texts: rows.iter().map(|row| row[place].clone()).collect(),
        numbers: rows.iter().map(|row| row[place].parse().unwrap_or(f64::NAN)).collect(),
    };
    let all = names.iter().enumerate().filter(|(_, name)| !OWN.contains(&&name[..])).map(column);
    let (varied, results): (Vec<Column>, Vec<Column>) = all.partition(|column| is_parameter(&column.name));
    let varied: Vec<Column> = varied.into_iter().filter(|column| column.values().len() > 1).collect();
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
    let over = |place: usize| {
        let others: Vec<&Column> = varied.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, it)| it).collect();
        panels(&varied[place], results, &others)
    };
    let numbers = (0..varied.len()).filter(|place| varied[*place].different().len() > 1);
    numbers.take(MOST).filter_map(over).collect()
}

/// A name as part of a file's.
fn stem(name: &str) -> String {
    name.chars().map(|letter| if letter.is_alphanumeric() || "_-".contains(letter) { letter } else { '_' }).collect()
}

/// A panel for each result, over one parameter, beside which `others` were varied.
fn panels(parameter: &Column, results: &[Column], others: &[&Column]) -> Option<Named> {
    let different = parameter.different();
    let range = [*different.first()?, *different.last()?];
    let apart = match others {
        [other] if other.values().len() <= CURVES => Some(*other),
        _ => None,
    };
    let curve = |result: &Column, ink: usize, value: Option<&str>| {
        let is_its = |row: &usize| apart.zip(value).is_none_or(|(other, value)| other.texts[*row] == value);
        let rows = (0..result.numbers.len()).filter(is_its);
        let mut points: Vec<(f64, f64)> = rows.map(|row| (parameter.numbers[row], result.numbers[row])).collect();
        points.retain(|(x, y)| x.is_finite() && y.is_finite());
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let name = apart.zip(value).map_or(String::new(), |(other, value)| format!("{} = {value}", other.name));
        Curve { name, ink, pale: false, points }
    };
    let panel = |result: &Column| {
        let curves = match apart {
            Some(other) => {
                other.values().into_iter().enumerate().map(|(ink, value)| curve(result, ink, Some(value))).collect()
            }
            None => vec![curve(result, 0, None)],
        };
        Panel { label: result.name.replace('_', " "), curves, also: None }
    };
    let panels = results.iter().map(panel).collect();
    let title = format!("results over {}", parameter.name);
    let mut picture = Panels::new(title.clone(), parameter.name.clone(), range, panels);
    picture.are_dots = !others.is_empty() && apart.is_none();
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

    fn column(name: &str, numbers: &[f64]) -> Column {
        let texts = numbers.iter().map(f64::to_string).collect();
        Column { name: name.to_owned(), texts, numbers: numbers.to_vec() }
    }

    #[test]
    fn each_value_of_another_parameter_has_a_curve_and_more_parameters_are_dots() {
        let over = column("e", &[0.1, 0.1, 0.5, 0.5]);
        let result = [column("error", &[1.0, 2.0, 3.0, 4.0])];
        let mut method = column("method", &[f64::NAN; 4]);
        method.texts = ["leapfrog", "ias15", "leapfrog", "ias15"].map(str::to_owned).to_vec();
        let drawn = |others: &[&Column]| match panels(&over, &result, others).unwrap().picture {
            Picture::Panels(picture) => picture,
            _ => panic!("no panels"),
        };
        let two = drawn(&[&method]);
        let curves: Vec<_> = two.panels[0].curves.iter().map(|curve| (&curve.name[..], &curve.points[..])).collect();
        let expected =
            [("method = leapfrog", &[(0.1, 1.0), (0.5, 3.0)][..]), ("method = ias15", &[(0.1, 2.0), (0.5, 4.0)][..])];
        assert!(curves == expected && !two.are_dots, "{curves:?}");
        let many = drawn(&[&method, &method]);
        assert!(many.are_dots && many.panels[0].curves.len() == 1 && many.panels[0].curves[0].points.len() == 4);
        assert!(!drawn(&[]).are_dots);
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
            &column("", &[0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0]),
            &column("", &[0.0, 0.0, 0.0, 5.0, 5.0, 5.0, 10.0, 10.0, 10.0]),
            &column("", &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]),
        );
        let map = map.unwrap();
        assert_eq!((map.ranges, map.values[5]), ([-0.5..2.5, -2.5..12.5], 5.0));
    }
}
