//! Several values side by side: the vectors that rows are updated in.
//!
//! The kernels are written once over [`Lanes`] and compiled for AVX-512, AVX2 and any processor.
//! Intrinsics rather than loops over slices, because six fields that are read and written in one
//! loop leave the compiler to check that none overlap. Additions and multiplications are never
//! fused, so every width gives the same numbers.

use super::Real;
use super::coefficients::PALETTE;

/// A vector of `N` values.
///
/// # Safety
/// All functions need the instruction set of the implementation, and pointers to `N` values.
pub(super) trait Lanes<T: Real>: Copy {
    /// Number of values.
    const N: usize;
    /// Sixteen coefficients ready for look-ups.
    type Table: Copy;

    unsafe fn load(from: *const T) -> Self;
    unsafe fn store(self, to: *mut T);
    unsafe fn splat(value: T) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn table(values: &[T; PALETTE]) -> Self::Table;
    /// Asks memory for the cache line at a place, which may be any.
    unsafe fn fetch(from: *const T);
    /// The coefficients at `N` indices below sixteen.
    unsafe fn look_up(table: Self::Table, indices: *const u8) -> Self;
}

/// The vectors of an instruction set.
pub(super) trait Vectors<T: Real> {
    /// The widest.
    type Wide: Lanes<T>;
    /// Of eight values or fewer, for the end of a row.
    type Narrow: Lanes<T>;
}

/// Plain Rust, for any processor.
pub(super) struct Portable;

/// Eight values in an array.
#[derive(Clone, Copy)]
pub(super) struct Eight<T>([T; 8]);

impl<T: Real> Vectors<T> for Portable {
    type Wide = Eight<T>;
    type Narrow = Eight<T>;
}

impl<T: Real> Lanes<T> for Eight<T> {
    const N: usize = 8;
    type Table = [T; PALETTE];

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller's promise
        Self(unsafe { from.cast::<[T; 8]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller's promise
        unsafe { to.cast::<[T; 8]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn splat(value: T) -> Self {
        Self([value; 8])
    }
    #[inline(always)]
    unsafe fn add(mut self, other: Self) -> Self {
        for l in 0..8 {
            self.0[l] += other.0[l];
        }
        self
    }
    #[inline(always)]
    unsafe fn sub(mut self, other: Self) -> Self {
        for l in 0..8 {
            self.0[l] = self.0[l] - other.0[l];
        }
        self
    }
    #[inline(always)]
    unsafe fn mul(mut self, other: Self) -> Self {
        for l in 0..8 {
            self.0[l] = self.0[l] * other.0[l];
        }
        self
    }
    #[inline(always)]
    unsafe fn fetch(_: *const T) {}
    #[inline(always)]
    unsafe fn table(values: &[T; PALETTE]) -> [T; PALETTE] {
        *values
    }
    #[inline(always)]
    unsafe fn look_up(table: [T; PALETTE], indices: *const u8) -> Self {
        let mut all = [T::ZERO; 8];
        for (l, value) in all.iter_mut().enumerate() {
            // SAFETY: the caller's promise
            *value = table[unsafe { *indices.add(l) } as usize % PALETTE];
        }
        Self(all)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Lanes, PALETTE, Vectors};
    use std::arch::x86_64::*;

    /// Lines that are asked for go to the second-level cache.
    const HINT: i32 = _MM_HINT_T1;

    /// AVX-512 F and VL.
    pub(in super::super) struct Avx512;
    /// AVX2.
    pub(in super::super) struct Avx2;

    impl Vectors<f32> for Avx512 {
        type Wide = F32x16;
        type Narrow = F32x8;
    }
    impl Vectors<f64> for Avx512 {
        type Wide = F64x8;
        type Narrow = F64x8;
    }
    impl Vectors<f32> for Avx2 {
        type Wide = F32x8;
        type Narrow = F32x8;
    }
    impl Vectors<f64> for Avx2 {
        type Wide = F64x4;
        type Narrow = F64x4;
    }

    macro_rules! lanes {
        ($name:ident, $of:ty, $raw:ty, $n:expr, $load:ident, $store:ident, $splat:ident, $add:ident,
         $sub:ident, $mul:ident, $table:ty, |$values:ident| $make:expr,
         |$t:ident, $indices:ident| $look_up:expr) => {
            #[derive(Clone, Copy)]
            pub(in super::super) struct $name($raw);

            // SAFETY (all): the caller has the instruction set and valid pointers
            impl Lanes<$of> for $name {
                const N: usize = $n;
                type Table = $table;

                #[inline(always)]
                unsafe fn load(from: *const $of) -> Self {
                    Self(unsafe { $load(from) })
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut $of) {
                    unsafe { $store(to, self.0) }
                }
                #[inline(always)]
                unsafe fn splat(value: $of) -> Self {
                    Self(unsafe { $splat(value) })
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    Self(unsafe { $add(self.0, other.0) })
                }
                #[inline(always)]
                unsafe fn sub(self, other: Self) -> Self {
                    Self(unsafe { $sub(self.0, other.0) })
                }
                #[inline(always)]
                unsafe fn mul(self, other: Self) -> Self {
                    Self(unsafe { $mul(self.0, other.0) })
                }
                #[inline(always)]
                unsafe fn fetch(from: *const $of) {
                    unsafe { _mm_prefetch::<HINT>(from.cast()) }
                }
                #[inline(always)]
                unsafe fn table($values: &[$of; PALETTE]) -> $table {
                    #[allow(unused_unsafe)]
                    unsafe {
                        $make
                    }
                }
                #[inline(always)]
                unsafe fn look_up($t: $table, $indices: *const u8) -> Self {
                    Self(unsafe { $look_up })
                }
            }
        };
    }

    lanes!(
        F32x16,
        f32,
        __m512,
        16,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        __m512,
        |values| _mm512_loadu_ps(values.as_ptr()),
        |table, indices| {
            let index = _mm512_cvtepu8_epi32(_mm_loadu_si128(indices.cast()));
            _mm512_permutexvar_ps(index, table)
        }
    );
    lanes!(
        F64x8,
        f64,
        __m512d,
        8,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_set1_pd,
        _mm512_add_pd,
        _mm512_sub_pd,
        _mm512_mul_pd,
        (__m512d, __m512d),
        |values| (
            _mm512_loadu_pd(values.as_ptr()),
            _mm512_loadu_pd(values.as_ptr().add(8))
        ),
        |table, indices| {
            let index = _mm512_cvtepu8_epi64(_mm_loadl_epi64(indices.cast()));
            _mm512_permutex2var_pd(table.0, index, table.1)
        }
    );
    lanes!(
        F32x8,
        f32,
        __m256,
        8,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_set1_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        (__m256, __m256),
        |values| (
            _mm256_loadu_ps(values.as_ptr()),
            _mm256_loadu_ps(values.as_ptr().add(8))
        ),
        |table, indices| {
            // the permute reads three bits of the index, the fourth picks the half
            let index = _mm256_cvtepu8_epi32(_mm_loadl_epi64(indices.cast()));
            let low = _mm256_permutevar8x32_ps(table.0, index);
            let high = _mm256_permutevar8x32_ps(table.1, index);
            let upper = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(index));
            _mm256_blendv_ps(low, high, upper)
        }
    );
    lanes!(
        F64x4,
        f64,
        __m256d,
        4,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_set1_pd,
        _mm256_add_pd,
        _mm256_sub_pd,
        _mm256_mul_pd,
        [f64; PALETTE],
        |values| *values,
        |table, indices| {
            let mut all = [0.0; 4];
            for (l, value) in all.iter_mut().enumerate() {
                *value = table[*indices.add(l) as usize % PALETTE];
            }
            _mm256_loadu_pd(all.as_ptr())
        }
    );
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};
