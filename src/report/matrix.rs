//! Who sent how much to whom: a table of ranks against ranks, of many ranks of groups against groups.
//!
//! What the ledger has counted: messages from one rank to another, and what went through memory that the two share. Collectives aren't
//! in it, since MPI alone knows their ways. Colours are on a logarithmic scale from the least to the most.

use serde::Serialize;
use serde_json::Value;

use super::amount;

/// The most rows and columns; up to so many, numbers stand in the cells.
const MOST: usize = 32;
const FEW: usize = 8;
/// How dense the colour of the least and of the most is.
const DENSITIES: [f64; 2] = [0.12, 0.95];

/// The same pairs by messages and by bytes.
#[derive(Debug, Serialize)]
pub(super) struct Matrix {
    /// Of each row and column: a rank, or the first and the last of a group.
    names: Vec<String>,
    is_grouped: bool,
    quantities: [Quantity; 2],
}

/// One of the two tables.
#[derive(Debug, Serialize)]
struct Quantity {
    name: &'static str,
    rows: Vec<Vec<Cell>>,
}

/// What went from one to another; of a pair without anything all is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Cell {
    /// From 0 to 1.
    density: f64,
    text: String,
    words: String,
}

/// What a pair has: messages and their bytes, times and bytes through shared memory.
type Pair = [f64; 4];

/// From the ledger; none where nothing was sent.
pub(super) fn of(ledger: &Value) -> Option<Matrix> {
    let sent = &ledger["sent"];
    let list =
        |name: &str| -> Vec<f64> { sent[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect() };
    let [from, to] = ["from", "to"].map(list);
    let numbers = ["messages", "bytes", "mails", "mail_bytes"].map(list);
    let ranks = ledger["ranks"].as_u64()? as usize;
    let each = (sent["ranks_per_group"].as_u64()? as usize).max(1);
    // Groups of the ledger that are one here.
    let joined = ranks.div_ceil(each).div_ceil(MOST).max(1);
    let size = each * joined;
    let count = ranks.div_ceil(size);
    let mut pairs = vec![vec![Pair::default(); count]; count];
    for (place, (from, to)) in from.iter().zip(&to).enumerate() {
        let pair = pairs.get_mut(*from as usize / joined)?.get_mut(*to as usize / joined)?;
        pair.iter_mut().zip(&numbers).for_each(|(sum, list)| *sum += list.get(place).copied().unwrap_or(0.0));
    }
    if from.is_empty() {
        return None;
    }
    let name = |group: usize| {
        let [first, last] = [group * size, ((group + 1) * size).min(ranks) - 1];
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    let names: Vec<String> = (0..count).map(name).collect();
    let times = quantity("messages", &names, &pairs, |pair| pair[0] + pair[2]);
    let bytes = quantity("bytes", &names, &pairs, |pair| pair[1] + pair[3]);
    Some(Matrix { names, is_grouped: size > 1, quantities: [times, bytes] })
}

fn quantity(name: &'static str, names: &[String], pairs: &[Vec<Pair>], number: impl Fn(&Pair) -> f64) -> Quantity {
    let some = || pairs.iter().flatten().map(&number).filter(|number| *number > 0.0);
    let [least, most] = [some().fold(f64::INFINITY, f64::min), some().fold(0.0, f64::max)];
    let density = |number: f64| {
        let place = if most > least { (number / least).ln() / (most / least).ln() } else { 0.5 };
        let [low, high] = DENSITIES;
        ((low + (high - low) * place) * 100.0).round() / 100.0
    };
    let cell = |from: usize, to: usize, pair: &Pair| {
        let number = number(pair);
        if *pair == Pair::default() {
            return Cell::default();
        }
        let [messages, bytes, mails, mail_bytes] = pair.map(amount);
        let of_mail = format!("; {mails} times through shared memory, {mail_bytes} bytes");
        Cell {
            density: if number > 0.0 { density(number) } else { 0.0 },
            text: if pairs.len() <= FEW { amount(number) } else { String::new() },
            words: format!(
                "from {} to {}: {messages} messages, {bytes} bytes{}",
                names[from],
                names[to],
                if pair[2] > 0.0 { &of_mail } else { "" }
            ),
        }
    };
    let row =
        |(from, row): (usize, &Vec<Pair>)| row.iter().enumerate().map(|(to, pair)| cell(from, to, pair)).collect();
    Quantity { name, rows: pairs.iter().enumerate().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(ranks: usize, each: usize, pairs: &[[u64; 6]]) -> Option<Matrix> {
        let list = |place: usize| pairs.iter().map(|pair| pair[place]).collect::<Vec<u64>>();
        let sent = serde_json::json!({
            "ranks_per_group": each, "from": list(0), "to": list(1), "messages": list(2), "bytes": list(3),
            "mails": list(4), "mail_bytes": list(5),
        });
        of(&serde_json::json!({"ranks": ranks, "sent": sent}))
    }

    #[test]
    fn pairs_stand_in_rows_of_who_sends_and_columns_of_who_gets() {
        let matrix = matrix(3, 1, &[[0, 2, 3, 1000, 0, 0], [1, 0, 0, 0, 4, 100_000], [2, 1, 1, 0, 0, 0]]).unwrap();
        assert_eq!((&matrix.names.join(" ")[..], matrix.is_grouped), ("0 1 2", false));
        let [times, bytes] = &matrix.quantities;
        let texts = |quantity: &Quantity| {
            quantity
                .rows
                .iter()
                .map(|row| row.iter().map(|cell| cell.text.clone()).collect())
                .collect::<Vec<Vec<String>>>()
        };
        assert_eq!(texts(times), [["", "", "3"], ["4", "", ""], ["", "1", ""]]);
        assert_eq!(texts(bytes), [["", "", "1000"], ["100.0 k", "", ""], ["", "0", ""]]);
        let densities = [&bytes.rows[0][2], &bytes.rows[1][0], &bytes.rows[2][1]].map(|cell| cell.density);
        assert_eq!(densities, [0.12, 0.95, 0.0]);
        assert_eq!(
            bytes.rows[1][0].words,
            "from 1 to 0: 0 messages, 0 bytes; 4 times through shared memory, 100.0 k bytes"
        );
    }

    /// 200 ranks, of which the ledger takes 4 together and the page 8.
    #[test]
    fn many_ranks_are_taken_together_and_nothing_is_lost() {
        let all: Vec<[u64; 6]> = (0..50).map(|from| [from, (from + 1) % 50, 1, 10, 0, 0]).collect();
        let matrix = matrix(200, 4, &all).unwrap();
        assert_eq!((matrix.names.len(), &matrix.names[24][..], matrix.is_grouped), (25, "192-199", true));
        let sum: usize = matrix.quantities[0].rows.iter().flatten().filter(|cell| !cell.words.is_empty()).count();
        assert_eq!(sum, 50);
        assert!(matrix.quantities[1].rows[24][0].words.starts_with("from 192-199 to 0-7: 1 messages, 10 bytes"));
        assert!(super::of(&serde_json::json!({"ranks": 2})).is_none(), "an older ledger");
        assert!(super::tests::matrix(1, 1, &[]).is_none());
    }
}
