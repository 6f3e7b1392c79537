//! The forward pass of the stepping operator.
//!
//! Spectra `Z` of the normalised state are stepped between one analysis and one synthesis on the
//! grid of the data. Products are formed on the Gaussian grid that is alias-free for the
//! truncation, whatever the grid of the data. There, with the values and both derivatives of all
//! sources in a vector `s`, all terms of all tendencies are quadratic forms:
//!
//! ```text
//! o_r = s^T M_r s + l_r s        r: each channel twice, as it is and for the Laplacian filter
//! F_c = analysis(o_c) + l (l + 1) / 66 analysis(o'_c),   no change of global means
//! ```
//!
//! so one matrix product and one sum serve any number of terms. Multistep time integration, in
//! inner steps of length `h` with `F^k = h F(Z^k)` and the damping `D_c(l)`:
//!
//! ```text
//! Z^1   = D (Z^0 + F^0)
//! Z^2   = D (Z^1 + F^1 + a (F^1 - F^0))
//! Z^k+1 = D (Z^k + F^k + (1/2 + b) (F^k - F^k-1) + b (F^k-2 - F^k-1))
//! D_c   = exp(-h d_c (l (l + 1) / (N (N + 1)))^(order / 2))
//! ```
//!
//! which is second-order Adams-Bashforth at `b = 0` and third-order at `b = 5/12`
//! (Durran, Numerical Methods for Fluid Dynamics, section 2.4). `a`, `b`, `d_c` are learned.
//!
//! Global means neither act nor change, so the mean that a channel is normalised by does not matter.

use super::config::SteppingConfig;
use super::geometry::{Geometry, SINE_SCALE};
use super::harmonics::Harmonics;
use super::symmetry::{self, Term, TermKind};
use super::whitening::Whitening;
use crate::buffers::matrix;
use crate::error::{Error, Result};
use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_solvers::sphere::grid::SphereGrid;
use ndarray::{Array2, s};

/// The few numbers of the time integration move this many times as fast as the weights under an
/// optimiser like Adam, whose steps do not depend on the size of the gradient.
const PACE: f64 = 3.0;

/// The weight `a` of the second inner step to begin with: second-order Adams-Bashforth.
const START: f64 = 0.5;

/// Bilinear stepping operator `[B, Ci, nlat, nlon]` to `[B, Co, nlat, nlon]`: from a normalised
/// state, followed by constant fields, to the next normalised state.
///
/// Without [`Stepping::fit`] its tendencies are 0.
#[derive(Module, Debug)]
pub struct Stepping {
    tendencies: Vec<Tendency>,
    /// `(a - 1/2) / 3`, `[1]`
    start: Param<Tensor<1>>,
    /// `b / 3`, `[1]`
    memory: Param<Tensor<1>>,
    /// `ln(d_c / damping) / 3`, `[C]`
    damping: Param<Tensor<1>>,
    #[module(skip)]
    config: SteppingConfig,
    #[module(skip)]
    geometry: Geometry,
}

/// Weights of the terms of one channel.
#[derive(Module, Debug)]
struct Tendency {
    /// `v`, `[T]`
    weight: Param<Tensor<1>>,
    /// From `v` to the weights of the terms, `[T, T]`; fitted to the inputs, not learned.
    whitening: Param<Tensor<2>>,
    /// From the weights to the entries of both forms, `[T, 2 (R R + R)]`.
    #[module(skip)]
    placement: Tensor<2>,
}

impl SteppingConfig {
    /// Creates the operator for fields on `grid`, with no tendencies yet.
    ///
    /// # Errors
    /// When a value is refused or the grid does not carry the truncation.
    pub fn init(&self, grid: &SphereGrid, device: &Device) -> Result<Stepping> {
        self.init_with(grid, device, DType::F32)
    }

    pub(super) fn init_with(
        &self,
        grid: &SphereGrid,
        device: &Device,
        dtype: DType,
    ) -> Result<Stepping> {
        self.check()?;
        let zeros = |n| Param::from_tensor(Tensor::<1>::zeros([n], (device, dtype)));
        let tendencies = (0..self.out_channels).map(|channel| {
            let terms = symmetry::terms(self, channel);
            let n = terms.len();
            let whitening = Tensor::zeros([n, n], (device, dtype));
            Tendency {
                weight: zeros(n),
                whitening: Param::from_tensor(whitening).set_require_grad(false),
                placement: placement(self, &terms, device, dtype),
            }
        });
        Ok(Stepping {
            tendencies: tendencies.collect(),
            start: zeros(1),
            memory: zeros(1),
            damping: zeros(self.out_channels),
            config: self.clone(),
            geometry: Geometry::new(self, grid, device, dtype)?,
        })
    }
}

impl Stepping {
    /// The grid of the fields.
    pub fn grid(&self) -> &SphereGrid {
        &self.geometry.grid
    }

    /// Truncation and number of inner steps on the current grid.
    pub fn truncation_and_steps(&self) -> (usize, usize) {
        (self.geometry.truncation, self.geometry.steps)
    }

    /// Number of learned values.
    pub fn parameters(&self) -> usize {
        let channels = self.tendencies.iter();
        2 + channels
            .map(|t| t.weight.val().dims()[0] + 1)
            .sum::<usize>()
    }

    /// The learned numbers of the time integration: `a`, `b` and the rate `d_c` of each channel.
    pub fn integration(&self) -> (f64, f64, Vec<f64>) {
        let numbers = |p: &Param<Tensor<1>>| -> Vec<f64> {
            let data = p.val().into_data_as::<f64>();
            data.try_into_vec().unwrap_or_default()
        };
        let first = |p| numbers(p).first().map_or(0.0, |x| PACE * x);
        let rates = numbers(&self.damping).into_iter();
        let rates = rates.map(|x| self.config.damping * (PACE * x).exp());
        (
            START + first(&self.start),
            first(&self.memory),
            rates.collect(),
        )
    }

    /// The same weights for fields on another grid: truncation and number of inner steps follow.
    pub fn at_grid(&self, grid: &SphereGrid) -> Result<Self> {
        let like = self.start.val();
        Ok(Self {
            geometry: Geometry::new(&self.config, grid, &like.device(), like.dtype())?,
            ..self.clone()
        })
    }

    /// Whether [`Stepping::fit`] was done.
    pub fn is_fitted(&self) -> bool {
        let largest = |t: &Tendency| t.whitening.val().abs().max().into_scalar::<f64>();
        self.tendencies.iter().any(|t| largest(t) > 0.0)
    }

    /// Scales the terms by their covariance over inputs `[S, Ci, nlat, nlon]` such as training
    /// begins with (200 are plenty), before training. Learned weights lose their meaning.
    ///
    /// # Errors
    /// When the inputs are empty, of another shape or not finite.
    pub fn fit(mut self, inputs: Tensor<4>) -> Result<Self> {
        let Geometry {
            grid, truncation, ..
        } = &self.geometry;
        let [samples, channels, nlat, nlon] = inputs.dims();
        let expected = [self.config.in_channels, grid.nlat(), grid.nlon()];
        if [channels, nlat, nlon] != expected {
            return Err(Error::TensorShape {
                tensor: "inputs to fit".into(),
                expected: expected.to_vec(),
                found: vec![channels, nlat, nlon],
            });
        }
        let data = Harmonics::scalar(grid, *truncation);
        let inner_grid = SphereGrid::for_truncation(*truncation)?;
        let inner = Harmonics::with_gradients(&inner_grid, *truncation);
        let all: Vec<Vec<Term>> = (0..self.config.out_channels)
            .map(|channel| symmetry::terms(&self.config, channel))
            .collect();
        let state = self.config.out_channels;
        let eigenvalues = inner.eigenvalues();
        let sine: Vec<f64> = inner_grid
            .sin_latitudes()
            .iter()
            .flat_map(|&sin| vec![SINE_SCALE * sin; inner_grid.nlon()])
            .collect();
        let sine = ndarray::Array1::from(sine).dot(&inner.analysis);
        let mut whitening = Whitening::new(&inner, &all);
        let values: Vec<f64> = inputs
            .into_data_as::<f64>()
            .try_into_vec()
            .unwrap_or_default();
        let size = channels * nlat * nlon;
        for sample in values.chunks_exact(size).take(samples) {
            let fields = ndarray::ArrayView2::from_shape((channels, nlat * nlon), sample)
                .map_err(|e| Error::Data(e.to_string()))?;
            let mut spectra = fields.dot(&data.analysis);
            spectra.column_mut(0).fill(0.0);
            let mut sources = Array2::zeros((symmetry::sources(&self.config), eigenvalues.len()));
            sources
                .slice_mut(s![..state, ..])
                .assign(&spectra.slice(s![..state, ..]));
            for c in 0..state {
                for k in 1..eigenvalues.len() {
                    sources[[state + c, k]] = spectra[[c, k]] / eigenvalues[k];
                }
            }
            sources.row_mut(2 * state).assign(&sine);
            sources
                .slice_mut(s![2 * state + 1.., ..])
                .assign(&spectra.slice(s![state.., ..]));
            whitening.add(sources.view());
        }
        for (tendency, values) in self.tendencies.iter_mut().zip(whitening.finish()?) {
            let shape = values.dim();
            let data =
                TensorData::new(values.into_iter().collect::<Vec<f64>>(), [shape.0, shape.1]);
            let whitening = tendency.whitening.clone();
            tendency.whitening = whitening.map(|old| crate::weights::replaced(&old, data));
        }
        Ok(self)
    }

    /// One network step of `[B, Ci, nlat, nlon]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let g = &self.geometry;
        let [batch, inputs, nlat, nlon] = x.dims();
        let channels = self.config.out_channels;
        let count = g.jets.dims()[0];
        let points = g.sine.dims()[2];
        let spectra = x
            .reshape([batch * inputs, nlat * nlon])
            .matmul(g.analysis.clone())
            .reshape([batch, inputs, count]);
        let fixed = self.fixed_sources(spectra.clone());
        let (forms, linear) = self.forms();
        let mut z = spectra.slice([0..batch, 0..channels]);
        let decay = self.decay();
        let tendency = |z: Tensor<3>| {
            let moving = (z.reshape([batch, channels, 1, count]) * g.sources.clone())
                .reshape([batch * channels * 2, count])
                .matmul(g.jets.clone())
                .reshape([batch, channels * 6, points]);
            let s = Tensor::cat(vec![moving, alike(&fixed, &forms)], 1);
            let rows = s.dims()[1];
            let half = forms.clone().unsqueeze::<3>().matmul(s.clone()).reshape([
                batch,
                2 * channels,
                rows,
                points,
            ]);
            let quadratic = (half * s.clone().reshape([batch, 1, rows, points])).sum_dim(2);
            let sum = quadratic.reshape([batch, 2 * channels, points])
                + linear.clone().unsqueeze::<3>().matmul(s);
            sum.reshape([batch * channels, 2 * points])
                .matmul(g.tendency.clone())
                .reshape([batch, channels, count])
        };
        let start = (self.start.val() * PACE + START).reshape([1, 1, 1]);
        let memory = (self.memory.val() * PACE).reshape([1, 1, 1]);
        let mut last: Option<Tensor<3>> = None;
        let mut change: Option<Tensor<3>> = None; // F^k-1 - F^k-2
        for _ in 0..g.steps {
            let f = tendency(z.clone());
            z = z + f.clone();
            if let Some(last) = last {
                let latest = f.clone() - last;
                z = match change {
                    None => z + latest.clone() * start.clone(),
                    Some(before) => {
                        z + latest.clone() * 0.5 + (latest.clone() - before) * memory.clone()
                    }
                };
                change = Some(latest);
            }
            last = Some(f);
            z = z * decay.clone();
        }
        z.reshape([batch * channels, count])
            .matmul(g.synthesis.clone())
            .reshape([batch, channels, nlat, nlon])
    }

    /// Values and derivatives of the sources that do not change, `[B, 3 (1 + S), Q]`.
    fn fixed_sources(&self, spectra: Tensor<3>) -> Tensor<3> {
        let g = &self.geometry;
        let [batch, inputs, count] = spectra.dims();
        let channels = self.config.out_channels;
        let sine = g.sine.clone().repeat_dim(0, batch);
        if inputs == channels {
            return sine;
        }
        let points = g.sine.dims()[2];
        let statics = inputs - channels;
        let anomaly = g
            .sources
            .clone()
            .slice([0..1, 0..1, 0..1])
            .reshape([1, 1, count]);
        let fields = (spectra.slice([0..batch, channels..inputs]) * anomaly)
            .reshape([batch * statics, count])
            .matmul(g.jets.clone())
            .reshape([batch, 3 * statics, points]);
        Tensor::cat(vec![alike(&sine, &fields), fields], 1)
    }

    /// `M [2 C R, R]` and `l [2 C, R]` from the weights.
    fn forms(&self) -> (Tensor<2>, Tensor<2>) {
        let rows = 3 * symmetry::sources(&self.config);
        let outputs = 2 * self.config.out_channels;
        let entries = self.tendencies.iter().map(|t| {
            let weights = t.weight.val().unsqueeze::<2>().matmul(t.whitening.val());
            weights
                .matmul(t.placement.clone())
                .reshape([2, rows * rows + rows])
        });
        let entries = Tensor::cat(entries.collect(), 0);
        let forms = entries.clone().slice([0..outputs, 0..rows * rows]);
        let linear = entries.slice([0..outputs, rows * rows..rows * rows + rows]);
        (forms.reshape([outputs * rows, rows]), linear)
    }

    /// `D`, `[1, C, K]`
    fn decay(&self) -> Tensor<3> {
        let g = &self.geometry;
        let rate = (self.damping.val() * PACE + self.config.damping.ln()).exp();
        let rate = rate.reshape([self.config.out_channels, 1]) * -g.step;
        rate.matmul(g.damping.clone()).exp().unsqueeze::<3>()
    }
}

/// On the tape if `other` is: concatenation wants all or none of its parts there.
fn alike<const D: usize, const E: usize>(x: &Tensor<D>, other: &Tensor<E>) -> Tensor<D> {
    match other.is_autodiff() && !x.is_autodiff() {
        true => x.clone().autodiff(),
        false => x.clone(),
    }
}

/// The entries of the forms that each term stands for. Row `3 p + axis` of `s` is the value (axis
/// 0) or a derivative of the source at place `p`: fields and their potentials alternate there.
fn placement(config: &SteppingConfig, terms: &[Term], device: &Device, dtype: DType) -> Tensor<2> {
    let channels = config.out_channels;
    let rows = 3 * symmetry::sources(config);
    let row = |source: usize, axis: usize| {
        let place = match source {
            field if field < channels => 2 * field,
            potential if potential < 2 * channels => 2 * (potential - channels) + 1,
            other => other,
        };
        3 * place + axis
    };
    let width = rows * rows + rows;
    let mut values = vec![0.0; terms.len() * 2 * width];
    for (term, both) in terms.iter().zip(values.chunks_mut(2 * width)) {
        let entries = &mut both[if term.laplacian { width } else { 0 }..];
        let (i, j) = (term.i, term.j);
        let mut set = |a, b, value| entries[row(i, a) * rows + row(j, b)] = value;
        match term.kind {
            TermKind::Linear => entries[rows * rows + row(i, 0)] = 1.0,
            TermKind::Product => set(0, 0, 1.0),
            TermKind::Dot => {
                set(1, 1, 1.0);
                set(2, 2, 1.0);
            }
            TermKind::Jacobian => {
                set(1, 2, 1.0);
                set(2, 1, -1.0);
            }
        }
    }
    matrix(values, [terms.len(), 2 * width], device, dtype)
}
