//! Truncated Fourier transforms of one sample, up to three dimensions, both directions.
//!
//! Along x fields are real: a transform is a product with cosines and sines. Along y and z they are
//! complex, see [`super::pairs`].
//!
//! A line of modes along x is `[re 0..Kx | im 0..Kx | padding]`, `line` numbers long.

use super::pairs::{Kind, Pairs, analyse_pairs, synthesise_pairs};
use super::places::{Place, gather, scatter};
use super::pool::Buffer;
use super::product::{Product, Start, Term, product};
use super::vector::Isa;
use crate::kernels::FourierGrid;
use crate::spectral::dft;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Matrices of one grid.
pub(super) struct Plan {
    pub grid: FourierGrid,
    /// Length of a line of modes.
    pub line: usize,
    /// Points to modes along x, `[W][line]`; transform, adjoint.
    x_analysis: [Vec<f32>; 2],
    /// Modes to points along x, `[2 Kx][W]`; transform, adjoint.
    x_synthesis: [Vec<f32>; 2],
    /// Along z and y.
    complex: [Pairs; 2],
}

impl Plan {
    fn new(grid: FourierGrid) -> Self {
        let [depth, height, width] = grid.sizes;
        let [kz, ky, kx] = grid.modes;
        let line = (2 * kx).div_ceil(16) * 16;
        let order = dft::ComplexOrder::Split;
        let analysis = dft::real_analysis(width, kx, order);
        let synthesis = dft::real_synthesis(width, kx, order);
        let by_points = |matrix: &[f64]| {
            let mut padded = vec![0.0; width * line];
            for k in 0..2 * kx {
                for x in 0..width {
                    padded[x * line + k] = matrix[k * width + x] as f32;
                }
            }
            padded
        };
        let by_modes = |matrix: &[f64]| matrix.iter().map(|&v| v as f32).collect();
        Self {
            grid,
            line,
            x_analysis: [by_points(&analysis), by_points(&synthesis)],
            x_synthesis: [by_modes(&synthesis), by_modes(&analysis)],
            complex: [Pairs::new(depth, kz), Pairs::new(height, ky)],
        }
    }

    /// The plan of a grid, made once.
    pub fn of(grid: FourierGrid) -> Arc<Self> {
        static PLANS: Mutex<Option<HashMap<FourierGrid, Arc<Plan>>>> = Mutex::new(None);
        let mut plans = PLANS
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        plans
            .get_or_insert_default()
            .entry(grid)
            .or_insert_with(|| Arc::new(Self::new(grid)))
            .clone()
    }

    /// Lines of a field along x.
    pub fn rows(&self) -> usize {
        self.grid.sizes[0] * self.grid.sizes[1]
    }

    /// Lines of a spectrum along x.
    pub fn mode_rows(&self) -> usize {
        self.grid.modes[0] * self.grid.modes[1]
    }

    /// Matrix from modes to points along x, `[2 Kx][W]`.
    pub fn x_synthesis(&self, kind: Kind) -> &[f32] {
        &self.x_synthesis[kind as usize]
    }
}

/// Fields `[channels, D, H, W]` to their modes.
///
/// # Safety
/// `x` is good for the channels, `place` for all modes.
pub(super) unsafe fn analyse(isa: Isa, plan: &Plan, kind: Kind, x: *const f32, place: Place) {
    let [depth, _, width] = plan.grid.sizes;
    let [_, ky, kx] = plan.grid.modes;
    let line = plan.line;
    let rows = place.channels * plan.rows();
    let mut lines = Buffer::new(rows * line);
    // SAFETY: rows of x by columns of the matrix, into a buffer of that size.
    unsafe {
        let along_x = Term {
            a: x,
            row: width,
            step: 1,
            b: plan.x_analysis[kind as usize].as_ptr(),
            stride: line,
            depth: width,
        };
        product(
            isa,
            &Product {
                rows,
                columns: 2 * kx,
                terms: &[along_x],
                start: Start::Zero,
                out: lines.as_mut_ptr(),
                stride: line,
            },
        );
    }
    let layers = place.channels * depth;
    let lines = analyse_pairs(isa, &plan.complex[1], kind, lines, layers, 1, [kx, line]);
    let lines = analyse_pairs(
        isa,
        &plan.complex[0],
        kind,
        lines,
        place.channels,
        ky,
        [kx, line],
    );
    // SAFETY: the spectrum is good for the place, the lines hold all its modes.
    unsafe { scatter(isa, lines.as_ptr(), plan.mode_rows(), [kx, line], place) };
}

/// Modes of some channels to lines along x, `[channels, D H, line]`; what is left is a product with
/// [`Plan::x_synthesis`].
///
/// # Safety
/// `place` is good for reading all modes.
pub(super) unsafe fn synthesise_lines(isa: Isa, plan: &Plan, kind: Kind, place: Place) -> Buffer {
    let [_, ky, kx] = plan.grid.modes;
    let line = plan.line;
    let mut lines = Buffer::new(place.channels * plan.mode_rows() * line);
    // SAFETY: as promised, and a buffer for all modes.
    unsafe { gather(isa, lines.as_mut_ptr(), plan.mode_rows(), [kx, line], place) };
    let lines = synthesise_pairs(
        isa,
        &plan.complex[0],
        kind,
        lines,
        place.channels,
        ky,
        [kx, line],
    );
    let layers = place.channels * plan.grid.sizes[0];
    synthesise_pairs(isa, &plan.complex[1], kind, lines, layers, 1, [kx, line])
}
