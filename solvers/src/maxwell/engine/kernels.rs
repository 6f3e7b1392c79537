//! The row kernels compiled for each instruction set.

use super::Real;
#[cfg(target_arch = "x86_64")]
use super::lanes::{Avx2, Avx512};
use super::lanes::{Portable, Vectors};
use super::lines::Plane;
use super::products::{Product, along_frequencies, along_row};
use super::row::{ANY, INDEXED, LOSSLESS, Side, update};
use std::ops::Range;

type Update<T> = unsafe fn(&Side<'_, T>, &Plane<T>, Range<usize>, usize);

/// Kernels of one instruction set, for H and for E.
pub(super) struct Kernels<T> {
    /// For all three components, by medium, graded x, layer in y or z; see [`number`].
    pub(super) three: [[Update<T>; 12]; 2],
    /// By component and graded x.
    pub(super) one: [[[Update<T>; 2]; 3]; 2],
    /// Products of transforms, along the row and along the frequencies.
    pub(super) products: [Product<T>; 2],
}

/// Number of a kernel for all three components.
#[inline(always)]
pub(super) fn number(media: u8, graded: bool, layer: bool) -> usize {
    usize::from(media) * 4 + usize::from(graded) * 2 + usize::from(layer)
}

macro_rules! kernels {
    ($module:ident, $vectors:ident $(, $features:literal)?) => {
        mod $module {
            use super::*;

            $(#[target_feature(enable = $features)])?
            unsafe fn rows<
                T: Real,
                const E: bool,
                const WHICH: u8,
                const MEDIA: u8,
                const GRADED: bool,
                const LAYER: bool,
            >(side: &Side<'_, T>, plane: &Plane<T>, rows: Range<usize>, ahead: usize)
            where
                $vectors: Vectors<T>,
            {
                // SAFETY: the caller's promises
                unsafe { update::<T, $vectors, E, WHICH, MEDIA, GRADED, LAYER>(side, plane, rows, ahead) }
            }

            $(#[target_feature(enable = $features)])?
            unsafe fn product<T: Real, const ROW: bool>(
                n: usize,
                count: usize,
                padded: usize,
                samples: &[T],
                weights: &[f64],
                sums: &mut [f64],
            ) {
                if ROW {
                    along_row(n, count, padded, samples, weights, sums);
                } else {
                    along_frequencies(n, count, padded, samples, weights, sums);
                }
            }

            fn three<T: Real, const E: bool, const M: u8>() -> [Update<T>; 4]
            where
                $vectors: Vectors<T>,
            {
                [
                    rows::<T, E, 3, M, false, false>,
                    rows::<T, E, 3, M, false, true>,
                    rows::<T, E, 3, M, true, false>,
                    rows::<T, E, 3, M, true, true>,
                ]
            }

            fn one<T: Real, const E: bool, const AXIS: u8>() -> [Update<T>; 2]
            where
                $vectors: Vectors<T>,
            {
                [
                    rows::<T, E, AXIS, ANY, false, true>,
                    rows::<T, E, AXIS, ANY, true, true>,
                ]
            }

            pub(super) fn kernels<T: Real>() -> Kernels<T>
            where
                $vectors: Vectors<T>,
            {
                // magnetic media are rare: theirs are not indexed
                let any = three::<T, false, ANY>();
                let h = [three::<T, false, LOSSLESS>(), any, any];
                let e = [
                    three::<T, true, LOSSLESS>(),
                    three::<T, true, INDEXED>(),
                    three::<T, true, ANY>(),
                ];
                Kernels {
                    three: [h, e].map(|sets| std::array::from_fn(|n| sets[n / 4][n % 4])),
                    one: [
                        [one::<T, false, 0>(), one::<T, false, 1>(), one::<T, false, 2>()],
                        [one::<T, true, 0>(), one::<T, true, 1>(), one::<T, true, 2>()],
                    ],
                    products: [product::<T, true>, product::<T, false>],
                }
            }
        }
    };
}

kernels!(portable, Portable);
#[cfg(target_arch = "x86_64")]
kernels!(avx2, Avx2, "avx2");
#[cfg(target_arch = "x86_64")]
kernels!(avx512, Avx512, "avx512f,avx512vl,avx2");

/// An instruction set that kernels exist for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InstructionSet {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl InstructionSet {
    /// Those of this processor, widest first.
    pub(super) fn found() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                all.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") {
                all.push(Self::Avx2);
            }
        }
        all.push(Self::Portable);
        all
    }
}

/// The kernels for a type of value.
pub(super) trait HasKernels: Sized {
    /// Those of an instruction set that this processor has.
    fn kernels(set: InstructionSet) -> Kernels<Self>;
}

macro_rules! has_kernels {
    ($of:ty) => {
        impl HasKernels for $of {
            fn kernels(set: InstructionSet) -> Kernels<Self> {
                match set {
                    #[cfg(target_arch = "x86_64")]
                    InstructionSet::Avx512 => avx512::kernels(),
                    #[cfg(target_arch = "x86_64")]
                    InstructionSet::Avx2 => avx2::kernels(),
                    InstructionSet::Portable => portable::kernels(),
                }
            }
        }
    };
}

has_kernels!(f32);
has_kernels!(f64);
