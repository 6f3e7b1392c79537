//! The numbers that fields are made of: f32 or f64.

use super::kernels::HasKernels;
use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// A floating point number that an engine can compute in. All engines do the same multiplications
/// and additions in the same order and never fuse the two, so they agree bit for bit.
#[allow(private_bounds)]
pub trait Real:
    Copy
    + Default
    + PartialEq
    + PartialOrd
    + Debug
    + Display
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + HasKernels
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Name as a user writes it.
    const NAME: &'static str;

    /// Rounded from f64.
    fn from_f64(value: f64) -> Self;
    /// Widened to f64.
    fn to_f64(self) -> f64;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const NAME: &'static str = "f32";

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const NAME: &'static str = "f64";

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
}
