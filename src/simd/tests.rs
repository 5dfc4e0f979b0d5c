use super::*;

/// All operations on lanes of three arguments, each result as bits; the estimate of 1/√x aside.
struct Operations<'a>(&'a [[f64; 3]]);

impl Kernel for Operations<'_> {
    type Output = (Vec<Vec<u64>>, Vec<Vec<u64>>);

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let mut double = Vec::new();
        let mut single = Vec::new();
        for &x in self.0 {
            let mut to = [0.0f64; 16];
            double.push(results::<S::F64>(simd, x, &mut to, f64::to_bits));
            let mut to = [0.0f32; 16];
            single.push(results::<S::F32>(simd, x.map(|x| x as f32), &mut to, |x| f32::to_bits(x).into()));
        }
        (double, single)
    }
}

fn results<L: Lane>(simd: L::Simd, x: [L::Scalar; 3], to: &mut [L::Scalar], bits: fn(L::Scalar) -> u64) -> Vec<u64> {
    let [a, b, c] = x.map(|x| L::splat(simd, x));
    let one = L::splat(simd, 1.0.into());
    let zero = L::splat(simd, 0.0.into());
    let truth = |mask| L::select(mask, one, zero);
    let all = [
        a + b,
        a - b,
        a * b,
        a / b,
        -a,
        a.mul_add(b, c),
        a.neg_mul_add(b, c),
        a.abs().sqrt(),
        a.abs(),
        a.min(b),
        a.max(b),
        a.abs().bit_or(b.abs()),
        truth(a.lt(b)),
        truth(a.le(b)),
        truth(a.eq(b)),
        truth(L::and(a.lt(b), b.lt(c))),
        truth(L::or(a.lt(b), b.lt(c))),
        if L::any(a.lt(b)) { one } else { zero },
    ];
    let mut out = Vec::new();
    for result in all {
        result.store(to);
        assert!(to[..L::WIDTH].iter().all(|&x| bits(x) == bits(to[0])), "all places are alike");
        out.push(bits(to[0]));
    }
    out
}

#[test]
fn every_level_computes_the_same_bits() {
    let numbers = [1.0, -0.0, 0.0, 3.7e-3, -2.5, 1e20, f64::INFINITY, 1.0 / 3.0, -1e-300];
    let mut triples = Vec::new();
    for a in numbers {
        for b in numbers {
            triples.extend(numbers.map(|c| [a, b, c]));
        }
    }
    let (double, single) = Level::Portable.run(Operations(&triples));
    for level in Level::available() {
        let (d, s) = level.run(Operations(&triples));
        for i in 0..triples.len() {
            same(&d[i], &double[i], |x| f64::from_bits(x).is_nan(), level, triples[i]);
            same(&s[i], &single[i], |x| f32::from_bits(x as u32).is_nan(), level, triples[i]);
        }
    }
}

/// Equal bits, or both not a number (whose bits no standard fixes).
fn same(a: &[u64], b: &[u64], nan: fn(u64) -> bool, level: Level, x: [f64; 3]) {
    for (n, (&a, &b)) in a.iter().zip(b).enumerate() {
        assert!(a == b || nan(a) && nan(b), "{level:?}, operation {n} of {x:?}: {a:x} is not {b:x}");
    }
}

/// Loads numbers from `0`, adds one, and stores them.
struct Increment<'a>(&'a mut [f64]);

impl Kernel for Increment<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> usize {
        let width = S::F64::WIDTH;
        for chunk in self.0.chunks_exact_mut(width) {
            (S::F64::load(simd, chunk) + S::F64::splat(simd, 1.0)).store(chunk);
        }
        width
    }
}

#[test]
fn loads_and_stores_keep_the_order_and_stay_inside() {
    for level in Level::available() {
        let mut numbers: Vec<f64> = (0..19).map(f64::from).collect();
        let width = level.run(Increment(&mut numbers));
        let whole = 19 / width * width;
        for (i, x) in numbers.into_iter().enumerate() {
            assert_eq!(x, if i < whole { i as f64 + 1.0 } else { i as f64 }, "{level:?}");
        }
    }
}

/// Loads one number too few.
struct Short;

impl Kernel for Short {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        S::F64::load(simd, &vec![0.0; S::F64::WIDTH - 1]);
    }
}

#[test]
fn a_load_beyond_the_end_panics() {
    for level in Level::available() {
        assert!(std::panic::catch_unwind(|| level.run(Short)).is_err(), "{level:?}");
    }
}

/// The largest relative error of the estimate, over its bound, in both precisions.
struct Estimate;

impl Kernel for Estimate {
    type Output = [f64; 2];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f64; 2] {
        let mut double = [0.0; 16];
        let mut single = [0.0; 16];
        let mut worst = [0.0f64; 2];
        for i in 0..200_000 {
            let x = (1.0 + 3.0 * f64::from(i) / 200_000.0) * 4f64.powi(i % 121 - 60);
            let exact = 1.0 / x.sqrt();
            S::F64::splat(simd, x).rsqrt().store(&mut double);
            worst[0] = worst[0].max((double[0] / exact - 1.0).abs() / S::F64::RSQRT_ERROR);
            S::F32::splat(simd, x as f32).rsqrt().store(&mut single);
            let exact = 1.0 / f64::from(x as f32).sqrt();
            worst[1] = worst[1].max((f64::from(single[0]) / exact - 1.0).abs() / S::F32::RSQRT_ERROR);
        }
        worst
    }
}

#[test]
fn the_estimate_keeps_its_bound() {
    for level in Level::available() {
        let worst = level.run(Estimate);
        assert!(worst.iter().all(|&worst| worst <= 1.0), "{level:?}: {worst:?} of the bound");
    }
}

#[test]
fn a_fingerprint_tells_levels_apart_and_is_always_the_same() {
    let levels = Level::available();
    for (i, &a) in levels.iter().enumerate() {
        assert_eq!(fingerprint(a), fingerprint(a));
        for &b in &levels[..i] {
            assert_ne!(fingerprint(a), fingerprint(b), "{a:?} and {b:?}");
        }
    }
}

#[test]
fn levels_are_ordered_named_and_detected() {
    assert!(Level::Portable < Level::Neon && Level::Neon < Level::Avx2 && Level::Avx2 < Level::Avx512);
    assert_eq!(Level::available()[0], Level::Portable);
    assert_eq!(Level::available().last(), Some(&Level::detect()));
    for level in Level::ALL {
        assert_eq!(serde_json::to_string(&level).unwrap(), format!("\"{}\"", level.name()));
    }
}
