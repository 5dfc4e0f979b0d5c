//! A table that somebody else wrote, as names over lines of cells, in whatever layout it comes.
//!
//! First the bytes are a text: UTF-8, with or without a mark at its beginning; other encodings and packed files are told. Then its lines
//! end by a line feed, both signs or a carriage return alone; those that are blank or begin with `#` are passed over. Cells stand between
//! commas, tabs, semicolons or bars, whichever the line of names has first in this order, or else between blanks; quotes are those of CSV,
//! within one line. A line of dashes below the names, as DACE and VizieR write it, holds nothing; one between the two has units.
//! Tables of IPAC, whose columns have fixed places, are in `ipac`.
//!
//! Left out: what names and cells mean, and whether lines are equally long.

mod ipac;
mod text;

pub(crate) use text::text;

use super::csv;
pub(crate) use super::csv::Line;

/// A table as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// The names of its columns; none where the text is empty.
    pub names: Line,
    /// Their units, where the table has a line of them; as many as names, or none.
    pub units: Vec<String>,
    /// The lines below.
    pub rows: Vec<Line>,
}

/// A text that is no table, or bytes that are no text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The line, where it is one line's fault.
    pub line: Option<u64>,
    /// What is wrong and what to do.
    pub reason: String,
}

/// The signs that may stand between cells, in the order in which they are looked for.
const SEPARATORS: [char; 4] = [',', '\t', ';', '|'];

/// Cuts a text into names and cells.
///
/// # Errors
/// A quote that doesn't close on its line; a table of IPAC whose values cross the places of its columns.
pub(crate) fn read(text: &str) -> Result<Written, Unreadable> {
    let lines: Vec<(u64, &str)> = text::lines(text).collect();
    if ipac::is_one(&lines) {
        return ipac::read(&lines);
    }
    let first = lines.first().map_or("", |(_, line)| line);
    let separator = SEPARATORS.into_iter().find(|&sign| first.contains(sign));
    let cut = |&(number, line): &(u64, &str)| cells(number, line, separator);
    let mut rows = lines.iter().map(cut).collect::<Result<Vec<Line>, Unreadable>>()?.into_iter();
    let names = rows.next().unwrap_or(Line { number: 1, fields: Vec::new() });
    let mut rows: Vec<Line> = rows.collect();
    let is_rule =
        |line: &Line| line.fields.len() == names.fields.len() && line.fields.iter().all(|cell| is_dashes(cell));
    let units = match rows.iter().take(2).position(is_rule) {
        Some(0) => {
            rows.remove(0);
            Vec::new()
        }
        Some(_) => rows.drain(..2).next().map_or(Vec::new(), |units| units.fields),
        None => Vec::new(),
    };
    Ok(Written { names, units, rows })
}

/// A number as people and Fortran write it: `1.5`, `1e-3`, `1D-3`.
pub(crate) fn number(text: &str) -> Option<f64> {
    let of_fortran = || text.replacen(['d', 'D'], "e", 1).parse().ok();
    text.parse().ok().or_else(of_fortran)
}

fn cells(number: u64, line: &str, separator: Option<char>) -> Result<Line, Unreadable> {
    let Some(separator) = separator else {
        return Ok(Line { number, fields: line.split_whitespace().map(str::to_owned).collect() });
    };
    let read = csv::lines(line, separator).map_err(|wrong| Unreadable { line: Some(number), reason: wrong.reason })?;
    let fields = read.into_iter().next().map(|read| read.fields).unwrap_or_default();
    Ok(Line { number, fields })
}

fn is_dashes(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|byte| byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells_of(text: &str) -> Vec<Vec<String>> {
        let Written { names, rows, .. } = read(text).unwrap();
        std::iter::once(names).chain(rows).map(|line| line.fields).collect()
    }

    /// Commas, tabs, semicolons, bars, blanks; ends of lines of three kinds, with and without a mark at the beginning, also before a comment.
    #[test]
    fn a_table_is_the_same_whatever_is_between_its_cells_and_lines() {
        let table = "# c, d\na,b b,c\n1,\"x, y\",3\n\n4,,6\n";
        let expected = [["a", "b b", "c"], ["1", "x, y", "3"], ["4", "", "6"]];
        assert_eq!(cells_of(table), expected);
        for separator in ["\t", ";", "|"] {
            let other = table.replace(',', separator).replace(&format!("x{separator} y"), "x, y");
            assert_eq!(cells_of(&other), expected, "{separator:?}");
        }
        for end in ["\n", "\r\n", "\r"] {
            for mark in ["", "\u{feff}"] {
                let other = format!("{mark}{}", table.replace('\n', end));
                assert_eq!(cells_of(&other), expected, "{end:?}");
                assert_eq!(read(&other).unwrap().rows[1].number, 5);
            }
        }
        assert_eq!(cells_of("\u{feff}a  b c\n1\t2   3\n"), [["a", "b", "c"], ["1", "2", "3"]]);
        assert!(read("# nothing\n").unwrap().names.fields.is_empty());
    }

    /// Below the names, as in tables of DACE; below names and units, as VizieR's; a row of minus signs is one of values where it is farther down.
    #[test]
    fn a_line_of_dashes_is_no_row() {
        let dace = read("rjd\tvrad\n---\t----\n55000.5\t-3.0\n").unwrap();
        assert_eq!((dace.rows.len(), dace.rows[0].number, dace.units.len()), (1, 3, 0));
        let vizier = read("BJD;RV\nd;km/s\n-----;----\n2455000.5;-3.0\n").unwrap();
        assert_eq!((vizier.rows.len(), &vizier.units[..]), (1, &["d".to_owned(), "km/s".to_owned()][..]));
        assert_eq!(read("a,b\n1,2\n3,4\n-,-\n").unwrap().rows.len(), 3);
        assert_eq!(read("a,b\n-,2\n").unwrap().rows.len(), 1);
    }

    #[test]
    fn numbers_may_have_the_exponents_of_fortran() {
        let numbers = ["1.5D+03", "-2d-2", "1e3", "7", ".5"].map(number);
        assert_eq!(numbers, [1500.0, -0.02, 1000.0, 7.0, 0.5].map(Some));
        assert_eq!(["D", "1D", "1d5d5", "day", "0x1D", "", "1 D5"].map(number), [None; 7]);
    }

    #[test]
    fn a_quote_closes_on_its_line() {
        let wrong = read("a,b\n1,\"2\n3,\"4\n").unwrap_err();
        assert_eq!((wrong.line, &wrong.reason[..]), (Some(2), "a quote opens here and never closes"));
    }
}
