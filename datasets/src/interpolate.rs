//! Interpolation between latitude-longitude grids.
use ndarray::{Array2, ArrayView2};
use crate::coordinates::LatLon;
use crate::Result;

/// Order of the interpolation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Two points per direction, second order.
    Bilinear,
    /// Four points per direction (Lagrange), fourth order.
    Bicubic,
}

/// Weights from one grid to another, made once and used for many fields.
#[derive(Clone, Debug)]
pub struct Interpolator {}

impl Interpolator {
    /// Prepares the weights.
    pub fn new(from: &LatLon, to: &LatLon, method: Method) -> Result<Self> { let _ = (from, to, method); todo!() }
    /// Interpolates a scalar.
    pub fn scalar(&self, values: ArrayView2<f64>) -> Result<Array2<f64>> { let _ = values; todo!() }
    /// Interpolates the components (east, north) of a vector.
    pub fn vector(&self, u: ArrayView2<f64>, v: ArrayView2<f64>) -> Result<(Array2<f64>, Array2<f64>)> { let _ = (u, v); todo!() }
}
