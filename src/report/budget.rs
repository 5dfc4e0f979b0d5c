//! How much the page may weigh.

/// What is left of the page's bytes for pictures, frames and bodies. The rest of it, texts and tables, is small.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
}

/// A page is below 5 MB: so many bytes for what is drawn, and the rest for all else.
const ALL: usize = 4_500_000;

impl Default for Budget {
    fn default() -> Self {
        Budget { left: ALL }
    }
}

impl Budget {
    /// Takes so many bytes; whether there were as many.
    pub(super) fn takes(&mut self, bytes: usize) -> bool {
        let fits = bytes <= self.left;
        self.left -= if fits { bytes } else { 0 };
        fits
    }

    /// What a part may take at most: this share of all, as long as it is left.
    pub(super) fn share(&self, part: f64) -> usize {
        self.left.min((part * ALL as f64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_takes_nothing() {
        let mut budget = Budget::default();
        assert!(budget.takes(4_000_000) && !budget.takes(600_000) && budget.takes(500_000) && !budget.takes(1));
        assert_eq!(Budget::default().share(0.5), 2_250_000);
        assert_eq!(budget.share(0.5), 0);
    }
}
