//! Eight f64 side by side, for kernels that are written once and compiled for AVX-512, AVX2 with
//! FMA, and any processor.
//!
//! A kernel is an `#[inline(always)] unsafe fn kernel<V: Lanes>(..)`; [`dispatch!`] calls it with
//! the widest type that the running processor has, from within a function compiled for that
//! instruction set.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;

/// Number of f64 in a vector of lanes.
pub(crate) const LANES: usize = 8;

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
