//! Places for labels beside points, where they cover neither points nor each other.

/// A box in dots: left, top, right, bottom.
type Box = [i32; 4];

/// The labels placed so far.
pub(super) struct Labels {
    width: i32,
    size: i32,
    taken: Vec<Box>,
}

impl Labels {
    /// For text of this height in an area of this size, around `points`.
    pub(super) fn new((width, _): (u32, u32), size: u32, points: &[[i32; 2]]) -> Self {
        let size = size as i32;
        let around = size / 4;
        let taken = points.iter().map(|[x, y]| [x - around, y - around, x + around, y + around]).collect();
        Labels { width: width as i32, size, taken }
    }

    /// The top left corner of a label for `point`: the first place around it that is free.
    pub(super) fn place(&mut self, [x, y]: [i32; 2], label: &str) -> [i32; 2] {
        let wide = self.width_of(label);
        let gap = self.size / 2;
        let right = x + gap;
        let left = x - gap - wide;
        let middle = x - wide / 2;
        let above = y - self.size - gap / 2;
        let below = y + gap / 2;
        let beside = y - self.size / 2;
        let far_above = y - 2 * self.size;
        let far_below = y + self.size;
        let corners = [
            [right, above],
            [left, above],
            [right, below],
            [left, below],
            [right, beside],
            [left, beside],
            [middle, far_above],
            [middle, far_below],
        ];
        let boxed = |[left, top]: [i32; 2]| [left, top, left + wide, top + self.size];
        let free = |corner: &&[i32; 2]| {
            let place = boxed(**corner);
            place[0] >= 0 && place[2] <= self.width && !self.taken.iter().any(|other| overlap(&place, other))
        };
        let corner = *corners.iter().find(free).unwrap_or(&corners[0]);
        self.taken.push(boxed(corner));
        corner
    }

    /// About how wide a label is: its letters are six tenths of their height.
    fn width_of(&self, label: &str) -> i32 {
        label.chars().count() as i32 * self.size * 6 / 10
    }
}

fn overlap(a: &Box, b: &Box) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_close_points_do_not_cover_each_other() {
        let points = [[100, 100], [112, 100], [100, 112]];
        let mut labels = Labels::new((400, 400), 16, &points);
        points.iter().for_each(|point| drop(labels.place(*point, "Jupiter").to_vec()));
        let boxes = &labels.taken[3..];
        assert!(!overlap(&boxes[0], &boxes[1]) && !overlap(&boxes[1], &boxes[2]) && !overlap(&boxes[0], &boxes[2]));
    }

    #[test]
    fn a_label_at_the_right_edge_goes_to_the_left() {
        let mut labels = Labels::new((200, 200), 16, &[[190, 100]]);
        assert!(labels.place([190, 100], "Pluto")[0] < 150);
    }
}
