//! Points that are listed: tables in the plan, lines of a CSV file. Each parameter becomes a list of its values.

use std::path::Path;

use toml::Table;

use super::Axis;
use super::axis::scalar;
use crate::config::nearest_of;
use crate::study::value::Value;
use crate::{Error, Result};

/// The parameters of a list of tables, of which all have the same keys.
pub(super) fn from_list(list: &[Table]) -> Result<(Vec<String>, Vec<Axis>)> {
    let names: Vec<String> = list.first().map(|first| first.keys().cloned().collect()).unwrap_or_default();
    if names.is_empty() {
        return Err(Error::input("parameters.list", "its first entry is empty: it must name the parameters"));
    }
    let mut columns = vec![Vec::with_capacity(list.len()); names.len()];
    for (i, row) in list.iter().enumerate() {
        let place = format!("parameters.list, entry {}", i + 1);
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Some(other) = row.keys().find(|key| !names.contains(key)) {
            let reason = format!("`{other}` is not in the first entry{}", nearest_of(other, &known));
            return Err(Error::input(place, reason));
        }
        for (name, column) in names.iter().zip(&mut columns) {
            let given = row.get(name).ok_or_else(|| Error::input(&place, format!("`{name}` is missing")))?;
            column.push(scalar(&format!("{place}, `{name}`"), given)?);
        }
    }
    Ok((names, columns.into_iter().map(Axis::List).collect()))
}

/// The parameters of a CSV file: a line of names, then a line per task; lines that begin with `#` are not part of it.
pub(super) fn from_csv(path: &Path) -> Result<(Vec<String>, Vec<Axis>)> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::input("parameters.file", format!("cannot read {}: {source}", path.display())))?;
    let mut reader =
        csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| Error::input(path.display().to_string(), error.to_string());
    let names: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(str::to_owned).collect();
    if let Some(at) = names.iter().position(|name| Value::parse(name).number().is_some() || name.is_empty()) {
        let reason = format!("column {} of the first line is `{}`, which names no parameter", at + 1, names[at]);
        return Err(Error::input(path.display().to_string(), reason));
    }
    let mut columns = vec![Vec::new(); names.len()];
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(unreadable)? {
        // The record's own position is before the comments above it; the reader stands behind its last line.
        let line = || text[..reader.position().byte() as usize].lines().count();
        let place = || format!("{}, line {}", path.display(), line());
        if record.len() != names.len() {
            let reason = format!("has {} fields, but the first line names {} parameters", record.len(), names.len());
            return Err(Error::input(place(), reason));
        }
        for ((name, column), field) in names.iter().zip(&mut columns).zip(&record) {
            column.push(field_value(field).map_err(|reason| Error::input(place(), format!("`{name}` {reason}")))?);
        }
    }
    if columns.first().is_none_or(Vec::is_empty) {
        return Err(Error::input(path.display().to_string(), "holds no points: a line of names, then a line per task"));
    }
    Ok((names, columns.into_iter().map(Axis::List).collect()))
}

fn field_value(field: &str) -> std::result::Result<Value, String> {
    match Value::parse(field) {
        _ if field.is_empty() => Err("is empty".to_owned()),
        Value::Number(number) if !number.is_finite() => Err(format!("is {field}: it must be finite")),
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> Result<(Vec<String>, Vec<Axis>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("points.csv");
        std::fs::write(&path, text).unwrap();
        from_csv(&path)
    }

    fn told(text: &str) -> String {
        csv(text).unwrap_err().to_string()
    }

    fn told_of_list(text: &str) -> String {
        let table: Table = text.parse().unwrap();
        let list: Vec<Table> = table["list"].clone().try_into().unwrap();
        from_list(&list).unwrap_err().to_string()
    }

    #[test]
    fn a_csv_file_gives_a_point_per_line() {
        let (names, axes) = csv("# made by hand\na, b c\n1, x\n\n0.5,\"y, z\"\n").unwrap();
        assert_eq!(names, ["a", "b c"]);
        assert_eq!(axes[0], Axis::List(vec![Value::Integer(1), Value::Number(0.5)]));
        assert_eq!(axes[1], Axis::List(vec![Value::Text("x".into()), Value::Text("y, z".into())]));
    }

    #[test]
    fn a_csv_file_that_does_not_fit_is_refused_with_its_line() {
        assert!(told("a,b\n1,2\n# note\n3\n").contains("points.csv, line 4: has 1 fields"));
        assert!(told("a,b\r\n1,2\r\n3").contains("points.csv, line 3: has 1 fields"));
        assert!(told("a,b\r\n1,2\r\n3\r\n4,5\r\n").contains("points.csv, line 3: has 1 fields"));
        assert!(told("a,b\n1,2\n3\n4,5").contains("points.csv, line 3: has 1 fields"));
        assert!(told("a,b\n1,\n").contains("line 2: `b` is empty"));
        assert!(told("a\nnan\n").contains("line 2: `a` is nan: it must be finite"));
        assert!(told("a,b\n").contains("holds no points"));
        assert!(told("").contains("holds no points"));
        assert!(told("1,2\n3,4\n").contains("column 1 of the first line is `1`"));
        assert!(told("a,,b\n3,4,5\n").contains("column 2 of the first line is ``"));
        let missing = from_csv(Path::new("/no/such.csv")).unwrap_err();
        assert!(missing.to_string().starts_with("parameters.file: cannot read /no/such.csv"));
        assert_eq!(missing.status(), 2);
    }

    #[test]
    fn entries_of_a_list_must_have_the_same_keys() {
        assert_eq!(
            told_of_list("list = [{ mass = 1 }, { mas = 2 }]"),
            "parameters.list, entry 2: `mas` is not in the first entry; did you mean `mass`?"
        );
        assert_eq!(told_of_list("list = [{ a = 1, b = 1 }, { a = 2 }]"), "parameters.list, entry 2: `b` is missing");
        assert!(told_of_list("list = [{}]").contains("must name the parameters"));
        assert!(told_of_list("list = [{ a = [1] }]").contains("entry 1, `a`: [1] is not allowed"));
    }
}
