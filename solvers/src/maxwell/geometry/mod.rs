//! Shapes of materials, the mesh that resolves them, and the media of its edges and faces.
//!
//! * [`Shape`], [`Material`], [`Solid`]: what the user describes, in metres.
//! * [`MeshRules`]: a graded mesh whose lines lie on the faces of the solids.
//! * [`voxelise`]: the solids in a [`Model`](super::Model)'s palettes.

mod averaging;
mod material;
mod mesh_rules;
mod shape;
mod solid;
mod voxelise;
mod wire;
mod wire_end;

pub use material::{Material, Medium};
pub use mesh_rules::{Estimate, Margin, MeshRules, Region};
pub use shape::{Overlap, Shape};
pub use solid::{Solid, Trace};
pub use voxelise::voxelise;
pub use wire::bare_radius;
pub(super) use wire::nearest;

#[cfg(test)]
mod tests;
