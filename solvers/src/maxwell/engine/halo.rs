//! What processes tell each other in every step: one line of each side at which the mesh is cut.
//!
//! H is updated with E one row and one plane on, E with H one row and one plane back; so after H
//! each process sends its last row and plane up, and after E its first ones down. A difference
//! along an axis takes the two components across it, and edges of the block are not needed:
//!
//! ```text
//! bytes in a step = 2 half steps * 2 components * (lines of the face) * (values of a line)
//! ```

use super::Real;
use super::buffer::Shared;
use super::decomposition::Decomposition;
use super::grid::{COMPONENTS, Grid};
use super::layout::AXES;
use crate::Result;
use crate::ranks::Communicator;
use std::ops::Range;

/// A side at which the mesh is cut, and who is beyond it.
struct Face {
    axis: usize,
    side: usize,
    peer: usize,
}

/// The faces of a part of a mesh, and where their values are.
pub(super) struct Halo {
    faces: Vec<Face>,
    /// Components across each axis that are not zero for ever, of H and of E.
    components: [[Vec<usize>; AXES]; 2],
    /// Own rows and planes.
    own: [Range<usize>; AXES],
    /// Number of values of a row, its place for a plane and a row.
    line: usize,
    start: usize,
    stride: usize,
    plane: usize,
}

impl Halo {
    pub(super) fn new<T: Real>(grid: &Grid<T>, decomposition: &Decomposition, rank: usize) -> Self {
        let layout = &grid.layout;
        let sides = [(1, 0), (1, 1), (2, 0), (2, 1)].into_iter();
        let faces = sides.filter_map(|(axis, side)| {
            let peer = decomposition.beside(rank, axis, side)?;
            Some(Face { axis, side, peer })
        });
        Self {
            faces: faces.collect(),
            components: [AXES, 0].map(|first| {
                std::array::from_fn(|axis| {
                    let across = (0..AXES).filter(|a| *a != axis).map(|a| first + a);
                    across.filter(|c| grid.active[*c]).collect()
                })
            }),
            own: layout.own.clone(),
            line: layout.line(),
            start: layout.start(0, 0),
            stride: layout.stride,
            plane: layout.plane,
        }
    }

    /// Whether others wait for the first (`side` 0) or last line along an axis.
    pub(super) fn is_cut(&self, axis: usize, side: usize) -> bool {
        self.faces.iter().any(|f| (f.axis, f.side) == (axis, side))
    }

    /// Bytes that this process sends in a step: the first lines of E, the last of H.
    pub(super) fn bytes<T: Real>(&self) -> usize {
        let of = |face: &Face| self.bytes_of::<T>(face, face.side == 0);
        self.faces.iter().map(of).sum()
    }

    fn bytes_of<T: Real>(&self, face: &Face, electric: bool) -> usize {
        let components = self.components[usize::from(electric)][face.axis].len();
        let lines = self.own[AXES - face.axis].len();
        components * lines * self.line * size_of::<T>()
    }

    /// Places of the first values of the rows of a face at a line along its axis.
    fn rows(&self, face: &Face, line: usize) -> impl Iterator<Item = usize> {
        let (own, start) = (self.own[AXES - face.axis].clone(), self.start);
        let (along, step) = match face.axis {
            1 => (self.stride, self.plane),
            _ => (self.plane, self.stride),
        };
        own.map(move |n| start + line * along + n * step)
    }

    /// Begins the exchange that is due after the update of H (`electric` false) or E.
    ///
    /// # Safety
    /// Nobody writes the rows on the faces meanwhile.
    pub(super) unsafe fn begin<T: Real>(
        &self,
        fields: &[Shared<T>; COMPONENTS],
        electric: bool,
        ranks: &mut dyn Communicator,
    ) -> Result<()> {
        // H goes up, E goes down
        let sends = usize::from(!electric);
        for face in &self.faces {
            let len = self.bytes_of::<T>(face, electric);
            let tag = (2 * face.axis + usize::from(electric)) as u16;
            if len == 0 {
                continue;
            }
            if face.side != sends {
                ranks.receive(face.peer, tag, len)?;
                continue;
            }
            let own = &self.own[face.axis];
            let line = if face.side == 0 {
                own.start
            } else {
                own.end - 1
            };
            let mut bytes = Vec::with_capacity(len);
            for &component in &self.components[usize::from(electric)][face.axis] {
                for row in self.rows(face, line) {
                    // SAFETY: the caller's promise
                    bytes.extend_from_slice(unsafe { fields[component].bytes(row, self.line) });
                }
            }
            ranks.send(face.peer, tag, bytes)?;
        }
        Ok(())
    }

    /// Waits for what the others have sent, and puts it beside the own rows.
    ///
    /// # Safety
    /// Nobody reads or writes the rows of others meanwhile.
    pub(super) unsafe fn end<T: Real>(
        &self,
        fields: &[Shared<T>; COMPONENTS],
        electric: bool,
        ranks: &mut dyn Communicator,
    ) -> Result<()> {
        let sends = usize::from(!electric);
        let come = self
            .faces
            .iter()
            .filter(|face| face.side != sends && self.bytes_of::<T>(face, electric) > 0);
        for (face, bytes) in come.zip(ranks.wait()?) {
            let own = &self.own[face.axis];
            let line = if face.side == 0 {
                own.start - 1
            } else {
                own.end
            };
            let mut all = bytes.chunks_exact(self.line * size_of::<T>());
            for &component in &self.components[usize::from(electric)][face.axis] {
                for (row, values) in self.rows(face, line).zip(&mut all) {
                    // SAFETY: the caller's promise
                    unsafe { fields[component].bytes_mut(row, self.line) }.copy_from_slice(values);
                }
            }
        }
        Ok(())
    }
}
