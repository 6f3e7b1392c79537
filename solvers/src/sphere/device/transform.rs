//! The tables of a transform on a device, and whole transforms from and to memory.

use super::fourier::Stages;
use super::{Batch, legendre, rows, vector};
use crate::device::{Buffer, Device, Real};
use crate::sphere::SphericalTransform;
use crate::sphere::lanes::LANES;
use crate::sphere::legendre::Legendre;
use crate::{Error, Result};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3};
use num_complex::Complex64;
use std::marker::PhantomData;
use std::sync::Arc;

/// What the kernels read of a grid and a truncation.
pub(crate) struct Tables {
    pub(crate) truncation: u32,
    /// Number of northern rows, the equator included.
    pub(crate) half: u32,
    pub(crate) stages: Stages,
    /// `P_n^m(mu_j)`, `[m][n = m..=N+1][j]`, from the first latitude on that order `m` reaches.
    pub(crate) functions: Buffer,
    /// Where these begin in `functions`, and that latitude, `[m][2]`.
    pub(crate) places: Buffer,
    /// Number of orders that reach a latitude.
    pub(crate) orders: Buffer,
    /// `1 / cos`, the weight of a scalar and that of a component of a vector, `[j][3]`.
    pub(crate) factors: Buffer,
    /// See [`Stages::roots`].
    pub(crate) roots: Buffer,
    /// See [`Stages::longitudes`].
    pub(crate) longitudes: Buffer,
    /// `epsilon_n^m`, `[m][n = m..=N+2]`, then `1/n` for `n = 0..=N+2`, with 0 for 0.
    pub(crate) couplings: Buffer,
}

impl Tables {
    /// Uploads the tables of a transform.
    ///
    /// # Errors
    /// [`Error::Device`] when the device does not compute in the precision, or its buffers are too
    /// small; [`Error::Size`] for a number of longitudes with a prime factor above 13, and for
    /// rows on the poles.
    pub(crate) fn new<F: Real>(device: &Device, plan: &SphericalTransform) -> Result<Self> {
        device.require::<F>()?;
        let grid = plan.grid();
        if plan.has_poles() {
            return Err(Error::Size {
                what: "number of grid rows on the poles",
                expected: "0 on a device (take a Gaussian grid)".into(),
                found: 2,
            });
        }
        let stages = Stages::new(grid.nlon())?;
        let (top, half) = (plan.truncation(), grid.nlat().div_ceil(2));
        let (functions, places) = functions::<F>(plan, half);
        device.fits::<F>("Legendre functions", functions.len(), LESS)?;
        let reaching = |j: usize| {
            let reached = (0..=top).take_while(|m| places[2 * m + 1] as usize <= j);
            reached.count() as u32
        };
        let orders: Vec<u32> = (0..half).map(reaching).collect();
        let factors: Vec<f64> = (0..half)
            .flat_map(|j| {
                let equator = if 2 * j + 1 == grid.nlat() { 0.5 } else { 1.0 };
                let weight = 0.5 * equator * grid.weights()[j] / grid.nlon() as f64;
                let inverse = 1.0 / grid.cos_latitudes()[j];
                [inverse, weight, weight * inverse]
            })
            .collect();
        let epsilons = (0..=top).flat_map(|m| plan.coupling(m).epsilons.iter());
        let couplings: Vec<f64> = epsilons.chain(plan.coupling(0).inverses).copied().collect();
        Ok(Self {
            truncation: top as u32,
            half: half as u32,
            functions: device.upload(&functions),
            places: device.upload(&places),
            orders: device.upload(&orders),
            factors: device.rounded::<F>(&factors),
            roots: device.rounded::<F>(&stages.roots()),
            longitudes: device.upload(&stages.longitudes()),
            couplings: device.rounded::<F>(&couplings),
            stages,
        })
    }

    /// Values of the series of a batch.
    pub(crate) fn series_len(&self, batch: Batch) -> usize {
        let top = self.truncation as usize;
        (top + 1) * (top + 4) / 2 * batch.columns() as usize
    }

    /// Values of the lines of a batch.
    pub(crate) fn lines_len(&self, batch: Batch) -> usize {
        (self.truncation + 1) as usize * self.half as usize * 2 * batch.columns() as usize
    }
}

/// What to take less of where a device has no room.
pub(crate) const LESS: &str = "fewer members or a lower truncation";

/// The Legendre functions, and the places of their orders.
fn functions<F: Real>(plan: &SphericalTransform, half: usize) -> (Vec<F>, Vec<u32>) {
    // below this a function changes no sum of order 1, with room for spectra whose coefficients span
    // ten decades
    let negligible = if F::NAME == f64::NAME { 1e-30 } else { 1e-19 };
    let (grid, top) = (plan.grid(), plan.truncation());
    let legendre = Legendre::new(top + 1);
    let (mut functions, mut places) = (Vec::new(), Vec::new());
    let mut first = 0;
    for m in 0..=top {
        let rows = top + 2 - m;
        let mut block = vec![0.0; rows * LANES];
        let mut of_order = vec![0.0; rows * half];
        for j0 in (0..half).step_by(LANES) {
            let (mut mu, mut start) = ([0.0; LANES], [[0.0; LANES]; 2]);
            for j in j0..half.min(j0 + LANES) {
                mu[j - j0] = grid.sin_latitudes()[j];
                (start[0][j - j0], start[1][j - j0]) = legendre.start(m, grid.cos_latitudes()[j]);
            }
            legendre.fill_block(m, &mu, &start, &mut block, LANES);
            for (row, values) in block.chunks_exact(LANES).enumerate() {
                let count = LANES.min(half - j0);
                of_order[row * half + j0..][..count].copy_from_slice(&values[..count]);
            }
        }
        let reaches = |j: usize| {
            let mut column = of_order[j..].iter().step_by(half);
            column.any(|p| p.abs() > negligible)
        };
        while first + 1 < half && !reaches(first) {
            first += 1;
        }
        places.extend([functions.len() as u32, first as u32]);
        let reached = of_order.chunks_exact(half).flat_map(|row| &row[first..]);
        functions.extend(reached.map(|&p| F::rounded(p)));
    }
    (functions, places)
}

/// The transform of a [`SphericalTransform`] on a device, in the precision `F`.
pub struct Transform<F: Real> {
    device: Device,
    plan: Arc<SphericalTransform>,
    tables: Tables,
    precision: PhantomData<F>,
}

impl<F: Real> Transform<F> {
    /// Uploads what the transform needs.
    ///
    /// # Errors
    /// [`Error::Device`] when the device does not compute in the precision, or its buffers are too
    /// small; [`Error::Size`] for a number of longitudes with a prime factor above 13, and for
    /// rows on the poles.
    pub fn new(device: &Device, plan: Arc<SphericalTransform>) -> Result<Self> {
        Ok(Self {
            tables: Tables::new::<F>(device, &plan)?,
            device: device.clone(),
            plan,
            precision: PhantomData,
        })
    }

    /// Spectra `[field][coefficient]` to fields `[field][latitude][longitude]`.
    ///
    /// # Errors
    /// [`Error::Shape`] for spectra of another truncation; [`Error::Device`] when the device
    /// failed.
    pub fn synthesis(&self, spectra: ArrayView2<Complex64>) -> Result<Array3<f64>> {
        self.check("spectra", &spectra)?;
        let batch = self.batch("fields", spectra.nrows(), 1)?;
        let spectra = self.upload_spectra(spectra);
        let series = self.device.zeros::<F>(self.tables.series_len(batch));
        vector::scalar_series::<F>(&self.device, &self.tables, batch, &spectra, &series);
        self.series_to_fields(batch, &series, false)
    }

    /// Fields `[field][latitude][longitude]` to spectra `[field][coefficient]`.
    ///
    /// # Errors
    /// [`Error::Shape`] for fields on another grid; [`Error::Device`] when the device failed.
    pub fn analysis(&self, fields: ArrayView3<f64>) -> Result<Array2<Complex64>> {
        let batch = self.batch("fields", fields.dim().0, 1)?;
        let series = self.fields_to_series(batch, fields, false)?;
        let spectra = self.spectra_buffer(batch.members);
        vector::scalar_spectra::<F>(&self.device, &self.tables, batch, &series, &spectra);
        self.read_spectra(&spectra, batch.members)
    }

    /// Wind components (eastward, northward) in m/s, `[field][latitude][longitude]`, from vorticity
    /// and divergence in 1/s, `[field][coefficient]`, on a sphere of `radius` metres.
    ///
    /// # Errors
    /// As [`Self::synthesis`].
    pub fn wind(
        &self,
        radius: f64,
        vorticity: ArrayView2<Complex64>,
        divergence: ArrayView2<Complex64>,
    ) -> Result<[Array3<f64>; 2]> {
        self.check("vorticity", &vorticity)?;
        self.check("divergence", &divergence)?;
        let batch = self.batch("winds", vorticity.nrows(), 2)?;
        let [vorticity, divergence] = [vorticity, divergence].map(|x| self.upload_spectra(x));
        let series = self.device.zeros::<F>(self.tables.series_len(batch));
        vector::wind_series::<F>(
            &self.device,
            &self.tables,
            batch,
            [&vorticity, &divergence],
            radius,
            &series,
        );
        let fields = self.series_to_fields(batch, &series, true)?;
        let every = |first: usize| {
            fields
                .slice(ndarray::s![first..; 2, .., ..])
                .as_standard_layout()
                .into_owned()
        };
        Ok([every(0), every(1)])
    }

    /// Vorticity and divergence in 1/s, `[field][coefficient]`, of winds in m/s,
    /// `[field][latitude][longitude]`, on a sphere of `radius` metres.
    ///
    /// # Errors
    /// As [`Self::analysis`].
    pub fn vorticity_divergence(
        &self,
        radius: f64,
        u: ArrayView3<f64>,
        v: ArrayView3<f64>,
    ) -> Result<[Array2<Complex64>; 2]> {
        let batch = self.batch("winds", u.dim().0, 2)?;
        let (nlat, nlon) = (self.plan.grid().nlat(), self.plan.grid().nlon());
        let mut winds = Array3::zeros((2 * u.dim().0, nlat, nlon));
        for (first, component) in [u, v].into_iter().enumerate() {
            let mut to = winds.slice_mut(ndarray::s![first..; 2, .., ..]);
            if to.dim() != component.dim() {
                return Err(Error::Shape {
                    what: "wind",
                    expected: to.shape().to_vec(),
                    found: component.shape().to_vec(),
                });
            }
            to.assign(&component);
        }
        let series = self.fields_to_series(batch, winds.view(), true)?;
        let spectra = [(); 2].map(|()| self.spectra_buffer(batch.members));
        vector::curl_divergence_spectra::<F>(
            &self.device,
            &self.tables,
            batch,
            &series,
            radius,
            [&spectra[0], &spectra[1]],
        );
        let [zeta, delta] = spectra.map(|s| self.read_spectra(&s, batch.members));
        Ok([zeta?, delta?])
    }

    fn batch(&self, what: &'static str, members: usize, fields: u32) -> Result<Batch> {
        if members == 0 {
            return Err(Error::Size {
                what: "number of fields",
                expected: "at least 1".into(),
                found: 0,
            });
        }
        let batch = Batch {
            members: members as u32,
            fields,
        };
        self.device
            .fits::<F>(what, self.tables.lines_len(batch), LESS)?;
        Ok(batch)
    }

    fn check(&self, what: &'static str, spectra: &ArrayView2<Complex64>) -> Result<()> {
        match spectra.ncols() == self.plan.spectrum_len() {
            true => Ok(()),
            false => Err(Error::Shape {
                what,
                expected: vec![spectra.nrows(), self.plan.spectrum_len()],
                found: spectra.shape().to_vec(),
            }),
        }
    }

    fn upload_spectra(&self, spectra: ArrayView2<Complex64>) -> Buffer {
        let transposed = spectra.t();
        let parts: Vec<f64> = transposed.iter().flat_map(|c| [c.re, c.im]).collect();
        self.device.rounded::<F>(&parts)
    }

    fn spectra_buffer(&self, members: u32) -> Buffer {
        self.device
            .zeros::<F>(2 * self.plan.spectrum_len() * members as usize)
    }

    fn read_spectra(&self, spectra: &Buffer, members: u32) -> Result<Array2<Complex64>> {
        let values = self.device.read::<F>(spectra)?;
        let members = members as usize;
        let at = |(member, i): (usize, usize)| {
            let at = 2 * (i * members + member);
            Complex64::new(values[at].widened(), values[at + 1].widened())
        };
        Ok(Array2::from_shape_fn(
            (members, self.plan.spectrum_len()),
            at,
        ))
    }

    fn series_to_fields(&self, batch: Batch, series: &Buffer, vector: bool) -> Result<Array3<f64>> {
        let lines = self.device.zeros::<F>(self.tables.lines_len(batch));
        legendre::synthesis::<F>(&self.device, &self.tables, batch, series, &lines);
        let (nlat, nlon) = (self.plan.grid().nlat(), self.plan.grid().nlon());
        let count = (batch.members * batch.fields) as usize;
        let fields = self.device.zeros::<F>(count * nlat * nlon);
        rows::to_grid::<F>(
            &self.device,
            &self.tables,
            batch,
            &lines,
            &fields,
            nlat,
            vector,
        );
        let values = self.device.read::<F>(&fields)?;
        let at = |(f, j, i): (usize, usize, usize)| values[(f * nlat + j) * nlon + i].widened();
        Ok(Array3::from_shape_fn((count, nlat, nlon), at))
    }

    fn fields_to_series(
        &self,
        batch: Batch,
        fields: ArrayView3<f64>,
        vector: bool,
    ) -> Result<Buffer> {
        let (nlat, nlon) = (self.plan.grid().nlat(), self.plan.grid().nlon());
        if (fields.dim().1, fields.dim().2) != (nlat, nlon) {
            return Err(Error::Shape {
                what: "fields",
                expected: vec![fields.dim().0, nlat, nlon],
                found: fields.shape().to_vec(),
            });
        }
        let fields: Vec<f64> = fields.iter().copied().collect();
        let fields = self.device.rounded::<F>(&fields);
        let lines = self.device.zeros::<F>(self.tables.lines_len(batch));
        rows::from_grid::<F>(
            &self.device,
            &self.tables,
            batch,
            &fields,
            &lines,
            nlat,
            vector,
        );
        let series = self.device.zeros::<F>(self.tables.series_len(batch));
        legendre::analysis::<F>(&self.device, &self.tables, batch, &lines, &series);
        Ok(series)
    }
}
