//! Spacings of the two staggered grids along the engine's axes.

use super::Real;
use super::layout::{AXES, Layout};
use crate::maxwell::{Axis, Model, Wall};

/// Lengths in metres along the three axes.
#[derive(Clone, Debug)]
pub(super) struct Spacings {
    /// Of the cells.
    pub(super) primary: [Vec<f64>; AXES],
    /// Between the centres of cells, one per stored line: half a cell at the ends, except along a
    /// periodic axis.
    pub(super) dual: [Vec<f64>; AXES],
}

impl Spacings {
    pub(super) fn new(model: &Model, layout: &Layout) -> Self {
        let axis = |a: usize| Axis::ALL[layout.turned[a]];
        let primary: [Vec<f64>; AXES] = std::array::from_fn(|a| model.mesh.spacings(axis(a)));
        let dual = std::array::from_fn(|a| {
            let mut dual = model.mesh.dual_spacings(axis(a));
            if layout.periodic[a] {
                let last = dual.pop().unwrap_or(0.0);
                dual[0] += last;
            }
            dual
        });
        Self { primary, dual }
    }

    /// Those of the lines that a part of the mesh stores.
    pub(super) fn part(&self, layout: &Layout) -> Self {
        let of = |lengths: &[Vec<f64>; AXES], count: [usize; AXES]| {
            std::array::from_fn(|a| match layout.cut[a] {
                [false, false] => lengths[a].clone(),
                _ => (0..count[a])
                    .map(|line| lengths[a][layout.in_whole(a, line)])
                    .collect(),
            })
        };
        Self {
            primary: of(&self.primary, layout.cells),
            dual: of(&self.dual, layout.cells.map(|cells| cells + 1)),
        }
    }

    /// Length of an edge or, for an H component, of the dual edge through its face.
    pub(super) fn length(&self, component: usize, index: [usize; 3]) -> f64 {
        let axis = component % AXES;
        self.of(component < AXES, axis, index[axis])
    }

    /// Area of a face or, for an E component, of the dual face around its edge.
    pub(super) fn area(&self, component: usize, index: [usize; 3]) -> f64 {
        let axis = component % AXES;
        (0..AXES)
            .filter(|&a| a != axis)
            .map(|a| self.of(component >= AXES, a, index[a]))
            .product()
    }

    fn of(&self, primary: bool, axis: usize, at: usize) -> f64 {
        if primary {
            self.primary[axis][at]
        } else {
            let dual = &self.dual[axis];
            dual[at % dual.len()]
        }
    }
}

/// Reciprocals of the spacings along one axis as the updates use them.
#[derive(Clone, Debug)]
pub(super) struct Steps<T> {
    /// `1 / d` for each row, plane or place along x over which E is updated (dual grid).
    pub(super) electric: Vec<T>,
    /// The same for H (primary grid).
    pub(super) magnetic: Vec<T>,
    /// The one value of both when they are all equal.
    pub(super) uniform: Option<T>,
}

impl<T: Real> Steps<T> {
    pub(super) fn new(model: &Model, layout: &Layout, spacings: &Spacings, axis: usize) -> Self {
        let reciprocal = |lengths: &[f64]| -> Vec<T> {
            let mut all: Vec<T> = lengths.iter().map(|d| T::from_f64(1.0 / d)).collect();
            // rows are padded; H on the last line has no cell there
            let lines = layout.cells[axis] + 1;
            let len = if axis == 0 {
                lines.max(layout.width)
            } else {
                lines
            };
            all.resize(len, T::ZERO);
            all
        };
        let even = model.mesh.is_uniform(Axis::ALL[layout.turned[axis]])
            && !layout.walls[axis].contains(&Wall::Pmc);
        let cells = &spacings.primary[axis];
        let length: f64 = cells.iter().sum();
        Self {
            electric: reciprocal(&spacings.dual[axis]),
            magnetic: reciprocal(cells),
            uniform: even.then(|| T::from_f64(cells.len() as f64 / length)),
        }
    }

    /// Those of the lines along an axis that a part of the mesh stores.
    pub(super) fn part(self, layout: &Layout, axis: usize) -> Self {
        let of = |all: Vec<T>| match layout.cut[axis] {
            [false, false] => all,
            _ => (0..=layout.cells[axis])
                .map(|line| all[layout.in_whole(axis, line)])
                .collect(),
        };
        Self {
            electric: of(self.electric),
            magnetic: of(self.magnetic),
            uniform: self.uniform,
        }
    }
}
