//! Points that are listed: tables in the plan, lines of a CSV file. Each parameter becomes a list of its values.

use std::path::Path;

use toml::Table;

use super::Axis;
use super::written::scalar;
use crate::base::config::nearest_of;
use crate::base::csv;
use crate::sweep::value::Value;
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
    let file = path.display().to_string();
    let place = |line: u64| format!("{file}, line {line}");
    let lines = csv::lines(&text, ',').map_err(|wrong| Error::input(place(wrong.line), wrong.reason))?;
    let empty = || Error::input(&file, "holds no points: a line of names, then a line per task");
    let (head, lines) = lines.split_first().filter(|(_, lines)| !lines.is_empty()).ok_or_else(empty)?;
    let names = &head.fields;
    if let Some(at) = names.iter().position(|name| Value::parse(name).number().is_some() || name.is_empty()) {
        let reason = format!("column {} of the first line is `{}`, which names no parameter", at + 1, names[at]);
        return Err(Error::input(&file, reason));
    }
    let mut columns = vec![Vec::with_capacity(lines.len()); names.len()];
    for line in lines {
        if line.fields.len() != names.len() {
            let found = line.fields.len();
            let reason = format!("has {found} fields, but the first line names {} parameters", names.len());
            return Err(Error::input(place(line.number), reason));
        }
        for ((name, column), field) in names.iter().zip(&mut columns).zip(&line.fields) {
            let value =
                field_value(field).map_err(|reason| Error::input(place(line.number), format!("`{name}` {reason}")));
            column.push(value?);
        }
    }
    Ok((names.clone(), columns.into_iter().map(Axis::List).collect()))
}

fn field_value(field: &str) -> std::result::Result<Value, String> {
    match Value::parse(field) {
        _ if field.is_empty() => Err("is empty".to_owned()),
        _ if field.parse::<f64>().is_ok_and(|number| !number.is_finite()) => {
            Err(format!("is {field}: it must be finite"))
        }
        // Blanks that stand between quotes.
        _ if field.trim() != field => Ok(Value::Text(field.to_owned())),
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Vec<String>, Vec<Axis>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("points.csv");
        std::fs::write(&path, text).unwrap();
        from_csv(&path)
    }

    fn told(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    fn told_of_list(text: &str) -> String {
        let table: Table = text.parse().unwrap();
        let list: Vec<Table> = table["list"].clone().try_into().unwrap();
        from_list(&list).unwrap_err().to_string()
    }

    #[test]
    fn a_csv_file_gives_a_point_per_line() {
        let (names, axes) = read("# made by hand\na, b c\n1, x\n\n0.5,\"y, z\"\n").unwrap();
        assert_eq!(names, ["a", "b c"]);
        assert_eq!(axes[0], Axis::List(vec![Value::Integer(1), Value::Number(0.5)]));
        assert_eq!(axes[1], Axis::List(vec![Value::Text("x".into()), Value::Text("y, z".into())]));
    }

    /// Hashes, labels, trailing zeros, whole numbers beyond 64 bits, blanks within quotes; blank lines and comments between.
    #[test]
    fn a_field_reaches_its_task_letter_for_letter() {
        let fields = ["12345678901234567890", "1234567e8", "1.10", "-007", "9007199254740993", "x", "0.5"];
        let lines = fields.map(|field| format!("{field}\n   \n # note\n")).concat();
        let (_, axes) = read(&format!("a\n{lines}\" x \"\n")).unwrap();
        let shown: Vec<String> = (0..8).map(|k| axes[0].at(k).to_string()).collect();
        assert_eq!(shown[..7], fields);
        assert_eq!(shown[7], " x ");
    }

    #[test]
    fn a_quote_that_does_not_close_is_refused_where_it_opens() {
        assert!(
            told("a\n5\" pipe\n\"6 inch\n7\n8\n").ends_with("points.csv, line 3: a quote opens here and never closes")
        );
        assert!(
            told("a,b\n1,\"6 inch\n2,\"7 inch\"\n")
                .contains("points.csv, line 2: the quote that opens here closes before")
        );
    }

    #[test]
    fn a_csv_file_that_does_not_fit_is_refused_with_its_line() {
        assert!(told("a,b\n1,2\n# note\n3\n").contains("points.csv, line 4: has 1 fields"));
        assert!(told("a,b\r\n1,2\r\n3").contains("points.csv, line 3: has 1 fields"));
        assert!(told("a,b\r\n1,2\r\n3\r\n4,5\r\n").contains("points.csv, line 3: has 1 fields"));
        assert!(told("a,b\n1,2\n3\n4,5").contains("points.csv, line 3: has 1 fields"));
        assert!(told("a,b\n1,\n").contains("line 2: `b` is empty"));
        assert!(told("a\n1e400\n").contains("line 2: `a` is 1e400: it must be finite"));
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
