//! What a cell of a domain holds.

use crate::io::Element;

/// What a cell of a [`Domain`](super::Domain) holds: one number, or several of which each is stored as a field of its own.
///
/// `f64`, `f32`, `i64`, `i32`, `u64`, `u32`, `u8`, and arrays of them. A user's struct may be one too: `Domain<State, 2>` with named numbers instead of
/// `Domain<[f64; 3], 2>`.
pub trait CellValue: Copy {
    /// The type of the numbers. Walls change signs, of those that have one.
    type Number: Element;
    /// How many numbers a cell holds.
    const COMPONENTS: usize;

    /// The value whose numbers `number` gives, from component 0 on.
    fn from_components(number: impl FnMut(usize) -> Self::Number) -> Self;

    /// One of the numbers.
    fn component(&self, component: usize) -> Self::Number;
}

impl CellValue for f64 {
    type Number = f64;
    const COMPONENTS: usize = 1;

    #[inline(always)]
    fn from_components(mut number: impl FnMut(usize) -> f64) -> Self {
        number(0)
    }

    #[inline(always)]
    fn component(&self, _component: usize) -> f64 {
        *self
    }
}

impl CellValue for f32 {
    type Number = f32;
    const COMPONENTS: usize = 1;

    #[inline(always)]
    fn from_components(mut number: impl FnMut(usize) -> f32) -> Self {
        number(0)
    }

    #[inline(always)]
    fn component(&self, _component: usize) -> f32 {
        *self
    }
}

impl CellValue for i64 {
    type Number = i64;
    const COMPONENTS: usize = 1;

    #[inline(always)]
    fn from_components(mut number: impl FnMut(usize) -> i64) -> Self {
        number(0)
    }

    #[inline(always)]
    fn component(&self, _component: usize) -> i64 {
        *self
    }
}

impl CellValue for i32 {
    type Number = i32;
    const COMPONENTS: usize = 1;

    #[inline(always)]
    fn from_components(mut number: impl FnMut(usize) -> i32) -> Self {
        number(0)
    }

    #[inline(always)]
    fn component(&self, _component: usize) -> i32 {
        *self
    }
}

impl CellValue for u64 {
    type Number = u64;
    const COMPONENTS: usize = 1;

    #[inline(always)]
    fn from_components(mut number: impl FnMut(usize) -> u64) -> Self {
        number(0)
    }

    #[inline(always)]
    fn component(&self, _component: usize) -> u64 {
        *self
    }
}

impl CellValue for u32 {
    type Number = u32;
    const COMPONENTS: usize = 1;

    #[inline(always)]
    fn from_components(mut number: impl FnMut(usize) -> u32) -> Self {
        number(0)
    }

    #[inline(always)]
    fn component(&self, _component: usize) -> u32 {
        *self
    }
}

impl CellValue for u8 {
    type Number = u8;
    const COMPONENTS: usize = 1;

    #[inline(always)]
    fn from_components(mut number: impl FnMut(usize) -> u8) -> Self {
        number(0)
    }

    #[inline(always)]
    fn component(&self, _component: usize) -> u8 {
        *self
    }
}

impl<T: Element, const N: usize> CellValue for [T; N] {
    type Number = T;
    const COMPONENTS: usize = N;

    #[inline(always)]
    fn from_components(number: impl FnMut(usize) -> T) -> Self {
        std::array::from_fn(number)
    }

    #[inline(always)]
    fn component(&self, component: usize) -> T {
        self[component]
    }
}
