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
//! planes `1 / kappa` is part of the row's spacing; along x the layer is a correction of the
//! values inside of it, `psi + (1 / kappa - 1) d/dx`.

use super::Real;
use super::buffer::Buffer;
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
    /// Of the whole mesh.
    cells: usize,
    /// Place in the whole mesh of the first line.
    first: usize,
    /// Number of the slab of each line, counted from the first line on.
    slabs: Vec<usize>,
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
        let own = Self {
            low,
            high,
            cells,
            first: 0,
            slabs: Vec::new(),
            electric,
            magnetic,
        };
        own.numbered()
    }

    /// The layers as far as a part of the mesh has them.
    pub(super) fn part(self, layout: &Layout, axis: usize) -> Self {
        if layout.cut[axis] == [false; 2] {
            return self;
        }
        let of = |all: &[Stretch<T>]| {
            (0..=layout.cells[axis])
                .map(|line| all[layout.in_whole(axis, line)])
                .collect()
        };
        let own = Self {
            first: layout.first[axis],
            electric: of(&self.electric),
            magnetic: of(&self.magnetic),
            ..self
        };
        own.numbered()
    }

    fn numbered(mut self) -> Self {
        let inside = |at: usize| self.is_inside(true, at) || self.is_inside(false, at);
        let slabs = (0..self.electric.len()).scan(0, |next, at| {
            let number = *next;
            *next += usize::from(inside(at));
            Some(number)
        });
        self.slabs = slabs.collect();
        self
    }

    /// Number of rows or planes that need a psi.
    pub(super) fn slabs(&self) -> usize {
        let last = self.slabs.len() - 1;
        self.slabs[last] + usize::from(self.is_inside(true, last) || self.is_inside(false, last))
    }

    fn is_inside(&self, electric: bool, at: usize) -> bool {
        let at = at + self.first;
        let beyond = at + self.high >= self.cells + usize::from(electric);
        at < self.low || (beyond && self.high > 0)
    }

    /// The slab that a row or plane is in, for E or H.
    pub(super) fn slab(&self, electric: bool, at: usize) -> Option<usize> {
        self.is_inside(electric, at).then(|| self.slabs[at])
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

    /// The layers of x as a row of `width` values sees them; vectors of `line` values and parts of
    /// them never lie across their ends.
    pub(super) fn along_row(&self, width: usize, line: usize) -> RowLayer<T> {
        let low = self.low.next_multiple_of(line).min(width);
        let high = match self.high {
            0 => width,
            high => (self.cells - high) / line * line,
        };
        // in short rows both may be in one vector
        let high = high.max(low);
        let values = (low + width - high).next_multiple_of(line);
        let pick = |electric: bool| {
            let place = |n: usize| if n < low { n } else { n - low + high };
            let own = |i: usize| i < self.low || (i + self.high >= self.cells && i <= self.cells);
            let all: Vec<_> = (0..values)
                .map(place)
                .map(|i| match own(i) && i < width.min(self.cells + 1) {
                    true => self.stretch(electric, i),
                    false => Stretch::default(),
                })
                .collect();
            Coefficients::new(&all)
        };
        RowLayer {
            low,
            high,
            values,
            electric: pick(true),
            magnetic: pick(false),
        }
    }
}

/// The stretches of a row inside layers along x: values below `low` and from `high` on. Values there
/// that are outside of the layer have zero coefficients.
pub(super) struct RowLayer<T> {
    pub(super) low: usize,
    pub(super) high: usize,
    /// Number of values in both, padded: psi of a row.
    pub(super) values: usize,
    /// For E.
    pub(super) electric: Coefficients<T>,
    /// For H.
    pub(super) magnetic: Coefficients<T>,
}

impl<T: Real> RowLayer<T> {
    /// Place of value `i` of a row among those in layers.
    pub(super) fn place(&self, i: usize) -> Option<usize> {
        if i < self.low {
            Some(i)
        } else if i >= self.high {
            Some(self.low + i - self.high)
        } else {
            None
        }
    }
}

/// The coefficients of such stretches, apart.
pub(super) struct Coefficients<T> {
    pub(super) b: Buffer<T>,
    pub(super) c: Buffer<T>,
    pub(super) g: Buffer<T>,
}

impl<T: Real> Coefficients<T> {
    /// Where b, c and g are.
    pub(super) fn places(&self) -> [*const T; 3] {
        [&self.b, &self.c, &self.g].map(|of| of.as_ptr())
    }

    fn new(all: &[Stretch<T>]) -> Self {
        let aligned = |of: fn(&Stretch<T>) -> T| {
            let mut values = Buffer::zeros(all.len());
            for (to, from) in values.iter_mut().zip(all) {
                *to = of(from);
            }
            values
        };
        Self {
            b: aligned(|s| s.b),
            c: aligned(|s| s.c),
            g: aligned(|s| s.g),
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
