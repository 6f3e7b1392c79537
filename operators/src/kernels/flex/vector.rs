//! Sixteen numbers at a time, on whatever the processor has.

/// Width of a [`Vector`].
pub(super) const LANES: usize = 16;

/// Sixteen f32 side by side.
///
/// # Safety
/// All methods need the instructions of their implementation: they are only called from functions
/// that were compiled for them, see [`Isa`]. Pointers must be good for as many values as are read
/// or written; `part` methods touch the first `count` (1 to 15) alone.
pub(super) trait Vector: Copy {
    /// Vectors that a tile of a product is wide, at most.
    const TILE: usize;
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn load_part(from: *const f32, count: usize) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn store_part(self, to: *mut f32, count: usize);
    /// `self * b + c`
    unsafe fn mul_add(self, b: Self, c: Self) -> Self;
    unsafe fn add(self, b: Self) -> Self;
    unsafe fn mul(self, b: Self) -> Self;
    unsafe fn max(self, b: Self) -> Self;
    unsafe fn min(self, b: Self) -> Self;
    /// `1 / self` to 2e-7.
    unsafe fn reciprocal(self) -> Self;
    /// Rows become columns.
    #[inline(always)]
    unsafe fn transpose(rows: [Self; LANES]) -> [Self; LANES] {
        let mut values = [[0.0; LANES]; LANES];
        // SAFETY: rows of 16 values.
        unsafe {
            for (row, to) in rows.into_iter().zip(&mut values) {
                row.store(to.as_mut_ptr());
            }
            std::array::from_fn(|column| {
                let column: [f32; LANES] = std::array::from_fn(|row| values[row][column]);
                Self::load(column.as_ptr())
            })
        }
    }
}

/// Instruction sets that the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Plain,
}

impl Isa {
    /// The widest that this processor has.
    pub fn here() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            // The answers are cached by the standard library.
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("fma")
            {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Plain
    }

    /// All that this processor has, for tests.
    #[cfg(test)]
    pub fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        {
            let from = match Self::here() {
                Self::Avx512 => 0,
                Self::Avx2 => 1,
                Self::Plain => 2,
            };
            [Self::Avx512, Self::Avx2, Self::Plain][from..].to_vec()
        }
        #[cfg(not(target_arch = "x86_64"))]
        vec![Self::Plain]
    }
}

/// Defines a function that runs `body::<V>` as compiled for an instruction set.
macro_rules! for_each_isa {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) = $body:ident) => {
        $(#[$doc])*
        $vis unsafe fn $name(isa: $crate::kernels::flex::vector::Isa, $($arg: $ty),*) {
            use $crate::kernels::flex::vector::*;
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
            unsafe fn avx512($($arg: $ty),*) {
                // SAFETY: as the caller promises.
                unsafe { $body::<Avx512>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($arg: $ty),*) {
                // SAFETY: as the caller promises.
                unsafe { $body::<Avx2>($($arg),*) }
            }
            // SAFETY: the instruction set was found on this processor; the rest as the caller
            // promises.
            unsafe {
                match isa {
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx512 => avx512($($arg),*),
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx2 => avx2($($arg),*),
                    Isa::Plain => $body::<Plain>($($arg),*),
                }
            }
        }
    };
}
pub(super) use for_each_isa;

/// Without any special instruction.
#[derive(Clone, Copy)]
pub(super) struct Plain([f32; LANES]);

impl Vector for Plain {
    const TILE: usize = 1;
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; LANES])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: good for 16 values.
        Self(unsafe { from.cast::<[f32; LANES]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        let mut values = [0.0; LANES];
        // SAFETY: good for `count` values.
        unsafe { std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), count) };
        Self(values)
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: good for 16 values.
        unsafe { to.cast::<[f32; LANES]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, count: usize) {
        // SAFETY: good for `count` values.
        unsafe { std::ptr::copy_nonoverlapping(self.0.as_ptr(), to, count) };
    }
    #[inline(always)]
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        // Without the instruction, a fused product is a call into the library.
        Self(std::array::from_fn(|i| self.0[i] * b.0[i] + c.0[i]))
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + b.0[i]))
    }
    #[inline(always)]
    unsafe fn mul(self, b: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * b.0[i]))
    }
    #[inline(always)]
    unsafe fn max(self, b: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].max(b.0[i])))
    }
    #[inline(always)]
    unsafe fn min(self, b: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].min(b.0[i])))
    }
    #[inline(always)]
    unsafe fn reciprocal(self) -> Self {
        Self(self.0.map(|v| 1.0 / v))
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, Vector};
    use std::arch::x86_64::*;

    /// One register of 512 bits.
    #[derive(Clone, Copy)]
    pub struct Avx512(__m512);

    // SAFETY of all that follows: the trait's own conditions.
    impl Vector for Avx512 {
        const TILE: usize = 4;
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            Self(unsafe { _mm512_set1_ps(value) })
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { _mm512_loadu_ps(from) })
        }
        #[inline(always)]
        unsafe fn load_part(from: *const f32, count: usize) -> Self {
            Self(unsafe { _mm512_maskz_loadu_ps((1u16 << count) - 1, from) })
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm512_storeu_ps(to, self.0) }
        }
        #[inline(always)]
        unsafe fn store_part(self, to: *mut f32, count: usize) {
            unsafe { _mm512_mask_storeu_ps(to, (1u16 << count) - 1, self.0) }
        }
        #[inline(always)]
        unsafe fn mul_add(self, b: Self, c: Self) -> Self {
            Self(unsafe { _mm512_fmadd_ps(self.0, b.0, c.0) })
        }
        #[inline(always)]
        unsafe fn add(self, b: Self) -> Self {
            Self(unsafe { _mm512_add_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn mul(self, b: Self) -> Self {
            Self(unsafe { _mm512_mul_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn max(self, b: Self) -> Self {
            Self(unsafe { _mm512_max_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn min(self, b: Self) -> Self {
            Self(unsafe { _mm512_min_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn reciprocal(self) -> Self {
            // 14 bits, then 28 by a Newton step
            unsafe {
                let r = _mm512_rcp14_ps(self.0);
                let rest = _mm512_fnmadd_ps(self.0, r, _mm512_set1_ps(2.0));
                Self(_mm512_mul_ps(r, rest))
            }
        }
        #[inline(always)]
        unsafe fn transpose(rows: [Self; LANES]) -> [Self; LANES] {
            unsafe {
                // Columns k, 4 + k, 8 + k and 12 + k of four rows, in the quarters of a register.
                let mut quarters = [[rows[0].0; 4]; 4];
                for (group, quarters) in quarters.iter_mut().enumerate() {
                    let row = |r: usize| rows[4 * group + r].0;
                    let pair = |a, b| {
                        let (low, high) = (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
                        (_mm512_castps_pd(low), _mm512_castps_pd(high))
                    };
                    let (a, b) = (pair(row(0), row(1)), pair(row(2), row(3)));
                    *quarters = [
                        _mm512_castpd_ps(_mm512_unpacklo_pd(a.0, b.0)),
                        _mm512_castpd_ps(_mm512_unpackhi_pd(a.0, b.0)),
                        _mm512_castpd_ps(_mm512_unpacklo_pd(a.1, b.1)),
                        _mm512_castpd_ps(_mm512_unpackhi_pd(a.1, b.1)),
                    ];
                }
                let mut columns = rows;
                for k in 0..4 {
                    let [a, b, c, d] = [0, 1, 2, 3].map(|group| quarters[group][k]);
                    let even = (
                        _mm512_shuffle_f32x4::<0x88>(a, b),
                        _mm512_shuffle_f32x4::<0x88>(c, d),
                    );
                    let odd = (
                        _mm512_shuffle_f32x4::<0xdd>(a, b),
                        _mm512_shuffle_f32x4::<0xdd>(c, d),
                    );
                    columns[k] = Self(_mm512_shuffle_f32x4::<0x88>(even.0, even.1));
                    columns[4 + k] = Self(_mm512_shuffle_f32x4::<0x88>(odd.0, odd.1));
                    columns[8 + k] = Self(_mm512_shuffle_f32x4::<0xdd>(even.0, even.1));
                    columns[12 + k] = Self(_mm512_shuffle_f32x4::<0xdd>(odd.0, odd.1));
                }
                columns
            }
        }
    }

    /// Two registers of 256 bits.
    #[derive(Clone, Copy)]
    pub struct Avx2(__m256, __m256);

    impl Vector for Avx2 {
        const TILE: usize = 1;
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            let v = unsafe { _mm256_set1_ps(value) };
            Self(v, v)
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            unsafe { Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
        }
        #[inline(always)]
        unsafe fn load_part(from: *const f32, count: usize) -> Self {
            let mut values = [0.0; LANES];
            unsafe {
                std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), count);
                Self::load(values.as_ptr())
            }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe {
                _mm256_storeu_ps(to, self.0);
                _mm256_storeu_ps(to.add(8), self.1);
            }
        }
        #[inline(always)]
        unsafe fn store_part(self, to: *mut f32, count: usize) {
            let mut values = [0.0; LANES];
            unsafe {
                self.store(values.as_mut_ptr());
                std::ptr::copy_nonoverlapping(values.as_ptr(), to, count);
            }
        }
        #[inline(always)]
        unsafe fn mul_add(self, b: Self, c: Self) -> Self {
            unsafe {
                Self(
                    _mm256_fmadd_ps(self.0, b.0, c.0),
                    _mm256_fmadd_ps(self.1, b.1, c.1),
                )
            }
        }
        #[inline(always)]
        unsafe fn add(self, b: Self) -> Self {
            unsafe { Self(_mm256_add_ps(self.0, b.0), _mm256_add_ps(self.1, b.1)) }
        }
        #[inline(always)]
        unsafe fn mul(self, b: Self) -> Self {
            unsafe { Self(_mm256_mul_ps(self.0, b.0), _mm256_mul_ps(self.1, b.1)) }
        }
        #[inline(always)]
        unsafe fn max(self, b: Self) -> Self {
            unsafe { Self(_mm256_max_ps(self.0, b.0), _mm256_max_ps(self.1, b.1)) }
        }
        #[inline(always)]
        unsafe fn min(self, b: Self) -> Self {
            unsafe { Self(_mm256_min_ps(self.0, b.0), _mm256_min_ps(self.1, b.1)) }
        }
        #[inline(always)]
        unsafe fn reciprocal(self) -> Self {
            // 12 bits, then 23 by a Newton step
            #[inline(always)]
            unsafe fn half(v: __m256) -> __m256 {
                unsafe {
                    let r = _mm256_rcp_ps(v);
                    _mm256_mul_ps(r, _mm256_fnmadd_ps(v, r, _mm256_set1_ps(2.0)))
                }
            }
            unsafe { Self(half(self.0), half(self.1)) }
        }
    }
}
