//! Memory of the fields: aligned to cache lines, in large pages where the system has them, and
//! shared between threads row by row.

use super::Real;
use std::marker::PhantomData;

/// Bytes of a cache line.
pub(super) const LINE: usize = 64;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; LINE]);

/// Zeroed memory that starts on a cache line.
pub(super) struct Buffer<T> {
    lines: Vec<Line>,
    skew: usize,
    len: usize,
    of: PhantomData<T>,
}

impl<T: Real> Buffer<T> {
    pub(super) fn zeros(len: usize) -> Self {
        Self::skewed(len, 0)
    }

    /// Memory that begins `skew` lines into its allocation: large allocations begin at the same
    /// place in a page, and arrays that are walked through side by side would fall into the same
    /// sets of the caches.
    pub(super) fn skewed(len: usize, skew: usize) -> Self {
        let lines = (len * size_of::<T>()).div_ceil(LINE) + skew;
        let mut memory: Vec<Line> = Vec::with_capacity(lines);
        ask_for_large_pages(memory.as_mut_ptr().cast(), lines * LINE);
        memory.resize(lines, Line([0; LINE]));
        Self {
            lines: memory,
            skew,
            len,
            of: PhantomData,
        }
    }

    /// The memory as threads see it.
    pub(super) fn shared(&mut self) -> Shared<T> {
        Shared {
            start: self.lines[self.skew..].as_mut_ptr().cast(),
            len: self.len,
        }
    }
}

impl<T: Real> std::ops::Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: the lines hold `len` values or more, all bit patterns are values of f32 and f64
        unsafe { std::slice::from_raw_parts(self.lines[self.skew..].as_ptr().cast(), self.len) }
    }
}

impl<T: Real> std::ops::DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above
        unsafe {
            std::slice::from_raw_parts_mut(self.lines[self.skew..].as_mut_ptr().cast(), self.len)
        }
    }
}

/// Pages of 2 MiB instead of 4 KiB for large blocks: a sweep walks along dozens of streams at once,
/// more than there are entries in the translation buffers. A refusal changes nothing but speed.
#[cfg(target_os = "linux")]
fn ask_for_large_pages(start: *mut u8, bytes: usize) {
    const PAGE: usize = 4096;
    const MADV_HUGEPAGE: i32 = 14;
    unsafe extern "C" {
        fn madvise(start: *mut u8, bytes: usize, advice: i32) -> i32;
    }
    let first = (start as usize).next_multiple_of(PAGE);
    let end = (start as usize + bytes) / PAGE * PAGE;
    if bytes >= 1 << 22 && end > first {
        // SAFETY: whole pages inside one allocation of our own; the advice does not change content
        let _ = unsafe { madvise(first as *mut u8, end - first, MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn ask_for_large_pages(_: *mut u8, _: usize) {}

/// A block of values that several threads read and write, each row by one thread at a time. Who
/// may touch which row when is the schedule's promise (see the drivers).
pub(super) struct Shared<T> {
    start: *mut T,
    len: usize,
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<T> {}

// SAFETY: a pointer to plain values; all access is unsafe and argued where it happens
unsafe impl<T: Send> Send for Shared<T> {}
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub(super) fn of(values: &mut [T]) -> Self {
        Self {
            start: values.as_mut_ptr(),
            len: values.len(),
        }
    }

    /// Where the first value lies.
    pub(super) fn start(self) -> *mut T {
        self.start
    }

    /// `len` values from `first` on, to read.
    ///
    /// # Safety
    /// No thread writes them while the slice lives.
    #[inline(always)]
    pub(super) unsafe fn get<'a>(self, first: usize, len: usize) -> &'a [T] {
        debug_assert!(first + len <= self.len);
        unsafe { std::slice::from_raw_parts(self.start.add(first), len) }
    }

    /// The bytes of `len` values from `first` on, to read.
    ///
    /// # Safety
    /// As [`Shared::get`].
    pub(super) unsafe fn bytes<'a>(self, first: usize, len: usize) -> &'a [u8]
    where
        T: Real,
    {
        debug_assert!(first + len <= self.len);
        // SAFETY: the caller's promise; values are plain numbers, which have no padding
        unsafe { std::slice::from_raw_parts(self.start.add(first).cast(), len * size_of::<T>()) }
    }

    /// The bytes of `len` values from `first` on, to write; any bytes are values.
    ///
    /// # Safety
    /// As [`Shared::get_mut`].
    pub(super) unsafe fn bytes_mut<'a>(self, first: usize, len: usize) -> &'a mut [u8]
    where
        T: Real,
    {
        debug_assert!(first + len <= self.len);
        // SAFETY: as above
        unsafe {
            std::slice::from_raw_parts_mut(self.start.add(first).cast(), len * size_of::<T>())
        }
    }

    /// `len` values from `first` on, to write.
    ///
    /// # Safety
    /// No other slice of them is used while this one lives.
    #[inline(always)]
    pub(super) unsafe fn get_mut<'a>(self, first: usize, len: usize) -> &'a mut [T] {
        debug_assert!(first + len <= self.len);
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), len) }
    }
}
