//! Random numbers that are functions of (seed, stream, index, count) alone.
//!
//! The generator is Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", SC'11): a keyed
//! bijection of a counter. Nothing is remembered between ranks, so the n-th number of particle `index` is the same
//! whichever rank asks for it and however many ranks there are. Uses that must not share numbers take different
//! streams. Logarithms and angles go through `libm`, whose results are the same on every machine.
//!
//! Not for cryptography.

use std::f64::consts::TAU;

/// One block of Philox4x32-10: four random words from a counter and a key.
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let mut c = counter;
    let mut k = key;
    for _ in 0..10 {
        let product = |i: usize| u64::from(MULTIPLIER[i]) * u64::from(c[2 * i]);
        let p = product(0);
        let q = product(1);
        c = [(q >> 32) as u32 ^ c[1] ^ k[0], q as u32, (p >> 32) as u32 ^ c[3] ^ k[1], p as u32];
        k = [k[0].wrapping_add(WEYL[0]), k[1].wrapping_add(WEYL[1])];
    }
    c
}

/// The random numbers of one particle (or task, or cell): draw `n` is a pure function of (seed, stream, index, n).
///
/// Each has 2³³ draws of 64 bits. [`normal`](Random::normal) and [`unit_vector`](Random::unit_vector) take two draws,
/// the others one.
#[derive(Clone, Debug)]
pub struct Random {
    key: [u32; 2],
    stream: u32,
    index: u64,
    drawn: u64,
    block: [u32; 4],
}

impl Random {
    /// The numbers of particle `index` in `stream` under `seed`, from the first.
    pub fn new(seed: u64, stream: u32, index: u64) -> Self {
        Random { key: [seed as u32, (seed >> 32) as u32], stream, index, drawn: 0, block: [0; 4] }
    }

    /// The numbers of particle (or cell) `index` at a step: as [`new`](Random::new), but others at each step.
    ///
    /// The key is a block of Philox, of the seed as its key and of step and stream as its counter. So no product of two indices
    /// can run over or coincide with another. Two of n steps share their numbers with a probability of n² / 2⁶⁵.
    #[inline]
    pub fn at_step(seed: u64, stream: u32, step: u64, index: u64) -> Self {
        let Random { key, .. } = Random::new(seed, stream, index);
        // The last counter, which no draw that is made takes.
        let [low, high, ..] = philox4x32([step as u32, (step >> 32) as u32, stream, u32::MAX], key);
        Random { key: [low, high], stream, index, drawn: 0, block: [0; 4] }
    }

    /// Goes to draw `n`: the next [`bits`](Random::bits) is that draw, counted from zero.
    pub fn skip_to(&mut self, n: u64) {
        self.drawn = n;
        if n % 2 == 1 {
            self.block = self.block_of(n);
        }
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let half = 2 * (self.drawn % 2) as usize;
        if half == 0 {
            self.block = self.block_of(self.drawn);
        }
        self.drawn += 1;
        u64::from(self.block[half]) | u64::from(self.block[half + 1]) << 32
    }

    /// A number between 0 and 1, never either: the middles of 2⁵² equal intervals.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) * f64::EPSILON
    }

    /// A normal deviate of mean 0 and variance 1 (Box & Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let u = self.uniform();
        let v = self.uniform();
        (-2.0 * libm::log(u)).sqrt() * libm::cos(TAU * v)
    }

    /// A direction, all directions being equally likely.
    pub fn unit_vector(&mut self) -> [f64; 3] {
        let z = 2.0 * self.uniform() - 1.0;
        let angle = TAU * self.uniform();
        let ring = (1.0 - z * z).sqrt();
        [ring * libm::cos(angle), ring * libm::sin(angle), z]
    }

    fn block_of(&self, draw: u64) -> [u32; 4] {
        let counter = [self.index as u32, (self.index >> 32) as u32, self.stream, (draw / 2) as u32];
        philox4x32(counter, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors that the authors of Philox publish with their library Random123.
    #[test]
    fn philox_gives_the_published_answers() {
        let answers = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, expected) in answers {
            assert_eq!(philox4x32(counter, key), expected);
        }
    }

    #[test]
    fn any_draw_can_be_asked_for_alone() {
        let mut all = Random::new(7, 3, 1 << 40);
        for n in 0..9 {
            let mut one = Random::new(7, 3, 1 << 40);
            one.skip_to(n);
            assert_eq!((one.bits(), one.bits()), (all.bits(), all.clone().bits()), "draw {n}");
        }
    }

    #[test]
    fn seed_stream_and_index_all_matter() {
        let first = |seed, stream, index| Random::new(seed, stream, index).bits();
        let draws = [first(1, 0, 0), first(1 << 32, 0, 0), first(0, 1, 0), first(0, 0, 1), first(0, 0, 1 << 32)];
        for (i, a) in draws.iter().enumerate() {
            assert!(!draws[i + 1..].contains(a), "draw {i} repeats");
        }
    }

    /// As one product `step * cells + cell` would: 2 * 3 + 4 and 1 * 3 + 7; and beyond 32 bits of each.
    #[test]
    fn steps_and_cells_have_numbers_of_their_own() {
        let first = |seed, stream, step, index| Random::at_step(seed, stream, step, index).bits();
        let keys = [(2, 4), (4, 2), (1, 7), (7, 1), (0, 0), (1 << 32, 0), (0, 1 << 32), (u64::MAX, u64::MAX)];
        let mut draws: Vec<u64> = keys.iter().map(|&(step, index)| first(5, 0, step, index)).collect();
        draws.extend([first(6, 0, 2, 4), first(5, 1, 2, 4), Random::new(5, 0, 4).bits()]);
        for (place, draw) in draws.iter().enumerate() {
            assert!(!draws[place + 1..].contains(draw), "draw {place} repeats");
        }
        let mut numbers = Random::at_step(5, 0, 2, 4);
        let mut again = numbers.clone();
        let mean = (0..10_000).map(|_| numbers.uniform()).sum::<f64>() / 1e4;
        again.skip_to(10_000);
        assert!((mean - 0.5).abs() < 0.01 && again.bits() == numbers.bits(), "{mean}");
    }

    #[test]
    fn moments_of_uniform_normal_and_direction_are_right() {
        let n = 100_000;
        let mut r = Random::new(42, 0, 0);
        let mut u = 0.0;
        let mut v = 0.0;
        let mut g = 0.0;
        let mut h = 0.0;
        let mut d = [0.0; 3];
        for _ in 0..n {
            let x = r.uniform();
            let y = r.normal();
            let direction = r.unit_vector();
            assert!(x > 0.0 && x < 1.0);
            (u, v, g, h) = (u + x, v + x * x, g + y, h + y * y);
            assert!((direction.iter().map(|c| c * c).sum::<f64>() - 1.0).abs() < 1e-15);
            d = std::array::from_fn(|k| d[k] + direction[k] * direction[k]);
        }
        let mean = |sum: f64| sum / f64::from(n);
        assert!((mean(u) - 0.5).abs() < 4e-3 && (mean(v) - 1.0 / 3.0).abs() < 4e-3);
        assert!(mean(g).abs() < 1.3e-2 && (mean(h) - 1.0).abs() < 2e-2);
        assert!(d.iter().all(|&sum| (mean(sum) - 1.0 / 3.0).abs() < 4e-3), "{d:?}");
    }
}
