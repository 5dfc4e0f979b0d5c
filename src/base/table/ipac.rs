//! Tables of IPAC, as NASA's Exoplanet Archive gives them.
//!
//! Lines that begin with a backslash are keywords and comments. Up to four lines between bars name the columns, their types, their units and
//! what stands for a missing value. A value's column is told by its place below the bars: texts may hold blanks.

use super::{Line, Unreadable, Written};

/// What precedes keywords and comments, and what stands between names.
const KEYWORD: char = '\\';
const BAR: char = '|';
/// The most lines between bars.
const HEADS: usize = 4;

/// Whether the first line that is no keyword begins with a bar.
pub(super) fn is_one(lines: &[(u64, &str)]) -> bool {
    lines.iter().find(|(_, line)| !line.starts_with(KEYWORD)).is_some_and(|(_, line)| line.starts_with(BAR))
}

/// The table of these lines.
pub(super) fn read(lines: &[(u64, &str)]) -> Result<Written, Unreadable> {
    let lines: Vec<&(u64, &str)> = lines.iter().filter(|(_, line)| !line.starts_with(KEYWORD)).collect();
    let heads = lines.iter().take_while(|(_, line)| line.starts_with(BAR)).count();
    let (first, named) = *lines[0];
    if heads > HEADS {
        let reason = format!(
            "{heads} lines begin with a bar: a table of IPAC has {HEADS} of them at most, then lines of values"
        );
        return Err(Unreadable { line: Some(first), reason });
    }
    let bars: Vec<usize> = named.chars().enumerate().filter(|(_, sign)| *sign == BAR).map(|(place, _)| place).collect();
    let head = |index: usize| lines[..heads].get(index).map_or(Ok(Vec::new()), |line| cut(line, &bars));
    let names = Line { number: first, fields: head(0)? };
    let units = head(2)?;
    let missing = head(3)?;
    let row = |line: &&(u64, &str)| {
        let mut fields = cut(line, &bars)?;
        let is_missing = |(field, missing): &(&mut String, &String)| **field == **missing;
        fields.iter_mut().zip(&missing).filter(is_missing).for_each(|(field, _)| field.clear());
        Ok(Line { number: line.0, fields })
    };
    let rows = lines[heads..].iter().map(row).collect::<Result<Vec<Line>, Unreadable>>()?;
    Ok(Written { names, units, rows })
}

/// What stands between the places of the bars, where a line has blanks or bars itself.
fn cut((number, line): &(u64, &str), bars: &[usize]) -> Result<Vec<String>, Unreadable> {
    let signs: Vec<char> = line.chars().collect();
    let is_free = |place: &usize| signs.get(*place).is_none_or(|sign| sign.is_whitespace() || *sign == BAR);
    let last = bars[bars.len() - 1];
    let beyond = signs.iter().skip(last + 1).any(|sign| !sign.is_whitespace());
    if bars.len() < 2 || beyond || !bars.iter().all(is_free) {
        let reason = "a value does not stand between the bars of its column, as in a table of IPAC it must";
        return Err(Unreadable { line: Some(*number), reason: reason.to_owned() });
    }
    let cell = |ends: &[usize]| -> String {
        let inside = signs.get(ends[0] + 1..ends[1].min(signs.len())).unwrap_or_default();
        inside.iter().collect::<String>().trim().to_owned()
    };
    Ok(bars.windows(2).map(cell).collect())
}

#[cfg(test)]
mod tests {
    use super::super::read;

    /// As the archive writes them, made up.
    const TABLE: &str = "\\STAR_ID = \"A star\"\n\\ a comment\n\
        |            JD|Radial_Velocity|Radial_Velocity_Uncertainty| Reference|\n\
        |        double|         double|                     double|      char|\n\
        |          days|            m/s|                        m/s|          |\n\
        |          null|           null|                       null|      null|\n \
        2450830.957673           11.0                         6.2  A et al. 1\n \
        2450835.100000           null                         5.0\n";

    #[test]
    fn columns_are_told_by_their_places() {
        let table = read(TABLE).unwrap();
        assert_eq!(table.names.fields, ["JD", "Radial_Velocity", "Radial_Velocity_Uncertainty", "Reference"]);
        assert_eq!((table.names.number, &table.units[..]), (3, &["days", "m/s", "m/s", ""].map(str::to_owned)[..]));
        assert_eq!(table.rows[0].fields, ["2450830.957673", "11.0", "6.2", "A et al. 1"]);
        assert_eq!((table.rows[1].number, &table.rows[1].fields[1..3]), (8, &["".to_owned(), "5.0".to_owned()][..]));
    }

    /// A value across a bar's place, one beyond the last bar, bars before values, one bar alone.
    #[test]
    fn values_out_of_place_are_told() {
        for (text, line) in [
            ("|  a|  b|\n 100000 2\n", 2),
            ("|  a|  b|\n   1   2 3\n", 2),
            ("|a|b|\n|-|-|\n|1|2|\n|3|4|\n|5|6|\n", 1),
            ("|\n1\n", 1),
        ] {
            assert_eq!(read(text).unwrap_err().line, Some(line), "{text:?}");
        }
    }
}
