//! The numbers of a study: as a table for people, and as CSV.

use super::law::{Point, Study};

/// The columns of scaling.csv, with their units.
const COLUMNS: &str = "ranks,seconds,seconds_least,seconds_most,whole_seconds,rate,speed_up,efficiency,serial_share,waiting_share,memory_bytes";

/// As CSV; what isn't known is empty.
pub(super) fn csv(study: &Study) -> String {
    let known = |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:?}"));
    let row = |point: &Point| {
        let Point { ranks, seconds, spread: [least, most], whole_seconds, rate, speed_up, efficiency, .. } = point;
        let memory = point.memory.map_or(String::new(), |bytes| bytes.to_string());
        let shares = format!("{},{},{memory}", known(point.serial), known(point.waiting));
        format!(
            "{ranks},{seconds:?},{least:?},{most:?},{whole_seconds:?},{rate:?},{speed_up:?},{efficiency:?},{shares}\n"
        )
    };
    format!("{COLUMNS}\n{}", study.points.iter().map(row).collect::<String>())
}

/// For people.
pub(super) fn text(study: &Study) -> String {
    let head =
        ["ranks", "time", "speed-up", "efficiency", "serial share", "waiting", "memory", study.rate_unit.as_str()];
    let share = |number: Option<f64>| number.map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
    let row = |point: &Point| {
        let memory = point.memory.map_or("-".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
        [
            point.ranks.to_string(),
            format!("{:.4} s", point.seconds),
            format!("{:.3}", point.speed_up),
            format!("{:.1} %", 100.0 * point.efficiency),
            share(point.serial),
            share(point.waiting),
            memory,
            format!("{:.4e}", point.rate),
        ]
    };
    let rows: Vec<[String; 8]> = std::iter::once(head.map(str::to_owned)).chain(study.points.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &[String; 8]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
        cells.collect::<Vec<_>>().join("  ") + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::law::tests::measured;
    use super::*;

    #[test]
    fn numbers_stand_under_their_names() {
        let study = Study::new(measured(&[(1, 8.0), (2, 5.0)], 0.25), 2, false, false).unwrap();
        let csv = csv(&study);
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines[0].split(',').count(), lines[2].split(',').count());
        assert_eq!(lines[1], "1,8.0,7.2,24.0,9.0,0.125,1.0,1.0,,0.25,1048576");
        let text = text(&study);
        assert!(text.contains("1.600") && text.contains("80.0 %") && text.contains("25.0 %"), "{text}");
    }
}
