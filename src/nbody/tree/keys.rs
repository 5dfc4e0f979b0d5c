//! Keys: the path from the cube to a body's cell, three bits a level, and the places of cells.
//!
//! A key interleaves the 21 leading bits of the three coordinates (Morton 1966), x first, so that bodies in the order of their keys are in the
//! order in which the octants of all levels are walked. A cell's place is the path to it behind a leading one (Warren & Salmon 1993):
//! places in order are the levels from the root down, and within a level the order of keys.

/// Levels below the root.
pub(super) const LEVELS: u32 = 21;

/// The key of a position in half-sides of the cube; outside of it, of the nearest cell.
#[inline]
pub(super) fn key(unit: [f64; 3]) -> u64 {
    const SIDE: f64 = (1 << (LEVELS - 1)) as f64;
    const LAST: f64 = ((1 << LEVELS) - 1) as f64;
    let [x, y, z] = unit.map(|u| spread(u.mul_add(SIDE, SIDE).clamp(0.0, LAST) as u64));
    x << 2 | y << 1 | z
}

/// The lowest 21 bits, each followed by two zeros.
#[inline]
fn spread(x: u64) -> u64 {
    let x = (x | x << 32) & 0x001f_0000_0000_ffff;
    let x = (x | x << 16) & 0x001f_0000_ff00_00ff;
    let x = (x | x << 8) & 0x100f_00f0_0f00_f00f;
    let x = (x | x << 4) & 0x10c3_0c30_c30c_30c3;
    (x | x << 2) & 0x1249_2492_4924_9249
}

/// The place of the cell of this level that holds the key.
#[inline]
pub(super) fn place(key: u64, level: u32) -> u64 {
    1 << (3 * level) | key >> (3 * (LEVELS - level))
}

/// The root's place.
pub(super) const ROOT: u64 = 1;

/// The level of a place.
#[inline]
pub(super) fn level(place: u64) -> u32 {
    (63 - place.leading_zeros()) / 3
}

/// The least key in the cell at a place, and the first one beyond it.
#[inline]
pub(super) fn keys_of(place: u64) -> (u64, u64) {
    let shift = 3 * (LEVELS - level(place));
    let path = place ^ 1 << (3 * level(place));
    (path << shift, (path + 1) << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_hold_the_keys_that_lead_to_them() {
        let key = key([0.3, -0.7, 0.99]);
        for at in 0..=LEVELS {
            let place = place(key, at);
            let (first, end) = keys_of(place);
            assert!(level(place) == at && first <= key && key < end);
            assert_eq!(end - first, 1 << (3 * (LEVELS - at)));
        }
    }

    #[test]
    fn octants_are_in_the_order_of_x_then_y_then_z() {
        let corners: Vec<u64> = (0..8)
            .map(|octant| {
                let side = |bit: u32| if octant >> bit & 1 == 1 { 0.5 } else { -0.5 };
                place(key([side(2), side(1), side(0)]), 1)
            })
            .collect();
        assert_eq!(corners, (8..16).collect::<Vec<_>>());
    }

    #[test]
    fn bodies_outside_have_keys_at_the_border() {
        assert_eq!(key([-1e9; 3]), 0);
        assert_eq!(key([1e9; 3]), (1 << 63) - 1);
        assert_eq!(key([1.0; 3]), (1 << 63) - 1);
    }
}
