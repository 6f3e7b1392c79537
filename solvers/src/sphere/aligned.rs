//! Memory aligned to cache lines.

use super::lanes::LANES;

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
