//! Where values lie on a device, and what fills them.
//!
//! The three components of E, and those of H, are one buffer each:
//!
//! ```text
//! component:  | zeros: a plane and a row | plane 0 | plane 1 | ...
//! plane:      | row 0 | row 1 | ... | a row of zeros
//! row:        | value 0 | value 1 | ... | zeros to a multiple of 32
//! ```
//!
//! so that every value has a neighbour on all sides, and what lies beyond the mesh is zero. Axes are
//! those of the engine's [layout](super::super::layout); a periodic axis has its last line no
//! second time.
//!
//! What a value's update multiplies by stands in a palette of triples, one for the three components
//! at a place, which the place names by a number of 8 bits as long as there are no more than 256 of
//! them, else of 16 or 32. Values on conductors and beyond a component's extent are multiplied by
//! zero: the kernels know of no walls. Of a part of a mesh, so are the lines of its neighbours, which
//! hold what these have sent.

use super::super::layout::{AXES, Layout};
use crate::maxwell::Model;
use std::collections::HashMap;

/// Threads along a row work together; rows begin at multiples of this.
const ALIGNED: usize = 32;

/// Places of values in the two buffers.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Values along each axis.
    pub(super) count: [usize; AXES],
    /// Distances between neighbours.
    pub(super) stride: [usize; AXES],
    /// Values in front of a component's first.
    pub(super) front: usize,
    /// Distance between components.
    pub(super) component: usize,
}

impl Frame {
    /// The frame of a layout.
    pub(super) fn new(layout: &Layout) -> Self {
        let count: [usize; AXES] =
            std::array::from_fn(|a| layout.cells[a] + usize::from(!layout.periodic[a]));
        let row = (count[0] + 1).next_multiple_of(ALIGNED);
        let plane = (count[1] + 1) * row;
        let front = plane + row;
        Self {
            count,
            stride: [1, row, plane],
            front,
            component: front + count[2] * plane,
        }
    }

    /// Values of a buffer.
    pub(super) fn len(&self) -> usize {
        AXES * self.component + self.stride[2]
    }

    /// Place of a value of a component, 0 to 2 of E as of H.
    pub(super) fn at(&self, component: usize, index: [usize; AXES]) -> usize {
        let inside: usize = (0..AXES).map(|a| index[a] * self.stride[a]).sum();
        component % AXES * self.component + self.front + inside
    }

    /// A place that is zero for ever.
    pub(super) const ZERO: usize = 0;
}

/// The palette of E or of H.
pub(super) struct Palette {
    /// Numbers of places, packed into words of 32 bits.
    pub(super) numbers: Vec<u32>,
    /// Bits of a number: 8, 16 or 32.
    pub(super) bits: u32,
    /// `(ca, cb)` of x, y and z for each number.
    pub(super) coefficients: Vec<[(f64, f64); AXES]>,
}

impl Palette {
    /// What fills E (`electric`) or H.
    pub(super) fn new(model: &Model, layout: &Layout, frame: &Frame, electric: bool) -> Self {
        let media: Vec<(f64, f64)> = match electric {
            true => {
                let media = model.edge_media.iter();
                media.map(|m| m.coefficients(model.time_step)).collect()
            }
            false => {
                let media = model.face_media.iter();
                media.map(|m| m.coefficients(model.time_step)).collect()
            }
        };
        let first = if electric { 0 } else { AXES };
        let stored: [[usize; AXES]; AXES] = std::array::from_fn(|c| {
            let all = layout.stored(first + c);
            std::array::from_fn(|a| all[a].min(frame.count[a]))
        });
        let medium = |c: usize, index: [usize; AXES]| -> u32 {
            let own = |a: usize| index[a] < stored[c][a] && layout.own[a].contains(&index[a]);
            if !(0..AXES).all(own) || layout.held(first + c, index) {
                return 0;
            }
            let [i, j, k] = layout.in_model(index);
            let at = [k, j, i];
            let axis = layout.turned[c];
            1 + match (electric, &model.faces) {
                (true, _) => u32::from(model.edges[axis][at]),
                (false, Some(faces)) => u32::from(faces[axis][at]),
                (false, None) => 0,
            }
        };
        let mut known = HashMap::from([([0; AXES], 0)]);
        let mut triples = vec![[0; AXES]];
        let mut numbers = vec![0u32; frame.component];
        let [ni, nj, nk] = frame.count;
        let mut last = ([0; AXES], 0);
        for k in 0..nk {
            for j in 0..nj {
                for i in 0..ni {
                    let triple = std::array::from_fn(|c| medium(c, [i, j, k]));
                    if triple != last.0 {
                        let number = *known.entry(triple).or_insert_with(|| {
                            triples.push(triple);
                            triples.len() as u32 - 1
                        });
                        last = (triple, number);
                    }
                    numbers[frame.at(0, [i, j, k])] = last.1;
                }
            }
        }
        let of = |m: u32| match m {
            0 => (0.0, 0.0),
            m => media[m as usize - 1],
        };
        let bits = match triples.len() {
            0..=256 => 8,
            257..=65536 => 16,
            _ => 32,
        };
        Self {
            numbers: packed(&numbers, bits),
            bits,
            coefficients: triples.iter().map(|t| t.map(of)).collect(),
        }
    }
}

/// Numbers side by side in words, the first in the lowest bits.
fn packed(numbers: &[u32], bits: u32) -> Vec<u32> {
    let together = (32 / bits) as usize;
    let word = |chunk: &[u32]| {
        let shifted = chunk.iter().zip(0..).map(|(n, at)| n << (at * bits));
        shifted.fold(0, |word, n| word | n)
    };
    numbers.chunks(together).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_packed_from_the_lowest_bits() {
        assert_eq!(packed(&[1, 2, 3, 4, 5], 8), [0x0403_0201, 5]);
        assert_eq!(packed(&[1, 2, 3], 16), [0x0002_0001, 3]);
        assert_eq!(packed(&[1, 2], 32), [1, 2]);
    }
}
