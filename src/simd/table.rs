//! A lane type from a table of the instructions that compute it.

/// Defines `$lane`, a wrapper of the vector `$vector`, and implements `Lane` and the operators with the functions named.
///
/// The functions take and return `$vector` and need the instructions that `$simd` is the proof of.
macro_rules! lane {
    (
        $(#[$doc:meta])*
        $lane:ident: $width:literal of $scalar:ident in $vector:ident with $mask:ident under $simd:ident;
        splat $splat:ident, load $load:ident, store $store:ident,
        add $add:ident, sub $sub:ident, mul $mul:ident, div $div:ident, neg $neg:ident, abs $abs:ident,
        mul_add $mul_add:ident, neg_mul_add $neg_mul_add:ident, sqrt $sqrt:ident, rsqrt $rsqrt:ident to $error:expr,
        min $min:ident, max $max:ident, bit_or $bit_or:ident, lt $lt:ident, le $le:ident, eq $eq:ident,
        and $and:ident, or $or:ident, any $any:ident, select $select:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        #[repr(transparent)]
        pub(super) struct $lane($vector);

        lane!(@unary $lane Neg neg $neg);
        lane!(@binary $lane Add add $add);
        lane!(@binary $lane Sub sub $sub);
        lane!(@binary $lane Mul mul $mul);
        lane!(@binary $lane Div div $div);

        // SAFETY (all blocks): a lane is made only from a `$simd`, which exists only where its instructions do; loads
        // and stores are within the slices, whose lengths are checked.
        #[allow(unused_unsafe, clippy::undocumented_unsafe_blocks, reason = "SAFETY above; some lanes need none")]
        impl Lane for $lane {
            type Simd = $simd;
            type Scalar = $scalar;
            type Mask = $mask;
            const WIDTH: usize = $width;
            const RSQRT_ERROR: f64 = $error;

            #[inline(always)]
            fn splat(_: $simd, x: $scalar) -> Self {
                Self(unsafe { $splat(x) })
            }
            #[inline(always)]
            fn load(_: $simd, from: &[$scalar]) -> Self {
                Self(unsafe { $load(from[..$width].as_ptr()) })
            }
            #[inline(always)]
            fn store(self, to: &mut [$scalar]) {
                unsafe { $store(to[..$width].as_mut_ptr(), self.0) }
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                Self(unsafe { $mul_add(self.0, factor.0, addend.0) })
            }
            #[inline(always)]
            fn neg_mul_add(self, factor: Self, minuend: Self) -> Self {
                Self(unsafe { $neg_mul_add(self.0, factor.0, minuend.0) })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn rsqrt(self) -> Self {
                Self(unsafe { $rsqrt(self.0) })
            }
            #[inline(always)]
            fn abs(self) -> Self {
                Self(unsafe { $abs(self.0) })
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                Self(unsafe { $min(self.0, other.0) })
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                Self(unsafe { $max(self.0, other.0) })
            }
            #[inline(always)]
            fn bit_or(self, other: Self) -> Self {
                Self(unsafe { $bit_or(self.0, other.0) })
            }
            #[inline(always)]
            fn lt(self, other: Self) -> $mask {
                unsafe { $lt(self.0, other.0) }
            }
            #[inline(always)]
            fn le(self, other: Self) -> $mask {
                unsafe { $le(self.0, other.0) }
            }
            #[inline(always)]
            fn eq(self, other: Self) -> $mask {
                unsafe { $eq(self.0, other.0) }
            }
            #[inline(always)]
            fn and(a: $mask, b: $mask) -> $mask {
                unsafe { $and(a, b) }
            }
            #[inline(always)]
            fn or(a: $mask, b: $mask) -> $mask {
                unsafe { $or(a, b) }
            }
            #[inline(always)]
            fn any(mask: $mask) -> bool {
                unsafe { $any(mask) }
            }
            #[inline(always)]
            fn select(mask: $mask, yes: Self, no: Self) -> Self {
                Self(unsafe { $select(mask, yes.0, no.0) })
            }
        }
    };
    (@unary $lane:ident $trait:ident $method:ident $instruction:ident) => {
        impl std::ops::$trait for $lane {
            type Output = Self;
            #[inline(always)]
            #[allow(unused_unsafe, reason = "some lanes need none")]
            fn $method(self) -> Self {
                // SAFETY: a lane exists only where its instructions do.
                Self(unsafe { $instruction(self.0) })
            }
        }
    };
    (@binary $lane:ident $trait:ident $method:ident $instruction:ident) => {
        impl std::ops::$trait for $lane {
            type Output = Self;
            #[inline(always)]
            #[allow(unused_unsafe, reason = "some lanes need none")]
            fn $method(self, other: Self) -> Self {
                // SAFETY: a lane exists only where its instructions do.
                Self(unsafe { $instruction(self.0, other.0) })
            }
        }
    };
}
