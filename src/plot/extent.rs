//! The least and the largest of what is shown in several pictures on one scale.

/// The least and the largest of what is shown, number by number; which ones they are the kind of film knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Extent {
    pub lows: Vec<f64>,
    pub highs: Vec<f64>,
}

impl Extent {
    /// Of both. An extent of nothing changes nothing.
    pub(crate) fn join(mut self, other: &Extent) -> Self {
        if self.lows.is_empty() && self.highs.is_empty() {
            return other.clone();
        }
        self.lows.iter_mut().zip(&other.lows).for_each(|(low, other)| *low = low.min(*other));
        self.highs.iter_mut().zip(&other.highs).for_each(|(high, other)| *high = high.max(*other));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_join_number_by_number() {
        let extent = |lows: &[f64], highs: &[f64]| Extent { lows: lows.to_vec(), highs: highs.to_vec() };
        let all = extent(&[1.0, 2.0], &[3.0]).join(&extent(&[0.0, 4.0], &[5.0])).join(&Extent::default());
        assert_eq!(Extent::default().join(&all), extent(&[0.0, 2.0], &[5.0]));
    }
}
