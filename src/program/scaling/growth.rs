//! A parameter that grows with the ranks, so that each has as much as before: a number, or the cells along axes.

use toml::Value;

use crate::base::config::ParameterFile;
use crate::{Error, Result};

/// The least of a part: fewer cells along an axis than a halo has are no grid.
const LEAST: u64 = 4;

/// A parameter of whole numbers, as one rank has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Growth {
    key: String,
    numbers: Vec<u64>,
    is_list: bool,
}

impl Growth {
    /// The parameter of this name, such as grid.cells.
    ///
    /// # Errors
    /// One that isn't given, or is no whole number and no list of such.
    pub(super) fn of(parameters: &ParameterFile, key: &str) -> Result<Self> {
        let table: toml::Table = parameters.typed(|_| true, &[])?;
        let mut value = Value::Table(table);
        for part in key.split('.') {
            let inner = value.get(part).cloned();
            value = inner.ok_or_else(|| {
                Error::input("--weak", format!("{key} isn't in the file: give it there, or as {key}=VALUE"))
            })?;
        }
        let number = |value: &Value| value.as_integer().and_then(|number| u64::try_from(number).ok());
        let (is_list, numbers) = match &value {
            Value::Array(list) => (true, list.iter().map(number).collect()),
            one => (false, number(one).map(|number| vec![number])),
        };
        let numbers: Option<Vec<u64>> = numbers;
        match numbers.filter(|numbers| !numbers.is_empty()) {
            Some(numbers) => Ok(Growth { key: key.to_owned(), numbers, is_list }),
            None => Err(Error::input(
                "--weak",
                format!("{key} is {value}, which can't grow: name a whole number, or a list of such"),
            )),
        }
    }

    /// `key=value` for so many ranks: times the ranks, over several axes as evenly as their factors go.
    pub(super) fn at(&self, ranks: usize) -> String {
        self.grown(self.numbers.clone(), ranks)
    }

    /// As [`at`](Self::at), of a problem whose numbers are those of one rank over `share`, but [`LEAST`] at least.
    pub(super) fn part_at(&self, share: u64, ranks: usize) -> String {
        let part = self.numbers.iter().map(|number| (number / share).max(LEAST.min(*number)));
        self.grown(part.collect(), ranks)
    }

    fn grown(&self, mut numbers: Vec<u64>, ranks: usize) -> String {
        for factor in factors(ranks as u64) {
            // The shortest axis grows first, of equal ones the last, along which rows lie.
            if let Some(shortest) = numbers.iter_mut().rev().min_by_key(|number| **number) {
                *shortest *= factor;
            }
        }
        let shown: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let value = if self.is_list { format!("[{}]", shown.join(", ")) } else { shown.concat() };
        format!("{}={value}", self.key)
    }
}

/// The prime factors of a number, the largest first.
fn factors(mut number: u64) -> Vec<u64> {
    let mut found = Vec::new();
    let mut factor = 2;
    while number > 1 {
        while number.is_multiple_of(factor) {
            found.push(factor);
            number /= factor;
        }
        factor += 1;
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(text: &str, key: &str) -> Result<Growth> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.toml");
        std::fs::write(&path, text).unwrap();
        Growth::of(&ParameterFile::read(&path, &[]).unwrap(), key)
    }

    #[test]
    fn cells_and_bodies_grow_by_the_ranks() {
        let text = "[grid]\ncells = [64, 64, 64]\n[initial]\nn = 1000\nkind = 'plummer'\n";
        let cells = growth(text, "grid.cells").unwrap();
        let grown = [1, 2, 4, 8, 6, 7].map(|ranks| cells.at(ranks));
        let expected = ["64, 64, 64", "64, 64, 128", "64, 128, 128", "128, 128, 128", "64, 128, 192", "64, 64, 448"];
        assert_eq!(grown, expected.map(|cells| format!("grid.cells=[{cells}]")));
        assert_eq!(growth(text, "initial.n").unwrap().at(6), "initial.n=6000");
        let parts = [(4, 8), (8, 2), (32, 1)].map(|(share, ranks)| cells.part_at(share, ranks));
        assert_eq!(parts, ["32, 32, 32", "8, 8, 16", "4, 4, 4"].map(|cells| format!("grid.cells=[{cells}]")));
        let kind = growth(text, "initial.kind").unwrap_err().to_string();
        assert!(kind.contains("can't grow") && growth(text, "grid.sells").is_err(), "{kind}");
    }
}
