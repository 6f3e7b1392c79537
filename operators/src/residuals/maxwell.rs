//! Maxwell's equations in two dimensions as a residual on the solver's staggered grid.
//!
//! ```text
//! TM:  mu dHx/dt = -dEz/dy           TE:  eps dEx/dt + sigma Ex =  dHz/dy
//!      mu dHy/dt =  dEz/dx                eps dEy/dt + sigma Ey = -dHz/dx
//!      eps dEz/dt + sigma Ez              mu dHz/dt = dEx/dy - dEy/dx
//!               = dHy/dx - dHx/dy
//! ```
//!
//! (A. Taflove and S. C. Hagness, Computational Electrodynamics, 3rd ed., eqs. 3.13 and 3.14.) E is
//! given at whole, H at half time steps, as the solver leaves them. With [`Stencil::Second`] the
//! residual is the solver's own scheme: of its trajectory it is zero to round-off. With
//! [`Stencil::Fourth`] it shows the solver's error in space, which falls as the square of the cells.

use super::staggered::{Derivative, Stencil};
use crate::buffers::matrix;
use crate::error::{Error, Result};
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::maxwell::constants::{
    VACUUM_IMPEDANCE, VACUUM_PERMEABILITY, VACUUM_PERMITTIVITY,
};
use curlwind_solvers::maxwell::{Axis, Component, EdgeMedium, Model};

/// Which of the two independent sets of components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarisation {
    /// Hz, Ex, Ey.
    TransverseElectric,
    /// Ez, Hx, Hy.
    TransverseMagnetic,
}

impl Polarisation {
    /// The component along z, then those along x and y.
    pub fn components(self) -> [Component; 3] {
        match self {
            Self::TransverseElectric => [Component::Hz, Component::Ex, Component::Ey],
            Self::TransverseMagnetic => [Component::Ez, Component::Hx, Component::Hy],
        }
    }
}

/// A trajectory or its residual, each `[T, y, x]`. Of a trajectory: all values of each component on
/// the mesh ([`Component::extent`]), V/m and A/m. Of a residual: the inner ones, per second.
#[derive(Clone, Debug)]
pub struct MaxwellFields {
    /// Ez or Hz.
    pub axial: Tensor<3>,
    /// Hx or Ex.
    pub x: Tensor<3>,
    /// Hy or Ey.
    pub y: Tensor<3>,
}

/// The residual of one problem.
#[derive(Clone, Debug)]
pub struct MaxwellResidual {
    polarisation: Polarisation,
    extents: [[usize; 2]; 3],
    along_x: Derivative,
    along_y: Derivative,
    /// Of the axial, x and y component, inner part.
    media: [Medium; 3],
}

/// `dq/dt = gain curl - loss q`: 1 / eps and sigma / eps of E, the same of H. Zeros in conductors.
#[derive(Clone, Debug)]
struct Medium {
    gain: Tensor<3>,
    loss: Tensor<3>,
}

impl MaxwellResidual {
    /// Of a model that is one cell deep along z, on the part of its mesh that begins `margin` cells
    /// from its sides: at least [`Stencil::margin`], and the thickness of absorbing layers, in which
    /// other equations hold. Sources are no part of it.
    ///
    /// # Errors
    /// A model of several cells along z, with dispersive media, with cells that are not equal under
    /// [`Stencil::Fourth`], or with nothing left inside the margin.
    pub fn new(
        model: &Model,
        polarisation: Polarisation,
        stencil: Stencil,
        margin: usize,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let mesh = &model.mesh;
        let cells = mesh.cells();
        let unusable = |key: &str, expected: String, found: String| Error::Config {
            key: key.into(),
            expected,
            found,
        };
        if cells[2] != 1 {
            return Err(unusable(
                "mesh",
                "one cell along z".into(),
                format!("{}", cells[2]),
            ));
        }
        let least = stencil.margin();
        if margin < least || cells[..2].iter().any(|n| n < &(2 * margin + 2)) {
            return Err(unusable(
                "margin",
                format!("{least} or more, with two cells or more left inside"),
                format!("{margin} of {} x {} cells", cells[0], cells[1]),
            ));
        }
        let uniform = mesh.is_uniform(Axis::X) && mesh.is_uniform(Axis::Y);
        if stencil == Stencil::Fourth && !uniform {
            return Err(unusable(
                "stencil",
                "the second order on a graded mesh".into(),
                "the fourth".into(),
            ));
        }
        let derivative = |axis| Derivative::new(mesh, axis, stencil, margin, device, dtype);
        let (along_x, along_y) = (derivative(Axis::X), derivative(Axis::Y));
        let components = polarisation.components();
        let extents = components.map(|c| {
            let [nx, ny, _] = c.extent(cells);
            [ny, nx]
        });
        let mut residual = Self {
            polarisation,
            extents,
            media: std::array::from_fn(|_| Medium {
                gain: Tensor::zeros([1, 1, 1], (device, dtype)),
                loss: Tensor::zeros([1, 1, 1], (device, dtype)),
            }),
            along_x,
            along_y,
        };
        for (n, component) in components.into_iter().enumerate() {
            let [rows, columns] = extents[n];
            let mut gain = Vec::with_capacity(rows * columns);
            let mut loss = Vec::with_capacity(rows * columns);
            for j in 0..rows {
                for i in 0..columns {
                    let (g, l) = medium(model, component, [0, j, i]).map_err(|found| {
                        unusable("media", "media without poles".into(), found.into())
                    })?;
                    gain.push(g);
                    loss.push(l);
                }
            }
            let tensor = |values| matrix::<3>(values, [1, rows, columns], device, dtype);
            residual.media[n] = Medium {
                gain: residual.inner(n, tensor(gain)),
                loss: residual.inner(n, tensor(loss)),
            };
        }
        Ok(residual)
    }

    /// The inner part of a component: 0 axial, 1 along x, 2 along y.
    fn inner(&self, n: usize, q: Tensor<3>) -> Tensor<3> {
        let offset = self.polarisation.components()[n].offset();
        let q = match offset[0] {
            0.0 => self.along_x.inner_lines(q),
            _ => self.along_x.inner_cells(q),
        };
        match offset[1] {
            0.0 => self.along_y.inner_lines(q),
            _ => self.along_y.inner_cells(q),
        }
    }

    /// The curls that drive the three components, of fields of the same time, inner part.
    fn curls(&self, q: &MaxwellFields) -> MaxwellFields {
        let (dx, dy) = (&self.along_x, &self.along_y);
        match self.polarisation {
            Polarisation::TransverseMagnetic => MaxwellFields {
                axial: dy.inner_lines(dx.on_lines(&q.y)) - dx.inner_lines(dy.on_lines(&q.x)),
                x: -dx.inner_lines(dy.in_cells(&q.axial)),
                y: dy.inner_lines(dx.in_cells(&q.axial)),
            },
            Polarisation::TransverseElectric => MaxwellFields {
                axial: dx.inner_cells(dy.in_cells(&q.x)) - dy.inner_cells(dx.in_cells(&q.y)),
                x: dx.inner_cells(dy.on_lines(&q.axial)),
                y: -dy.inner_cells(dx.on_lines(&q.axial)),
            },
        }
    }

    /// The equations' left minus right sides, per second, between the states of a trajectory,
    /// `time_step` seconds apart, E in each half a step after H: `T - 1` times, half-way between
    /// the two values of each component.
    ///
    /// # Errors
    /// When the tensors are not those of the mesh or fewer than two states.
    pub fn residual(&self, trajectory: &MaxwellFields, time_step: f64) -> Result<MaxwellFields> {
        let tensors = [&trajectory.axial, &trajectory.x, &trajectory.y];
        let times = trajectory.axial.dims()[0];
        for (n, tensor) in tensors.iter().enumerate() {
            let expected = [times.max(2), self.extents[n][0], self.extents[n][1]];
            if tensor.dims() != expected {
                return Err(Error::TensorShape {
                    tensor: format!("{:?}", self.polarisation.components()[n]),
                    expected: expected.to_vec(),
                    found: tensor.dims().to_vec(),
                });
            }
        }
        let part = |start: usize| MaxwellFields {
            axial: trajectory.axial.clone().narrow(0, start, times - 1),
            x: trajectory.x.clone().narrow(0, start, times - 1),
            y: trajectory.y.clone().narrow(0, start, times - 1),
        };
        let (before, after) = (part(0), part(1));
        // H goes from one state to the next through E of the first, E through H of the second.
        let (by_before, by_after) = (self.curls(&before), self.curls(&after));
        let one = |n: usize, old: Tensor<3>, new: Tensor<3>, curls: [Tensor<3>; 2]| {
            let electric = self.polarisation.components()[n].is_electric();
            let [first, second] = curls;
            let curl = if electric { second } else { first };
            let (old, new) = (self.inner(n, old), self.inner(n, new));
            let Medium { gain, loss } = &self.media[n];
            let mean = (old.clone() + new.clone()).mul_scalar(0.5);
            (new - old).div_scalar(time_step) + mean * loss.clone() - curl * gain.clone()
        };
        Ok(MaxwellFields {
            axial: one(
                0,
                before.axial,
                after.axial,
                [by_before.axial, by_after.axial],
            ),
            x: one(1, before.x, after.x, [by_before.x, by_after.x]),
            y: one(2, before.y, after.y, [by_before.y, by_after.y]),
        })
    }

    /// A dimensionless loss: the mean square of the residual in units of `amplitude` (V/m, and
    /// divided by the impedance of free space A/m) times `rate` (1/s), averaged over times, places
    /// and components.
    pub fn loss(&self, residual: &MaxwellFields, amplitude: f64, rate: f64) -> Tensor<1> {
        let components = self.polarisation.components();
        let fields = [&residual.axial, &residual.x, &residual.y];
        let [a, b, c] = [0, 1, 2].map(|n| {
            let unit = match components[n].is_electric() {
                true => amplitude * rate,
                false => amplitude * rate / VACUUM_IMPEDANCE,
            };
            fields[n].clone().div_scalar(unit).powi_scalar(2).mean()
        });
        (a + b + c).div_scalar(3.0)
    }
}

/// `(gain, loss)` of a component at `[k, j, i]`; what is wrong with its medium.
fn medium(model: &Model, component: Component, at: [usize; 3]) -> Result<(f64, f64), &'static str> {
    let axis = component.axis() as usize;
    if !component.is_electric() {
        let number = model.faces.as_ref().map_or(0, |faces| faces[axis][at]);
        let face = model.face_media[usize::from(number)];
        let mu = face.permeability * VACUUM_PERMEABILITY;
        return Ok((1.0 / mu, face.magnetic_loss / mu));
    }
    match &model.edge_media[usize::from(model.edges[axis][at])] {
        EdgeMedium::Pec => Ok((0.0, 0.0)),
        EdgeMedium::Dielectric { poles, .. } if !poles.is_empty() => Err("a dispersive medium"),
        EdgeMedium::Dielectric {
            permittivity,
            conductivity,
            ..
        } => {
            let eps = permittivity * VACUUM_PERMITTIVITY;
            Ok((1.0 / eps, conductivity / eps))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curlwind_solvers::maxwell::{Mesh, Wall};

    fn model(cells: [usize; 3]) -> Model {
        let mesh = Mesh::uniform(cells, [1e-3; 3]).expect("mesh");
        let mut walls = [[Wall::Pec; 2]; 3];
        walls[2] = [Wall::Periodic; 2];
        Model::vacuum(mesh, walls)
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let device = Device::flex();
        let new = |model: &Model, stencil, margin| {
            let te = Polarisation::TransverseElectric;
            MaxwellResidual::new(model, te, stencil, margin, &device, DType::F64)
        };
        assert!(new(&model([8, 8, 2]), Stencil::Second, 0).is_err());
        assert!(new(&model([8, 8, 1]), Stencil::Fourth, 0).is_err());
        assert!(new(&model([8, 8, 1]), Stencil::Second, 4).is_err());
        let residual = new(&model([8, 6, 1]), Stencil::Second, 0).expect("fits");
        let zeros = |shape| Tensor::<3>::zeros(shape, (&device, DType::F64));
        let fields = |times| MaxwellFields {
            axial: zeros([times, 6, 8]),
            x: zeros([times, 7, 8]),
            y: zeros([times, 6, 9]),
        };
        let found = residual.residual(&fields(3), 1e-12).expect("fits");
        assert_eq!(found.axial.dims(), [2, 6, 8]);
        assert_eq!(found.x.dims(), [2, 5, 8]);
        assert_eq!(found.y.dims(), [2, 6, 7]);
        assert!(residual.residual(&fields(1), 1e-12).is_err());
    }

    /// The gradient of the loss against central differences.
    #[test]
    fn the_loss_is_differentiable() {
        let device = Device::flex().autodiff();
        let residual = MaxwellResidual::new(
            &model([6, 5, 1]),
            Polarisation::TransverseMagnetic,
            Stencil::Fourth,
            1,
            &device,
            DType::F64,
        )
        .expect("fits");
        let values = |n: usize, size: f64| -> Vec<f64> {
            (0..n)
                .map(|i| size * (1.0 + 3.7 * i as f64).sin())
                .collect()
        };
        let tensor = |values: Vec<f64>, shape| matrix::<3>(values, shape, &device, DType::F64);
        let shape = [3, 6, 7];
        let axial = values(126, 1.0);
        let loss = |axial: Tensor<3>| {
            let trajectory = MaxwellFields {
                axial,
                x: tensor(values(105, 3e-3), [3, 5, 7]),
                y: tensor(values(108, 2e-3), [3, 6, 6]),
            };
            let r = residual.residual(&trajectory, 2e-12).expect("fits");
            residual.loss(&r, 1.0, 3e11)
        };
        let x = tensor(axial.clone(), shape).autodiff().require_grad();
        let grads = loss(x.clone()).backward();
        let gradient = x.grad(&grads).expect("gradient").into_data();
        let gradient = gradient.try_into_vec::<f64>().expect("f64");
        for at in [10, 42 + 17, 84 + 24] {
            let value = |d: f64| {
                let mut values = axial.clone();
                values[at] += d;
                loss(tensor(values, shape)).into_scalar::<f64>()
            };
            let expected = (value(1e-5) - value(-1e-5)) / 2e-5;
            assert!(
                (expected - gradient[at]).abs() < 1e-6 * expected.abs().max(1e-3),
                "{at}: {expected} {}",
                gradient[at]
            );
        }
    }
}
