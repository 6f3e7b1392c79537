//! Lanes as plain numbers, for any processor.

use super::Lanes;

/// Eight plain numbers, for any processor.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f64; 8]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self(std::array::from_fn(|l| f(self.0[l], other.0[l])))
    }
}

impl Lanes for Portable {
    type Mask = [bool; 8];

    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        Self([x; 8])
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        Self(unsafe { from.cast::<[f64; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        unsafe { to.cast::<[f64; 8]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // two roundings: a fused one in software would be slow
        Self(std::array::from_fn(|l| self.0[l] * factor.0[l] + term.0[l]))
    }
    #[inline(always)]
    unsafe fn neg_mul_add(self, factor: Self, term: Self) -> Self {
        Self(std::array::from_fn(|l| term.0[l] - self.0[l] * factor.0[l]))
    }
    #[inline(always)]
    unsafe fn sums(of: [Self; 8]) -> Self {
        Self(of.map(|v| v.0.iter().sum()))
    }
    #[inline(always)]
    unsafe fn transpose(rows: [Self; 8]) -> [Self; 8] {
        std::array::from_fn(|i| Self(std::array::from_fn(|j| rows[j].0[i])))
    }
    #[inline(always)]
    unsafe fn zero_where_negative(self, sign: Self) -> Self {
        self.zip(sign, |x, s| if s < 0.0 { 0.0 } else { x })
    }
    #[inline(always)]
    unsafe fn any_negative(self) -> bool {
        self.0.iter().any(|&x| x < 0.0)
    }
    #[inline(always)]
    unsafe fn rescale(self, limit: f64, factor: f64) -> (Self, [bool; 8]) {
        let over = self.0.map(|x| x.abs() > limit);
        let moved = Self(self.0.map(|x| x * factor));
        (unsafe { Self::select_moved(over, moved, self) }, over)
    }
    #[inline(always)]
    unsafe fn select_moved(mask: [bool; 8], moved: Self, kept: Self) -> Self {
        Self(std::array::from_fn(|l| {
            if mask[l] { moved.0[l] } else { kept.0[l] }
        }))
    }
}
