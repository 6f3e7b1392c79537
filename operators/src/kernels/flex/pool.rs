//! Buffers that are used again.
//!
//! A training step allocates the same large buffers over and over. Fresh memory from the system
//! costs a page fault every 4 kB, a quarter of a step; here a buffer that is let go of waits for
//! the next one of its size.

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{DType, Shape};
use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty, Bytes};
use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// Sixteen numbers in a cache line of their own.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code)] [f32; 16]); // read through pointers

/// Idle buffers are kept up to this many bytes.
const KEPT: usize = 1 << 30;

#[derive(Default)]
struct Idle {
    bytes: usize,
    by_lines: HashMap<usize, Vec<Vec<Line>>>,
}

static IDLE: Mutex<Option<Idle>> = Mutex::new(None);

/// Numbers at the start of a cache line, with whatever was there before.
pub(super) struct Buffer {
    lines: Vec<Line>,
    length: usize,
}

impl Buffer {
    pub fn new(length: usize) -> Self {
        let count = length.div_ceil(16);
        // A poisoned lock only means that another thread failed elsewhere.
        let mut idle = IDLE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let idle = idle.get_or_insert_default();
        let found = idle.by_lines.get_mut(&count).and_then(Vec::pop);
        let lines = match found {
            Some(lines) => {
                idle.bytes -= 64 * count;
                lines
            }
            None => vec![Line([0.0; 16]); count],
        };
        Self { lines, length }
    }

    pub fn zeroed(length: usize) -> Self {
        let mut buffer = Self::new(length);
        buffer.fill(0.0);
        buffer
    }

    /// The buffer as a contiguous tensor, which gives it back when it is dropped.
    pub fn into_tensor(self, shape: Shape) -> FlexTensor {
        assert_eq!(shape.num_elements(), self.length, "elements of a tensor");
        let bytes = 4 * self.length;
        // SAFETY: all of `length` is initialised: with zeros once, with numbers since.
        let bytes = unsafe { Bytes::from_controller(Box::new(self), bytes) };
        FlexTensor::new(bytes, Layout::contiguous(shape), DType::F32)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let bytes = 64 * lines.len();
        let mut idle = IDLE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let idle = idle.get_or_insert_default();
        if idle.bytes + bytes <= KEPT {
            idle.bytes += bytes;
            idle.by_lines.entry(lines.len()).or_default().push(lines);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: lines are numbers without padding, and there are enough of them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above, and borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

impl AllocationController for Buffer {
    fn alloc_align(&self) -> usize {
        64
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(
        &mut self,
        _: AccessPolicy,
    ) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let bytes = 4 * self.length;
        // SAFETY: numbers are bytes, and the caller writes initialised ones.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), bytes) })
    }

    fn memory(&self, _: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        // SAFETY: numbers are bytes.
        Ok(unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), 4 * self.length) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back() {
        let odd = 123_457;
        let place = {
            let mut buffer = Buffer::new(odd);
            buffer[7] = 3.0;
            let tensor = buffer.into_tensor(Shape::from([odd]));
            assert_eq!(tensor.storage::<f32>()[7], 3.0);
            tensor.storage::<f32>().as_ptr()
        };
        let again = Buffer::new(odd);
        assert_eq!(again.as_ptr(), place);
        assert_eq!(place.align_offset(64), 0);
        assert!(Buffer::zeroed(5).iter().all(|v| *v == 0.0));
    }
}
