//! Eight f64 side by side, for kernels that are written once and compiled for AVX-512, AVX2 with
//! FMA, and any processor.
//!
//! A kernel is an `#[inline(always)] unsafe fn kernel<V: Lanes>(..)`; [`dispatch!`] calls it with
//! the widest type that the running processor has, from within a function compiled for that
//! instruction set.

/// Number of f64 in a vector of lanes.
pub(crate) const LANES: usize = 8;

/// f64 memory that starts on a cache line, so that no vector straddles two.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlignedBuffer {
    lines: Vec<Line>,
}

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f64; LANES]);

impl AlignedBuffer {
    pub(crate) const fn empty() -> Self {
        Self { lines: Vec::new() }
    }

    /// Room for `len` values rounded up to whole lines, all zero.
    pub(crate) fn zeros(len: usize) -> Self {
        Self {
            lines: vec![Line([0.0; LANES]); len.div_ceil(LANES)],
        }
    }

    /// Grows to at least `len` values; what it holds afterwards is unspecified.
    pub(crate) fn reserve(&mut self, len: usize) {
        if self.lines.len() * LANES < len {
            *self = Self::zeros(len);
        }
    }
}

impl std::ops::Deref for AlignedBuffer {
    type Target = [f64];
    fn deref(&self) -> &[f64] {
        // SAFETY: Line is eight f64 without padding.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * LANES) }
    }
}

impl std::ops::DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [f64] {
        // SAFETY: as above.
        unsafe {
            std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * LANES)
        }
    }
}

/// The instruction set found at run time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum InstructionSet {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// Looks at the processor once.
pub(crate) fn instruction_set() -> InstructionSet {
    static FOUND: std::sync::OnceLock<InstructionSet> = std::sync::OnceLock::new();
    *FOUND.get_or_init(|| {
        #[cfg(target_arch = "x86_64")]
        {
            let fma = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if fma
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                return InstructionSet::Avx512;
            }
            if fma {
                return InstructionSet::Avx2;
            }
        }
        InstructionSet::Portable
    })
}

/// Runs `f` compiled for AVX-512.
///
/// # Safety
/// The processor must have the named features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2,fma")]
pub(crate) unsafe fn with_avx512<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// Runs `f` compiled for AVX2 with FMA.
///
/// # Safety
/// The processor must have the named features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// `dispatch!(kernel(arguments))` calls `kernel::<V>(arguments)`; for a kernel with further
/// inferred parameters behind `V` write one underscore each: `dispatch!(kernel::<_, _>(..))`.
macro_rules! dispatch {
    ($kernel:ident $(::<$($generic:tt),+>)? ($($argument:expr),* $(,)?)) => {{
        // SAFETY: the instruction set is the one that the processor was found to have; what
        // else a kernel asks for is stated and met at the place of the call.
        #[allow(unused_unsafe)]
        unsafe {
            match $crate::sphere::lanes::instruction_set() {
                #[cfg(target_arch = "x86_64")]
                $crate::sphere::lanes::InstructionSet::Avx512 => {
                    $crate::sphere::lanes::with_avx512(#[inline(always)] || unsafe {
                        $kernel::<$crate::sphere::lanes::Avx512 $($(,$generic)+)?>($($argument),*)
                    })
                }
                #[cfg(target_arch = "x86_64")]
                $crate::sphere::lanes::InstructionSet::Avx2 => {
                    $crate::sphere::lanes::with_avx2(#[inline(always)] || unsafe {
                        $kernel::<$crate::sphere::lanes::Avx2 $($(,$generic)+)?>($($argument),*)
                    })
                }
                $crate::sphere::lanes::InstructionSet::Portable => {
                    $kernel::<$crate::sphere::lanes::Portable $($(,$generic)+)?>($($argument),*)
                }
            }
        }
    }};
}
pub(crate) use dispatch;

/// Eight f64 with the operations that the kernels need.
///
/// # Safety
/// All functions: the processor has the implementing type's instruction set, and pointers are
/// valid for [`LANES`] values (no alignment is asked for).
pub(crate) trait Lanes: Copy {
    /// A per-lane condition.
    type Mask: Copy;

    unsafe fn splat(x: f64) -> Self;
    unsafe fn load(from: *const f64) -> Self;
    unsafe fn store(self, to: *mut f64);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// `self * factor + term`
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `term - self * factor`
    unsafe fn neg_mul_add(self, factor: Self, term: Self) -> Self;
    /// The lane sums of eight vectors, in order.
    unsafe fn sums(of: [Self; 8]) -> Self;
    /// Turns eight rows of eight into eight columns.
    unsafe fn transpose(rows: [Self; 8]) -> [Self; 8];
    /// 0 in the lanes where `sign` is below 0.
    unsafe fn zero_where_negative(self, sign: Self) -> Self;
    /// Whether any lane is below 0.
    unsafe fn any_negative(self) -> bool;
    /// Lanes above `limit` in magnitude multiplied by `factor`, and which these were.
    unsafe fn rescale(self, limit: f64, factor: f64) -> (Self, Self::Mask);
    /// `moved` where the mask is set, else `kept`.
    unsafe fn select_moved(mask: Self::Mask, moved: Self, kept: Self) -> Self;
}

/// One AVX-512 register.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx512(core::arch::x86_64::__m512d);

#[cfg(target_arch = "x86_64")]
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

/// Two AVX registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx2([core::arch::x86_64::__m256d; 2]);

#[cfg(target_arch = "x86_64")]
impl Avx2 {
    #[inline(always)]
    unsafe fn to_array(self) -> [f64; 8] {
        let mut out = [0.0; 8];
        unsafe { self.store(out.as_mut_ptr()) };
        out
    }
}

#[cfg(target_arch = "x86_64")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(always)]
    unsafe fn transpose_and_sum<V: Lanes>(
        from: &[f64; 64],
        to: &mut [f64; 64],
        sum: &mut [f64; 8],
    ) {
        unsafe {
            let rows = std::array::from_fn(|i| V::load(from.as_ptr().add(8 * i)));
            for (i, column) in V::transpose(rows).into_iter().enumerate() {
                column.store(to.as_mut_ptr().add(8 * i));
            }
            V::sums(rows).store(sum.as_mut_ptr());
        }
    }

    fn check(run: impl Fn(&[f64; 64], &mut [f64; 64], &mut [f64; 8])) {
        let from: [f64; 64] = std::array::from_fn(|i| (i * i) as f64);
        let (mut to, mut sum) = ([0.0; 64], [0.0; 8]);
        run(&from, &mut to, &mut sum);
        for i in 0..8 {
            assert_eq!(sum[i], from[8 * i..8 * i + 8].iter().sum::<f64>());
            for j in 0..8 {
                assert_eq!(to[8 * i + j], from[8 * j + i]);
            }
        }
    }

    #[test]
    fn shuffles_agree_on_every_instruction_set() {
        check(|a, b, c| unsafe { transpose_and_sum::<Portable>(a, b, c) });
        #[cfg(target_arch = "x86_64")]
        {
            if instruction_set() != InstructionSet::Portable {
                check(|a, b, c| unsafe { with_avx2(|| transpose_and_sum::<Avx2>(a, b, c)) });
            }
            if instruction_set() == InstructionSet::Avx512 {
                check(|a, b, c| unsafe { with_avx512(|| transpose_and_sum::<Avx512>(a, b, c)) });
            }
        }
    }
}
