//! Lanes in one AVX-512 register.

use super::Lanes;

/// One AVX-512 register.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(core::arch::x86_64::__m512d);

impl Lanes for Avx512 {
    type Mask = u8;

    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        unsafe { Self(core::arch::x86_64::_mm512_set1_pd(x)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        unsafe { Self(core::arch::x86_64::_mm512_loadu_pd(from)) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        unsafe { core::arch::x86_64::_mm512_storeu_pd(to, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Self(core::arch::x86_64::_mm512_add_pd(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Self(core::arch::x86_64::_mm512_sub_pd(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Self(core::arch::x86_64::_mm512_mul_pd(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe {
            Self(core::arch::x86_64::_mm512_fmadd_pd(
                self.0, factor.0, term.0,
            ))
        }
    }
    #[inline(always)]
    unsafe fn neg_mul_add(self, factor: Self, term: Self) -> Self {
        unsafe {
            Self(core::arch::x86_64::_mm512_fnmadd_pd(
                self.0, factor.0, term.0,
            ))
        }
    }
    #[inline(always)]
    unsafe fn sums(v: [Self; 8]) -> Self {
        use core::arch::x86_64::*;
        unsafe {
            // pairs within 128 bits, then quarters, then halves
            let pair = |a: Self, b: Self| {
                _mm512_add_pd(_mm512_unpacklo_pd(a.0, b.0), _mm512_unpackhi_pd(a.0, b.0))
            };
            let p = [
                pair(v[0], v[1]),
                pair(v[2], v[3]),
                pair(v[4], v[5]),
                pair(v[6], v[7]),
            ];
            let quarter = |a, b| {
                _mm512_add_pd(
                    _mm512_shuffle_f64x2::<0b10_00_10_00>(a, b),
                    _mm512_shuffle_f64x2::<0b11_01_11_01>(a, b),
                )
            };
            let (low, high) = (quarter(p[0], p[1]), quarter(p[2], p[3]));
            Self(quarter(low, high))
        }
    }
    #[inline(always)]
    unsafe fn transpose(r: [Self; 8]) -> [Self; 8] {
        use core::arch::x86_64::*;
        unsafe {
            let lo = |a: Self, b: Self| _mm512_unpacklo_pd(a.0, b.0);
            let hi = |a: Self, b: Self| _mm512_unpackhi_pd(a.0, b.0);
            let t = [
                lo(r[0], r[1]),
                hi(r[0], r[1]),
                lo(r[2], r[3]),
                hi(r[2], r[3]),
                lo(r[4], r[5]),
                hi(r[4], r[5]),
                lo(r[6], r[7]),
                hi(r[6], r[7]),
            ];
            // 128-bit pieces: even ones and odd ones of two vectors
            let even = |a, b| _mm512_shuffle_f64x2::<0b10_00_10_00>(a, b);
            let odd = |a, b| _mm512_shuffle_f64x2::<0b11_01_11_01>(a, b);
            let s = [
                even(t[0], t[2]),
                odd(t[0], t[2]),
                even(t[1], t[3]),
                odd(t[1], t[3]),
                even(t[4], t[6]),
                odd(t[4], t[6]),
                even(t[5], t[7]),
                odd(t[5], t[7]),
            ];
            [
                Self(even(s[0], s[4])),
                Self(even(s[2], s[6])),
                Self(even(s[1], s[5])),
                Self(even(s[3], s[7])),
                Self(odd(s[0], s[4])),
                Self(odd(s[2], s[6])),
                Self(odd(s[1], s[5])),
                Self(odd(s[3], s[7])),
            ]
        }
    }
    #[inline(always)]
    unsafe fn zero_where_negative(self, sign: Self) -> Self {
        use core::arch::x86_64::*;
        unsafe {
            let kept = _mm512_cmp_pd_mask::<_CMP_GE_OQ>(sign.0, _mm512_setzero_pd());
            Self(_mm512_maskz_mov_pd(kept, self.0))
        }
    }
    #[inline(always)]
    unsafe fn any_negative(self) -> bool {
        use core::arch::x86_64::*;
        unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, _mm512_setzero_pd()) != 0 }
    }
    #[inline(always)]
    unsafe fn rescale(self, limit: f64, factor: f64) -> (Self, u8) {
        use core::arch::x86_64::*;
        unsafe {
            let size = _mm512_abs_pd(self.0);
            let over = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(size, _mm512_set1_pd(limit));
            (
                Self(_mm512_mask_mul_pd(
                    self.0,
                    over,
                    self.0,
                    _mm512_set1_pd(factor),
                )),
                over,
            )
        }
    }
    #[inline(always)]
    unsafe fn select_moved(mask: u8, moved: Self, kept: Self) -> Self {
        unsafe {
            Self(core::arch::x86_64::_mm512_mask_mov_pd(
                kept.0, mask, moved.0,
            ))
        }
    }
}
