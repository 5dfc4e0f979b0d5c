//! The numbers that datasets and attributes are made of.

/// A number that a file can hold: `f64`, `f32`, `u64`, `i64`, `u32`, `i32` or `u8`.
///
/// Raw bytes of a plain struct are written as `u8`.
pub trait Element: bytemuck::Pod + PartialEq + std::fmt::Debug + sealed::Stored {
    /// Whether the number has a sign.
    const SIGNED: bool;

    /// The value's bits, widened with zeros: what digests are made of.
    fn bits(self) -> u64;

    /// The value as the nearest `f64`.
    fn to_f64(self) -> f64;

    /// The value with its sign changed; one without a sign as it is.
    fn negated(self) -> Self;
}

/// That HDF5 knows the number stays within the crate: no user can add one, and none sees which crate calls HDF5.
mod sealed {
    pub trait Stored: hdf5::H5Type {}
}

impl sealed::Stored for f64 {}
impl Element for f64 {
    const SIGNED: bool = true;

    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn negated(self) -> Self {
        -self
    }
}

impl sealed::Stored for f32 {}
impl Element for f32 {
    const SIGNED: bool = true;

    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn negated(self) -> Self {
        -self
    }
}

impl sealed::Stored for u64 {}
impl Element for u64 {
    const SIGNED: bool = false;

    fn bits(self) -> u64 {
        self
    }

    fn to_f64(self) -> f64 {
        self as f64
    }

    fn negated(self) -> Self {
        self
    }
}

impl sealed::Stored for i64 {}
impl Element for i64 {
    const SIGNED: bool = true;

    fn bits(self) -> u64 {
        self.cast_unsigned()
    }

    fn to_f64(self) -> f64 {
        self as f64
    }

    fn negated(self) -> Self {
        -self
    }
}

impl sealed::Stored for u32 {}
impl Element for u32 {
    const SIGNED: bool = false;

    fn bits(self) -> u64 {
        u64::from(self)
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn negated(self) -> Self {
        self
    }
}

impl sealed::Stored for i32 {}
impl Element for i32 {
    const SIGNED: bool = true;

    fn bits(self) -> u64 {
        u64::from(self.cast_unsigned())
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn negated(self) -> Self {
        -self
    }
}

impl sealed::Stored for u8 {}
impl Element for u8 {
    const SIGNED: bool = false;

    fn bits(self) -> u64 {
        u64::from(self)
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn negated(self) -> Self {
        self
    }
}
