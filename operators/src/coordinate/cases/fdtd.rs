//! Fields of a two-dimensional FDTD run at nodes and times of a reference.

use super::{Reference, Solved, Steps};
use crate::error::Result;
use curlwind_solvers::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_IMPEDANCE};
use curlwind_solvers::maxwell::{Component, Model, Scheme, Simulation};
use ndarray::{Array2, ArrayView3};
use std::time::Instant;

/// A square of `cells` cells a side, its lower corner at `corner`, within a mesh that has `margin`
/// cells more on each side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Square {
    pub corner: f64,
    pub side: f64,
    pub cells: usize,
    pub margin: usize,
}

impl Square {
    pub fn spacing(&self) -> f64 {
        self.side / self.cells as f64
    }

    /// Mesh lines along x or y, from 0 at the mesh's edge.
    pub fn lines(&self) -> Vec<f64> {
        let count = self.cells + 2 * self.margin;
        (0..=count).map(|n| self.spacing() * n as f64).collect()
    }

    /// Coordinate of a place in the mesh, in cells.
    pub fn coordinate(&self, place: f64) -> f64 {
        self.corner + (place - self.margin as f64) * self.spacing()
    }

    /// Index of the node at a coordinate.
    fn node(&self, coordinate: f64) -> usize {
        self.margin + ((coordinate - self.corner) / self.spacing()).round() as usize
    }
}

/// A component along x and y at a node, from the values beside it: to fourth order where it lies
/// between nodes and there are enough of them.
fn at_node(field: &ArrayView3<f64>, component: Component, [i, j]: [usize; 2]) -> f64 {
    let offset = component.offset();
    let taps = |half: bool, n: usize, length: usize| -> Vec<(usize, f64)> {
        match half {
            false => vec![(n, 1.0)],
            true if n >= 2 && n + 1 < length => {
                let weights = [-1.0, 9.0, 9.0, -1.0].map(|w| w / 16.0);
                (0..4).map(|k| (n + k - 2, weights[k])).collect()
            }
            true if n == 0 => vec![(0, 1.5), (1, -0.5)],
            true if n + 1 >= length && n >= 2 => vec![(n - 1, 1.5), (n - 2, -0.5)],
            true => vec![(n - 1, 0.5), (n, 0.5)],
        }
    };
    let (_, rows, columns) = field.dim();
    // The last row and column of a component between nodes are no part of the mesh.
    let x = taps(offset[0] > 0.0, i, columns - usize::from(offset[0] > 0.0));
    let y = taps(offset[1] > 0.0, j, rows - usize::from(offset[1] > 0.0));
    let sum = y.iter().map(|&(j, wy)| {
        let row = x.iter().map(|&(i, wx)| wx * field[[0, j, i]]);
        wy * row.sum::<f64>()
    });
    sum.sum()
}

/// Runs a model and takes components at the nodes and times (in metres of light) of a reference; H
/// times the impedance of the vacuum. `start` sets the first fields.
pub(super) fn run(
    model: &Model,
    square: Square,
    components: [Component; 3],
    at: &Reference,
    start: impl FnOnce(&mut Simulation<f64>) -> Result<()>,
) -> Result<Solved> {
    let begun = Instant::now();
    let mut simulation = Simulation::<f64>::new(model, Scheme::Fastest)?;
    start(&mut simulation)?;
    let [times, xs, ys] = [0, 1, 2].map(|axis| &at.axes[axis]);
    let nodes = |axis: &[f64]| -> Vec<usize> { axis.iter().map(|x| square.node(*x)).collect() };
    let (xs, ys) = (nodes(xs), nodes(ys));
    let step = model.time_step * SPEED_OF_LIGHT;
    let mut values = Array2::zeros((times.len() * xs.len() * ys.len(), 3));
    let mut done = 0;
    let mut seconds = begun.elapsed().as_secs_f64();
    for (n, time) in times.iter().enumerate() {
        let begun = Instant::now();
        let wanted = (time / step).round() as usize;
        simulation.advance(wanted - done);
        let now = components.map(|component| simulation.field(component));
        // H half a step before and half a step after.
        simulation.advance(1);
        done = wanted + 1;
        let next = components.map(|component| simulation.field(component));
        for (q, component) in components.into_iter().enumerate() {
            let [now, next] = [&now[q], &next[q]].map(|field| field.view());
            for (a, &i) in xs.iter().enumerate() {
                for (b, &j) in ys.iter().enumerate() {
                    let value = |field: &ArrayView3<f64>| at_node(field, component, [i, j]);
                    values[[(n * xs.len() + a) * ys.len() + b, q]] = match component.is_electric() {
                        true => value(&now),
                        false => VACUUM_IMPEDANCE * 0.5 * (value(&now) + value(&next)),
                    };
                }
            }
        }
        seconds += begun.elapsed().as_secs_f64();
    }
    Ok(Solved { values, seconds })
}

/// Steps of 0.7 cells or a little less: the longest stable ones in a plane are of `1 / sqrt 2`.
pub(super) fn steps(at: &Reference, resolution: usize, side: f64) -> Result<Steps> {
    super::a_node_at_each_point(at, resolution)?;
    let spacing = side / resolution as f64;
    Ok(Steps::dividing(at, 0.7 * spacing, spacing / 2f64.sqrt()))
}
