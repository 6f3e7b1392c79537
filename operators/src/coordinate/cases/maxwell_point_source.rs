//! A pulse from a point into open space, two-dimensional, TE: MindElec's example of time-domain Maxwell's
//! equations. A magnetic current along z in the middle of a square of 1 m,
//!
//! ```text
//! M(t, r) = exp(-((t - t0) / tau)^2) delta(r),   tau = sqrt(2.3) / (pi f),   t0 = 3.65 tau,   f = 1 GHz
//! ```
//!
//! for 4 ns. The point is a Gaussian of some width. Lengths in metres, times in metres of light, H
//! times the impedance of the vacuum.
//!
//! The network is a potential p with `Hz = p_t, Ex = p_y, Ey = -p_x`, so that Ampere's law holds exactly and
//! Faraday's is the residual. What the source does next to itself is known: with the pulse g, the
//! potential `g integral of h / 2 pi`, `h(r) = (1 - exp(-r^2 / 2 w^2)) / r`, satisfies Faraday's law with
//! the source but for `p_tt`. The exact conditions put it into the function, and leave the network what
//! is smooth; farther than a wavelength it is faded out.

use super::fdtd::{self, Square};
use super::{Case, Conditions, Quantity, Reference, Solved, Steps, even};
use crate::buffers::matrix;
use crate::coordinate::problem::OfCoordinates;
use crate::coordinate::{Domain, Field, Jet, Place, Problem, Term};
use crate::error::Result;
use crate::kernels::jets::JetOrder;
use crate::residuals::pointwise;
use burn::tensor::{DType, Tensor};
use curlwind_solvers::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_IMPEDANCE};
use curlwind_solvers::maxwell::{Component, Cpml, Mesh, Model, SourceTerm, Wall};
use ndarray::{Array2, ArrayView2};
use rand::Rng;
use std::f64::consts::{PI, TAU};
use std::sync::Arc;

/// The source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxwellPointSource {
    /// Highest frequency in Hz.
    pub frequency: f64,
    /// Standard deviation w of the source in m.
    pub width: f64,
    /// Length of the run in metres of light.
    pub duration: f64,
}

impl Default for MaxwellPointSource {
    fn default() -> Self {
        Self {
            frequency: 1e9,
            width: 0.02,
            duration: 1.2,
        }
    }
}

const HALF: f64 = 0.5;
/// Cells along a side of the truth.
const FINEST: usize = 800;
/// Where the source's near field is faded out, in m.
const REACH: f64 = 0.2;

impl MaxwellPointSource {
    /// The pulse and its first two derivatives at a time in metres of light.
    fn pulse(&self, t: f64) -> [f64; 3] {
        let tau = 2.3f64.sqrt() / (PI * self.frequency) * SPEED_OF_LIGHT;
        let s = (t - 3.65 * tau) / tau;
        let g = (-s * s).exp();
        let first = -2.0 * s * g / tau;
        [g, first, (4.0 * s * s - 2.0) * g / (tau * tau)]
    }

    /// `h / r / 2 pi`, its derivative by `r^2`, and `integral of h / 2 pi` from far inside on, at a
    /// square of the distance.
    fn near(&self, square: f64) -> [f64; 3] {
        let two = 2.0 * self.width * self.width;
        let q = square / two;
        // (1 - exp(-q)) / q and its derivative
        let (ratio, slope) = if q < 1e-2 {
            (
                1.0 - q / 2.0 + q * q / 6.0 - q * q * q / 24.0,
                -0.5 + q / 3.0 - q * q / 8.0 + q * q * q / 30.0,
            )
        } else {
            let e = (-q).exp();
            ((1.0 - e) / q, (e * (1.0 + q) - 1.0) / (q * q))
        };
        [
            ratio / (TAU * two),
            slope / (TAU * two * two),
            logarithmic(q) / (2.0 * TAU),
        ]
    }

    /// The potential of the near field at points given by their jets, to the derivatives that their
    /// order has (mixed ones are not needed, and left 0).
    fn near_field(&self, at: &Jet) -> Jet {
        let points: Vec<f64> = at.value().into_data().try_into_vec().unwrap_or_default();
        let order = at.order;
        let components = order.components();
        let mut parts = vec![0.0; points.len() / 3 * components];
        for (point, jet) in points
            .chunks_exact(3)
            .zip(parts.chunks_exact_mut(components))
        {
            let (t, x, y) = (point[0], point[1], point[2]);
            let [g, g1, g2] = self.pulse(t);
            let square = x * x + y * y;
            let [h, slope, log] = self.near(square);
            // Only near the source: what is far from it is the network's.
            let fourth = REACH.powi(4);
            let fade = (-square * square / fourth).exp();
            // Its derivative by x is this times x.
            let fall = -4.0 * square / fourth * fade;
            let bend = |x: f64| {
                let fade_xx = fall - 4.0 * x * x / fourth * (2.0 * fade + square * fall);
                let log_xx = h + 2.0 * x * x * slope;
                fade * log_xx + 2.0 * fall * x * h * x + fade_xx * log
            };
            let along = |x: f64| (fade * h + fall * log) * x;
            jet[0] = g * fade * log;
            jet[order.first(0)] = g1 * fade * log;
            jet[order.first(1)] = g * along(x);
            jet[order.first(2)] = g * along(y);
            for (axis, value) in [(0, g2 * fade * log), (1, g * bend(x)), (2, g * bend(y))] {
                if let Some(component) = order.second(axis, axis) {
                    jet[component] = value;
                }
            }
        }
        let shape = [points.len() / 3, components, 1];
        let device = at.parts.device();
        Jet {
            parts: matrix(parts, shape, &device, DType::F64),
            order,
        }
    }

    fn source_at(&self, t: f64, x: f64, y: f64) -> f64 {
        let variance = self.width * self.width;
        let shape = (-(x * x + y * y) / (2.0 * variance)).exp() / (TAU * variance);
        self.pulse(t)[0] * shape
    }
}

/// `integral from 0 to q of (1 - exp(-p)) / p dp`, which is `ln q + E1(q) + 0.5772...`.
fn logarithmic(q: f64) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    if q < 3.0 {
        // alternating series
        let (mut term, mut sum) = (1.0, 0.0);
        for n in 1..60 {
            term *= q / f64::from(n);
            let sign = if n % 2 == 1 { 1.0 } else { -1.0 };
            sum += sign * term / f64::from(n);
        }
        return sum;
    }
    // Lentz's continued fraction of E1 (Abramowitz and Stegun, 5.1.22)
    let mut fraction = q + 200.0;
    for n in (1..200).rev() {
        let n = f64::from(n);
        fraction = q + n / (1.0 + n / fraction);
    }
    q.ln() + EULER + (-q).exp() / fraction
}

impl Case for MaxwellPointSource {
    fn coordinates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("t", "m"), ("x", "m"), ("y", "m")]
    }

    fn domain(&self) -> Result<Domain> {
        let sides = [("x", -HALF, HALF), ("y", -HALF, HALF)];
        Domain::new(&[("t", 0.0, self.duration), sides[0], sides[1]])
    }

    fn quantities(&self) -> Vec<Quantity> {
        vec![
            ("ex", "V m-1", "electric field along x"),
            ("ey", "V m-1", "electric field along y"),
            ("hz", "V m-1", "magnetic field along z"),
        ]
    }

    fn problem(
        &self,
        conditions: &Conditions,
        [start, end]: [f64; 2],
        before: Option<&Field>,
    ) -> Result<Problem> {
        let case = *self;
        let domain = Domain::new(&[("t", start, end), ("x", -HALF, HALF), ("y", -HALF, HALF)])?;
        let given = move |p: &[f64], to: &mut [f64]| to[0] = case.source_at(p[0], p[1], p[2]);
        // A part of the points in the middle, where the field bends most.
        let cloud = move |count: usize, random: &mut rand_chacha::ChaCha8Rng| {
            let mut points = Vec::with_capacity(3 * count);
            for n in 0..count {
                let size = if n % 4 == 0 { 6.0 * case.width } else { HALF };
                points.push(start + (end - start) * random.random::<f64>());
                points.extend([0, 1].map(|_| size * (2.0 * random.random::<f64>() - 1.0)));
            }
            points
        };
        let place = Place::Cloud(Arc::new(cloud));
        let equation = Term::equation("equation", place, conditions.interior, pointwise::wave);
        let mut terms = vec![equation.given(1, given)];
        let Conditions {
            exact,
            boundary,
            weight,
            ..
        } = *conditions;
        for (name, axis, wall) in [
            ("left", 1, -HALF),
            ("right", 1, HALF),
            ("lower", 2, -HALF),
            ("upper", 2, HALF),
        ] {
            // What leaves is a cylindrical wave: dp/dt + dp/dr + p / 2r (A. Bayliss and E. Turkel,
            // Comm. Pure Appl. Math. 33, 1980, eq. 1.11 in two dimensions).
            let outgoing = |u: &Jet, at: &Tensor<2>| {
                let h = u.channel(0);
                let [cos, sin, half] = [0, 1, 2].map(|n| at.clone().narrow(1, n, 1));
                h.first(0) + cos * h.first(1) + sin * h.first(2) + half * h.value()
            };
            let place = Place::slice(&domain, axis, wall);
            let term = Term::equation(name, place, boundary, outgoing)
                .condition()
                .weighted(weight);
            terms.push(term.given(3, |p, to| {
                let r = p[1].hypot(p[2]);
                to.copy_from_slice(&[p[1] / r, p[2] / r, 0.5 / r]);
            }));
        }
        let (mut lift, mut distance): (Option<OfCoordinates>, Option<OfCoordinates>) = (None, None);
        if exact {
            lift = Some(Arc::new(move |at: &Jet| case.near_field(at)));
        }
        if exact && before.is_none() {
            let scale = 1.0 / (end - start);
            distance = Some(Arc::new(move |at: &Jet| {
                let t = at.channel(0).plus(-start).scaled(scale);
                t.times(&t)
            }));
        } else {
            let rest = |_: &[f64]| [0.0; 4];
            terms.push(super::continues(&domain, before, boundary, weight, rest));
        }
        Ok(Problem {
            domain,
            order: JetOrder::new(3, &[[0, 0], [1, 1], [2, 2]]),
            outputs: 1,
            terms,
            lift,
            distance,
        })
    }

    fn quantities_at(&self, _point: &[f64], jet: ArrayView2<f64>) -> Vec<f64> {
        vec![jet[[3, 0]], -jet[[2, 0]], jet[[1, 0]]]
    }

    fn axes(&self) -> Vec<Vec<f64>> {
        let times = (10.0 * self.duration).round() as usize;
        let side = even(-HALF, HALF, 41);
        let first = self.duration / times as f64;
        vec![even(first, self.duration, times), side.clone(), side]
    }

    fn reference_on(&self, axes: Vec<Vec<f64>>) -> Result<Reference> {
        let mut reference = Reference::of(axes, 3, |_| vec![0.0; 3]);
        reference.values = self.solve(FINEST, &reference)?.values;
        Ok(reference)
    }

    fn reference_resolution(&self) -> Option<usize> {
        Some(FINEST)
    }

    fn checks(&self, at: &Reference, values: &Array2<f64>) -> Vec<(String, f64)> {
        let side = at.axes[1].len();
        let last = (at.axes[0].len() - 1) * side * side;
        let h = |i: usize, j: usize| values[[last + i * side + j, 2]];
        let pairs = || (0..side).flat_map(|i| (0..side).map(move |j| (i, j)));
        let turned = pairs().map(|(i, j)| h(i, j) - h(j, side - 1 - i));
        let size = super::largest(pairs().map(|(i, j)| h(i, j)));
        vec![
            (
                "change of Hz by a quarter turn at the last time, over the largest".into(),
                super::largest(turned) / size,
            ),
            (
                "divergence of E at the last time, over its slopes".into(),
                super::divergence(at, values, [0, 1]),
            ),
        ]
    }

    fn source(&self) -> &'static str {
        "FDTD on cells half as wide as the solver's finest"
    }

    fn solver(&self) -> (&'static str, Vec<usize>) {
        ("FDTD (Yee), absorbing layers", vec![40, 80, 120, 200, 400])
    }

    fn order(&self) -> &'static str {
        "2, 2"
    }

    fn steps(&self, resolution: usize, _: Option<f64>, at: &Reference) -> Result<Steps> {
        fdtd::steps(at, resolution, 2.0 * HALF)
    }

    fn solve_in(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Solved> {
        let square = Square {
            corner: -HALF,
            side: 2.0 * HALF,
            cells: resolution,
            margin: 14,
        };
        let lines = square.lines();
        let spacing = square.spacing();
        let mesh = Mesh::new([lines.clone(), lines, vec![0.0, spacing]])?;
        let open = [Wall::Cpml(Cpml::new(12)); 2];
        let mut model = Model::vacuum(mesh, [open, open, [Wall::Periodic; 2]]);
        model.time_step = self.steps(resolution, share, at)?.taken / SPEED_OF_LIGHT;
        let step = model.time_step * SPEED_OF_LIGHT;
        let steps = (self.duration / step).ceil() as usize + 2;
        let samples = Array2::from_shape_fn((steps, 1), |(n, _)| self.pulse(n as f64 * step)[0]);
        let waveform = model.add_waveforms(samples.view());
        let reach = (7.0 * self.width / spacing).ceil() as usize;
        let middle = square.margin + resolution / 2;
        let from = middle.saturating_sub(reach);
        for j in from..middle + reach {
            for i in from..middle + reach {
                let [x, y] = [i, j].map(|n| square.coordinate(n as f64 + 0.5));
                let variance = self.width * self.width;
                let shape = (-(x * x + y * y) / (2.0 * variance)).exp() / (TAU * variance);
                model.sources.push(SourceTerm {
                    component: Component::Hz,
                    index: [i, j, 0],
                    waveform,
                    scale: -shape * step / VACUUM_IMPEDANCE,
                });
            }
        }
        let components = [Component::Ex, Component::Ey, Component::Hz];
        fdtd::run(&model, square, components, at, |_| Ok(()))
    }
}
