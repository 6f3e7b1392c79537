//! Lanes in two AVX registers.

use super::Lanes;

/// Two AVX registers.
#[derive(Clone, Copy)]
pub(crate) struct Avx2([core::arch::x86_64::__m256d; 2]);

impl Avx2 {
    #[inline(always)]
    unsafe fn to_array(self) -> [f64; 8] {
        let mut out = [0.0; 8];
        unsafe { self.store(out.as_mut_ptr()) };
        out
    }
}

impl Lanes for Avx2 {
    type Mask = [core::arch::x86_64::__m256d; 2];

    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        unsafe { Self([core::arch::x86_64::_mm256_set1_pd(x); 2]) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        use core::arch::x86_64::*;
        unsafe { Self([_mm256_loadu_pd(from), _mm256_loadu_pd(from.add(4))]) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        use core::arch::x86_64::*;
        unsafe {
            _mm256_storeu_pd(to, self.0[0]);
            _mm256_storeu_pd(to.add(4), self.0[1]);
        }
    }
    #[inline(always)]
    unsafe fn add(self, o: Self) -> Self {
        use core::arch::x86_64::*;
        unsafe {
            Self([
                _mm256_add_pd(self.0[0], o.0[0]),
                _mm256_add_pd(self.0[1], o.0[1]),
            ])
        }
    }
    #[inline(always)]
    unsafe fn sub(self, o: Self) -> Self {
        use core::arch::x86_64::*;
        unsafe {
            Self([
                _mm256_sub_pd(self.0[0], o.0[0]),
                _mm256_sub_pd(self.0[1], o.0[1]),
            ])
        }
    }
    #[inline(always)]
    unsafe fn mul(self, o: Self) -> Self {
        use core::arch::x86_64::*;
        unsafe {
            Self([
                _mm256_mul_pd(self.0[0], o.0[0]),
                _mm256_mul_pd(self.0[1], o.0[1]),
            ])
        }
    }
    #[inline(always)]
    unsafe fn mul_add(self, f: Self, t: Self) -> Self {
        use core::arch::x86_64::*;
        unsafe {
            Self([
                _mm256_fmadd_pd(self.0[0], f.0[0], t.0[0]),
                _mm256_fmadd_pd(self.0[1], f.0[1], t.0[1]),
            ])
        }
    }
    #[inline(always)]
    unsafe fn neg_mul_add(self, f: Self, t: Self) -> Self {
        use core::arch::x86_64::*;
        unsafe {
            Self([
                _mm256_fnmadd_pd(self.0[0], f.0[0], t.0[0]),
                _mm256_fnmadd_pd(self.0[1], f.0[1], t.0[1]),
            ])
        }
    }
    #[inline(always)]
    unsafe fn sums(v: [Self; 8]) -> Self {
        use core::arch::x86_64::*;
        unsafe {
            let half = |a: [Self; 4]| {
                let s = a.map(|x| _mm256_add_pd(x.0[0], x.0[1]));
                let (p, q) = (_mm256_hadd_pd(s[0], s[1]), _mm256_hadd_pd(s[2], s[3]));
                _mm256_add_pd(
                    _mm256_permute2f128_pd::<0x20>(p, q),
                    _mm256_permute2f128_pd::<0x31>(p, q),
                )
            };
            Self([
                half([v[0], v[1], v[2], v[3]]),
                half([v[4], v[5], v[6], v[7]]),
            ])
        }
    }
    #[inline(always)]
    unsafe fn transpose(r: [Self; 8]) -> [Self; 8] {
        use core::arch::x86_64::*;
        unsafe {
            let quarter = |a: [__m256d; 4]| {
                let t = [
                    _mm256_unpacklo_pd(a[0], a[1]),
                    _mm256_unpackhi_pd(a[0], a[1]),
                    _mm256_unpacklo_pd(a[2], a[3]),
                    _mm256_unpackhi_pd(a[2], a[3]),
                ];
                [
                    _mm256_permute2f128_pd::<0x20>(t[0], t[2]),
                    _mm256_permute2f128_pd::<0x20>(t[1], t[3]),
                    _mm256_permute2f128_pd::<0x31>(t[0], t[2]),
                    _mm256_permute2f128_pd::<0x31>(t[1], t[3]),
                ]
            };
            let side = |from: usize, half: usize| {
                quarter([
                    r[from].0[half],
                    r[from + 1].0[half],
                    r[from + 2].0[half],
                    r[from + 3].0[half],
                ])
            };
            let (a, b, c, d) = (side(0, 0), side(4, 0), side(0, 1), side(4, 1));
            [
                Self([a[0], b[0]]),
                Self([a[1], b[1]]),
                Self([a[2], b[2]]),
                Self([a[3], b[3]]),
                Self([c[0], d[0]]),
                Self([c[1], d[1]]),
                Self([c[2], d[2]]),
                Self([c[3], d[3]]),
            ]
        }
    }
    #[inline(always)]
    unsafe fn zero_where_negative(self, sign: Self) -> Self {
        use core::arch::x86_64::*;
        unsafe {
            let one = |x, s| _mm256_and_pd(x, _mm256_cmp_pd::<_CMP_GE_OQ>(s, _mm256_setzero_pd()));
            Self([one(self.0[0], sign.0[0]), one(self.0[1], sign.0[1])])
        }
    }
    #[inline(always)]
    unsafe fn any_negative(self) -> bool {
        unsafe { self.to_array() }.iter().any(|&x| x < 0.0)
    }
    #[inline(always)]
    unsafe fn rescale(self, limit: f64, factor: f64) -> (Self, Self::Mask) {
        use core::arch::x86_64::*;
        unsafe {
            let over = self.0.map(|x| {
                let size = _mm256_andnot_pd(_mm256_set1_pd(-0.0), x);
                _mm256_cmp_pd::<_CMP_GT_OQ>(size, _mm256_set1_pd(limit))
            });
            (
                Self::select_moved(over, self.mul(Self::splat(factor)), self),
                over,
            )
        }
    }
    #[inline(always)]
    unsafe fn select_moved(mask: Self::Mask, moved: Self, kept: Self) -> Self {
        use core::arch::x86_64::*;
        unsafe {
            Self([
                _mm256_blendv_pd(kept.0[0], moved.0[0], mask[0]),
                _mm256_blendv_pd(kept.0[1], moved.0[1], mask[1]),
            ])
        }
    }
}
