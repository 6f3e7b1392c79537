//! The numerics of Curlwind: grids, transforms and time stepping in plain Rust.
//!
//! * [`sphere`]: grids on the sphere with their quadrature, associated Legendre functions and the
//!   spherical-harmonic transform, scalar and vector.
//! * [`shallow_water`]: the shallow-water equations on the sphere, with the standard cases.
//! * [`barotropic`]: the non-divergent vorticity equation, with its exact waves.
//! * [`burgers`], [`navier_stokes`], [`allen_cahn`]: pseudo-spectral on periodic intervals and
//!   rectangles ([`torus`]), with exponential time differencing.
//! * [`quasi_geostrophic`]: two layers on a doubly periodic beta plane with an imposed shear, with
//!   the theory of its instability.
//! * [`advection`]: linear, on a periodic interval, exact in time.
//! * [`darcy`]: flow through porous media by finite volumes and multigrid.
//! * [`maxwell`]: electromagnetic fields by FDTD.
//! * [`helmholtz`]: the same in two dimensions at one frequency, by a direct solver.
//! * [`ranks`]: several processes that share a simulation, a sweep or a training.
//! * [`time_stepping`]: what these share in time: Runge-Kutta with exact damping, exponential
//!   time differencing, Adams-Bashforth, diffusion, the division of a run into steps.
//!
//! # From a grid to a spectrum and back
//! A transform belongs to a grid and a truncation. It is planned once, is free of interior
//! state, and works on batches.
//!
//! ```
//! use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
//! use ndarray::{Array2, Array3};
//!
//! let transform = SphericalTransform::new(SphereGrid::for_truncation(42)?, 42)?;
//! let (nlat, nlon) = (transform.grid().nlat(), transform.grid().nlon());
//! let mut fields = Array3::from_shape_fn((2, nlat, nlon), |(f, j, i)| {
//!     let (phi, lambda) = (transform.grid().latitudes()[j], transform.grid().longitudes()[i]);
//!     phi.cos().powi(3) * (3.0 * lambda).cos() + f as f64
//! });
//! let mut spectra = Array2::zeros((2, transform.spectrum_len()));
//! transform.analysis(fields.view(), spectra.view_mut());
//! assert!((spectra[[1, 0]].re - 1.0).abs() < 1e-14); // the global mean
//!
//! // slope per metre on the Earth
//! let (mut east, mut north) = (fields.clone(), fields.clone());
//! transform.gradient(6.37122e6, spectra.view(), east.view_mut(), north.view_mut());
//! transform.synthesis(spectra.view(), fields.view_mut());
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```
//!
//! # A forecast
//! A solver is an equation, a transform, and choices in time. It hands the state to an observer
//! at every output and ends in a checkpoint from which it can go on bit for bit.
//!
//! ```
//! use curlwind_solvers::shallow_water::{Integrator, RawFilter, ShallowWater, Solver, cases};
//! use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
//! use curlwind_solvers::time_stepping::Diffusion;
//! use std::{ops::ControlFlow, sync::Arc};
//!
//! let transform = Arc::new(SphericalTransform::new(SphereGrid::for_truncation(31)?, 31)?);
//! let flow = cases::RandomFlow { seed: 1, ..Default::default() };
//! let case = flow.generate(&transform, ShallowWater::default())?;
//! let solver = Solver::builder(transform.clone(), case.equation)
//!     .integrator(Integrator::SemiImplicit(RawFilter::default()))
//!     .time_step(1200.0)
//!     .diffusion(Some(Diffusion::with_time(4, 6.0 * 3600.0)?))
//!     .build()?;
//! let mut hours = Vec::new();
//! let noon = solver.run(case.initial, 43200.0, 21600.0, |snapshot| {
//!     hours.push(snapshot.time / 3600.0);
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(hours, [0.0, 6.0, 12.0]);
//! let midnight = solver.resume(noon, 43200.0, 21600.0, |_| ControlFlow::Continue(()))?;
//! assert_eq!(midnight.time, 86400.0);
//! let wind = midnight.state.to_grid(&transform, &case.equation)?.eastward_wind;
//! assert!(wind.iter().all(|u| u.abs() < 150.0));
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```
//!
//! # Threads
//! Transforms and solvers use the rayon pool they are called in; in a pool of one thread they run
//! in place without any overhead. To run many simulations side by side, run each in its own task.
//!
//! # Precision
//! Everything is f64. There and back at T106 is exact to 1e-13, at T341 to 2e-13.
#![warn(missing_docs)]
// kernels run over several arrays by one index, and are plainer for it
#![allow(clippy::needless_range_loop)]

pub mod advection;
pub mod allen_cahn;
pub mod barotropic;
pub mod burgers;
pub mod darcy;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub mod device;
mod error;
pub mod helmholtz;
pub mod maxwell;
mod memory;
pub mod navier_stokes;
pub mod quasi_geostrophic;
pub mod ranks;
pub mod shallow_water;
pub mod sphere;
pub mod time_stepping;
pub mod torus;

pub use error::{Error, Result};
