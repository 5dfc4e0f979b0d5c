//! Lines of equal height of numbers on a square of cells: marching squares, their pieces joined to lines.

use std::collections::HashMap;

/// Where a line crosses from one cell's middle to the next: the lower of both cells, and whether the next is above it.
type Crossing = (usize, bool);

/// The lines at `level` of a square of `side` cells on a side, in units of cells; closed ones end where they begin.
///
/// Beyond the square the numbers count as lower, so that every line is closed or ends at an edge.
pub(super) fn contours(cells: &[f64], side: usize, level: f64) -> Vec<Vec<[f64; 2]>> {
    let mut next: HashMap<Crossing, Vec<Crossing>> = HashMap::new();
    for row in 0..side - 1 {
        for column in 0..side - 1 {
            for [a, b] in pieces(cells, side, level, row * side + column) {
                next.entry(a).or_default().push(b);
                next.entry(b).or_default().push(a);
            }
        }
    }
    let mut starts: Vec<Crossing> = next.keys().copied().collect();
    // Lines that end at an edge first, from their ends.
    starts.sort_unstable_by_key(|crossing| (next[crossing].len(), *crossing));
    let mut lines = Vec::new();
    for start in starts {
        let mut line = Vec::new();
        let mut here = Some(start);
        while let Some(crossing) = here {
            line.push(place(cells, side, level, crossing));
            here = next.get_mut(&crossing).and_then(Vec::pop);
            if let Some(there) = here
                && let Some(back) = next.get_mut(&there)
                && let Some(at) = back.iter().position(|other| *other == crossing)
            {
                back.swap_remove(at);
            }
        }
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

/// The pieces of lines between the middles of four cells, of which `cell` is the lower left one.
fn pieces(cells: &[f64], side: usize, level: f64, cell: usize) -> Vec<[Crossing; 2]> {
    let corners = [cell, cell + 1, cell + side + 1, cell + side];
    let above = corners.map(|corner| cells[corner] >= level);
    // From each corner to the next, round the square.
    let edges = [(cell, false), (cell + 1, true), (cell + side, false), (cell, true)];
    let crossed: Vec<Crossing> =
        (0..4).filter(|&edge| above[edge] != above[(edge + 1) % 4]).map(|edge| edges[edge]).collect();
    match crossed[..] {
        [a, b] => vec![[a, b]],
        [a, b, c, d] => {
            // A saddle: the middle decides which corners belong together.
            let middle = corners.iter().map(|&corner| cells[corner]).sum::<f64>() / 4.0 >= level;
            if middle == above[0] { vec![[a, b], [c, d]] } else { vec![[d, a], [b, c]] }
        }
        _ => Vec::new(),
    }
}

/// Where a crossing is, linear between both middles.
fn place(cells: &[f64], side: usize, level: f64, (cell, is_up): Crossing) -> [f64; 2] {
    let low = cells[cell];
    let high = cells[cell + if is_up { side } else { 1 }];
    let part = if high == low { 0.5 } else { ((level - low) / (high - low)).clamp(0.0, 1.0) };
    let x = (cell % side) as f64;
    let y = (cell / side) as f64;
    if is_up { [x, y + part] } else { [x + part, y] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(side: usize, of: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        (0..side * side).map(|cell| of((cell % side) as f64, (cell / side) as f64)).collect()
    }

    #[test]
    fn a_hill_has_a_round_closed_contour() {
        let cells = field(40, |x, y| -((x - 20.0).powi(2) + (y - 18.0).powi(2)));
        let lines = contours(&cells, 40, -100.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        assert!(lines[0].iter().all(|[x, y]| ((x - 20.0).hypot(y - 18.0) - 10.0).abs() < 0.05));
        assert!(lines[0].len() > 60);
    }

    #[test]
    fn lines_end_at_an_edge_and_two_hills_have_two() {
        let slope = contours(&field(10, |x, _| x), 10, 4.25);
        assert!(slope.len() == 1 && slope[0].len() == 10 && slope[0].iter().all(|[x, _]| (x - 4.25).abs() < 1e-12));
        let hills =
            field(40, |x, y| (-(x - 10.0).powi(2) - (y - 20.0).powi(2)).max(-(x - 30.0).powi(2) - (y - 20.0).powi(2)));
        assert_eq!(contours(&hills, 40, -25.0).len(), 2);
        assert!(contours(&hills, 40, 1.0).is_empty());
    }

    #[test]
    fn a_saddle_is_cut_where_its_middle_says() {
        let cells = [1.0, 0.0, 0.0, 1.0];
        let [low, high] = [0.25, 0.75].map(|level| contours(&cells, 2, level));
        assert!(low.len() == 2 && high.len() == 2);
        // Below the middle's height the two hills are one, and the lines cut off the low corners.
        assert!(low.iter().any(|line| line.iter().all(|[x, y]| x - y >= 0.0)), "{low:?}");
        assert!(high.iter().any(|line| line.iter().all(|[x, y]| x + y <= 1.0)), "{high:?}");
    }
}
