//! CSV: a row of texts as a line, and, read strictly, what somebody else's file holds, letter for letter, or where it can't be read.
//!
//! Written, a field is quoted where it must be. Read, a line is fields between separators. Blanks around a field don't count; what stands between quotes is the field as it is, with blanks,
//! separators and ends of lines, and two quotes for one. A quote that doesn't close, or closes in the middle of a field, is an error:
//! it would swallow the lines below. Empty lines and those that begin with `#` are passed over.
//!
//! Left out: what fields mean, and whether lines are equally long.

/// A line of these fields, without its end.
pub(crate) fn row<T: AsRef<[u8]>>(fields: impl IntoIterator<Item = T>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    // Memory takes all, and rows of one writer alone must be equally long.
    let written = writer.write_record(fields);
    debug_assert!(written.is_ok());
    let mut bytes = writer.into_inner().unwrap_or_default();
    bytes.pop();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The fields of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The line's number in the file, from 1; the first one's, where quotes hold several.
    pub number: u64,
    pub fields: Vec<String>,
}

/// A quote that doesn't hold a field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misquoted {
    /// The line in which it opens.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// The lines of a text.
///
/// # Errors
/// The first quote that doesn't close where a field ends.
pub(crate) fn lines(text: &str, separator: char) -> Result<Vec<Line>, Misquoted> {
    // Files of old systems end lines by a carriage return alone; elsewhere it is a blank before the end.
    let end = if text.contains('\n') { '\n' } else { '\r' };
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Vec::new();
    let mut number = 1;
    while !rest.is_empty() {
        let first = rest.split(end).next().unwrap_or_default();
        let mut line = Line { number, fields: Vec::new() };
        let mut after = &rest[first.len()..];
        if !first.trim().is_empty() && !first.trim_start().starts_with('#') {
            after = fields(rest, [separator, end], &mut line)?;
            lines.push(line);
        }
        // Either all is read or the end of a line is next.
        let read = rest.len() - after.len() + usize::from(!after.is_empty());
        number += rest[..read].matches(end).count() as u64;
        rest = &rest[read..];
    }
    Ok(lines)
}

/// Reads the fields at the beginning of a text; what comes after them. They stop at the separator and at the end of a line.
fn fields<'a>(text: &'a str, stops: [char; 2], line: &mut Line) -> Result<&'a str, Misquoted> {
    let mut rest = text;
    loop {
        let after = match rest.trim_start_matches(|c| matches!(c, ' ' | '\t') && c != stops[0]) {
            start if start.starts_with('"') => {
                let opened = line.number + text[..text.len() - start.len()].matches(stops[1]).count() as u64;
                let wrong = |reason| Misquoted { line: opened, reason };
                let (field, after) = quoted(&start[1..], stops).map_err(wrong)?;
                line.fields.push(field);
                after
            }
            start => {
                let (field, after) = start.split_at(start.find(stops).unwrap_or(start.len()));
                line.fields.push(field.trim().to_owned());
                after
            }
        };
        match after.strip_prefix(stops[0]) {
            Some(next) => rest = next,
            None => return Ok(after),
        }
    }
}

/// The field whose opening quote was just read, and what comes after it.
fn quoted(text: &str, stops: [char; 2]) -> Result<(String, &str), String> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let Some((before, after)) = rest.split_once('"') else {
            return Err("a quote opens here and never closes".to_owned());
        };
        field.push_str(before);
        let Some(more) = after.strip_prefix('"') else {
            let (beyond, after) = after.split_at(after.find(stops).unwrap_or(after.len()));
            return match beyond.trim() {
                "" => Ok((field, after)),
                beyond => Err(format!(
                    "the quote that opens here closes before `{beyond}`: within quotes a quote is written twice"
                )),
            };
        };
        field.push('"');
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, Vec<String>)> {
        lines(text, ',').unwrap().into_iter().map(|line| (line.number, line.fields)).collect()
    }

    fn wrong(text: &str) -> (u64, String) {
        let Misquoted { line, reason } = lines(text, ',').unwrap_err();
        (line, reason)
    }

    #[test]
    fn a_row_is_quoted_where_it_must_be() {
        let fields = ["a b", "HARPS, post", "say \"no\"", "", "é "];
        assert_eq!(row(fields), "a b,\"HARPS, post\",\"say \"\"no\"\"\",,é ");
        assert_eq!(read(&row(fields))[0].1[..4], fields[..4]);
    }

    #[test]
    fn fields_are_what_the_file_says() {
        let expected = |lines: &[(u64, &[&str])]| -> Vec<(u64, Vec<String>)> {
            lines
                .iter()
                .map(|(number, fields)| (*number, fields.iter().map(|&field| field.to_owned()).collect()))
                .collect()
        };
        assert_eq!(read("a, b\n1,2\n"), expected(&[(1, &["a", "b"]), (2, &["1", "2"])]));
        assert_eq!(read("\u{feff}a,b\r\n\r\n # c\r\n1,\r\n"), expected(&[(1, &["a", "b"]), (4, &["1", ""])]));
        assert_eq!(read("a\r\r1\r2"), expected(&[(1, &["a"]), (3, &["1"]), (4, &["2"])]));
        assert_eq!(
            read("\" x \" ,5\" pipe\n\"a,\nb\",\"say \"\"no\"\"\"\n,\n"),
            expected(&[(1, &[" x ", "5\" pipe"]), (2, &["a,\nb", "say \"no\""]), (4, &["", ""])])
        );
        assert_eq!(lines("a\tb c\t\n", '\t').unwrap()[0].fields, ["a", "b c", ""]);
    }

    /// Not closed at all, on the last line, closed by the next quote of another field, closed within the field.
    #[test]
    fn a_quote_that_does_not_hold_a_field_is_refused_with_the_line_where_it_opens() {
        assert_eq!(wrong("a\n5\" pipe\n\"6 inch\n7\n8\n"), (3, "a quote opens here and never closes".to_owned()));
        assert_eq!(wrong("a\n\"").0, 2);
        assert_eq!(wrong("a,b\n1,\"two\n3,\"four\"\n").0, 2);
        assert!(wrong("a,b\n\"x\ny\",\"z\" w\n").1.contains("closes before `w`"));
        assert_eq!(wrong("a,b\n\"x\ny\",\"z\" w\n").0, 3);
    }
}
