//! Absorbing layers: CFS-CPML (J. A. Roden and S. D. Gedney, Microw. Opt. Technol. Lett. 27,
//! 334-339, 2000).
//!
//! Inside a layer each derivative along its axis becomes `(1/kappa) d/dx + psi` with
//!
//! ```text
//! psi <- b psi + c d/dx
//! b = exp(-(sigma / kappa + alpha) dt / eps0)
//! c = sigma / (sigma kappa + kappa^2 alpha) (b - 1)
//! sigma, kappa - 1 ~ depth^order,  alpha ~ 1 - depth,  sigma_opt = 0.8 (order + 1) / (eta0 d)
//! ```
//!
//! with the depth 0 at the inner face and 1 at the conductor that backs the layer. Across rows and
//! planes `1 / kappa` is part of the row's spacing; along x the layer is a correction of a window
//! of the row, `psi + (1 / kappa - 1) d/dx`.

use super::Real;
use super::layout::Layout;
use super::spacing::{Spacings, Steps};
use crate::maxwell::constants::{VACUUM_IMPEDANCE, VACUUM_PERMITTIVITY};
use crate::maxwell::{Cpml, Wall};

/// Coefficients for one row, plane or place along x: `1 / d` is part of `c` and `g`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Stretch<T> {
    /// Decay of psi in a step.
    pub(super) b: T,
    /// What a difference adds to psi.
    pub(super) c: T,
    /// `(1 / kappa - 1) / d`.
    pub(super) g: T,
}

/// The layers at both ends of an axis.
#[derive(Clone, Debug)]
pub(super) struct Layers<T> {
    low: usize,
    high: usize,
    cells: usize,
    electric: Vec<Stretch<T>>,
    magnetic: Vec<Stretch<T>>,
}

impl<T: Real> Layers<T> {
    /// The layers of an axis; across rows and planes (`axis` 1 and 2) their kappa goes into the
    /// spacings.
    pub(super) fn new(
        layout: &Layout,
        spacings: &Spacings,
        steps: &mut Steps<T>,
        axis: usize,
        time_step: f64,
    ) -> Self {
        let cells = layout.cells[axis];
        let (low, high) = (layout.layer(axis, 0), layout.layer(axis, 1));
        let d = &spacings.primary[axis];
        let mut nodes = vec![0.0];
        nodes.extend(d.iter().scan(0.0, |x, d| {
            *x += d;
            Some(*x)
        }));
        let end = nodes[cells];
        // depth into a layer of the given side
        let depth = |x: f64, side: usize| match side {
            0 => (nodes[low] - x) / nodes[low],
            _ => (x - nodes[cells - high]) / (end - nodes[cells - high]),
        };
        let mut electric = vec![Stretch::default(); cells + 1];
        let mut magnetic = electric.clone();
        for (side, wall) in layout.walls[axis].iter().enumerate() {
            let Wall::Cpml(cpml) = wall else { continue };
            let thickness = match side {
                0 => nodes[low],
                _ => end - nodes[cells - high],
            };
            let mean = thickness / cpml.cells as f64;
            for i in 0..cpml.cells {
                let node = if side == 0 { i } else { cells - i };
                let face = if side == 0 { i } else { cells - 1 - i };
                // the outermost node is a conductor
                if i > 0 {
                    let (stretch, kappa) = stretch(
                        cpml,
                        depth(nodes[node], side),
                        mean,
                        spacings.dual[axis][node],
                        time_step,
                    );
                    electric[node] = stretch;
                    if axis > 0 {
                        steps.electric[node] =
                            T::from_f64(1.0 / (kappa * spacings.dual[axis][node]));
                    }
                }
                let middle = 0.5 * (nodes[face] + nodes[face + 1]);
                let (stretch, kappa) = stretch(cpml, depth(middle, side), mean, d[face], time_step);
                magnetic[face] = stretch;
                if axis > 0 {
                    steps.magnetic[face] = T::from_f64(1.0 / (kappa * d[face]));
                }
            }
        }
        Self {
            low,
            high,
            cells,
            electric,
            magnetic,
        }
    }

    /// Number of rows or planes that need a psi.
    pub(super) fn slabs(&self) -> usize {
        match self.low + self.high {
            0 => 0,
            cells => cells + 1,
        }
    }

    /// The slab that a row or plane is in, for E or H.
    #[inline(always)]
    pub(super) fn slab(&self, electric: bool, at: usize) -> Option<usize> {
        if at < self.low {
            Some(at)
        } else if at + self.high >= self.cells + usize::from(electric) && self.high > 0 {
            Some(at + self.low + self.high - self.cells)
        } else {
            None
        }
    }

    /// The coefficients there.
    #[inline(always)]
    pub(super) fn stretch(&self, electric: bool, at: usize) -> Stretch<T> {
        if electric {
            self.electric[at]
        } else {
            self.magnetic[at]
        }
    }

    /// The windows of a row in which layers along x correct the update.
    pub(super) fn windows(&self, width: usize) -> Vec<Window<T>> {
        let mut place = 0;
        let mut all = Vec::new();
        for (side, cells) in [self.low, self.high].into_iter().enumerate() {
            if cells == 0 {
                continue;
            }
            let len = cells.next_multiple_of(8);
            let first = match side {
                0 => 0,
                _ => (self.cells - cells).min(width - len),
            };
            let pick = |electric: bool| {
                (first..first + len)
                    .map(|i| {
                        let own = match side {
                            0 => i < cells,
                            _ => i + cells >= self.cells && i <= self.cells,
                        };
                        if own {
                            self.stretch(electric, i)
                        } else {
                            Stretch::default()
                        }
                    })
                    .collect::<Vec<_>>()
            };
            all.push(Window {
                first,
                len,
                place,
                electric: Coefficients::new(&pick(true)),
                magnetic: Coefficients::new(&pick(false)),
            });
            place += len;
        }
        all
    }
}

/// A stretch of a row inside a layer along x, a multiple of eight values long; values outside the
/// layer have zero coefficients.
#[derive(Clone, Debug)]
pub(super) struct Window<T> {
    /// First value.
    pub(super) first: usize,
    /// Number of values.
    pub(super) len: usize,
    /// First psi among those of the row.
    pub(super) place: usize,
    /// For E.
    pub(super) electric: Coefficients<T>,
    /// For H.
    pub(super) magnetic: Coefficients<T>,
}

/// The coefficients of a window, apart.
#[derive(Clone, Debug)]
pub(super) struct Coefficients<T> {
    pub(super) b: Vec<T>,
    pub(super) c: Vec<T>,
    pub(super) g: Vec<T>,
}

impl<T: Real> Coefficients<T> {
    fn new(all: &[Stretch<T>]) -> Self {
        Self {
            b: all.iter().map(|s| s.b).collect(),
            c: all.iter().map(|s| s.c).collect(),
            g: all.iter().map(|s| s.g).collect(),
        }
    }
}

/// Coefficients at a depth in a layer of cells of `mean` length, for a difference over `d`; and
/// kappa.
fn stretch<T: Real>(
    cpml: &Cpml,
    depth: f64,
    mean: f64,
    d: f64,
    time_step: f64,
) -> (Stretch<T>, f64) {
    let depth = depth.clamp(0.0, 1.0);
    let optimum = 0.8 * (cpml.order + 1.0) / (VACUUM_IMPEDANCE * mean);
    let grade = depth.powf(cpml.order);
    let sigma = cpml.sigma * optimum * grade;
    let kappa = 1.0 + (cpml.kappa - 1.0) * grade;
    let alpha = cpml.alpha * optimum * (1.0 - depth);
    let decay = -(sigma / kappa + alpha) * time_step / VACUUM_PERMITTIVITY;
    let c = if sigma == 0.0 {
        0.0
    } else {
        sigma / (sigma * kappa + kappa * kappa * alpha) * decay.exp_m1()
    };
    let stretch = Stretch {
        b: T::from_f64(decay.exp()),
        c: T::from_f64(c / d),
        g: T::from_f64((1.0 / kappa - 1.0) / d),
    };
    (stretch, kappa)
}
