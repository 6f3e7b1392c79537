//! The barotropic solver: classical Runge-Kutta steps with diffusion, in the shape of
//! [`crate::shallow_water::Solver`].

use super::Barotropic;
use crate::sphere::SphericalTransform;
use crate::sphere::fourier::RowFactor::{InverseCos, One};
use crate::sphere::parallel::Shared;
use crate::sphere::passes::OrderCoefficients;
use crate::sphere::vector::{Order, curl_divergence, wind_coefficients};
use crate::time_stepping::diffusion::{Diffusion, per_coefficient};
use crate::time_stepping::{RungeKutta4, Schedule};
use crate::{Error, Result};
use ndarray::{Array1, Array3, Axis};
use num_complex::Complex64;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Where a run stands; enough to go on with it bit for bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Model time in seconds.
    pub time: f64,
    /// Number of steps taken.
    pub step: u64,
    /// Vorticity (spectrum) in 1/s.
    pub vorticity: Array1<Complex64>,
}

/// What an observer sees.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    /// Model time in seconds.
    pub time: f64,
    /// Number of steps taken.
    pub step: u64,
    /// Vorticity (spectrum) in 1/s.
    pub vorticity: &'a Array1<Complex64>,
}

/// A configured solver; build one with [`Solver::builder`].
#[derive(Clone, Debug)]
pub struct Solver {
    transform: Arc<SphericalTransform>,
    equation: Barotropic,
    time_step: f64,
    diffusion: Option<Diffusion>,
}

/// Collects the parts of a [`Solver`].
#[derive(Clone, Debug)]
#[must_use]
pub struct SolverBuilder(Solver);

impl SolverBuilder {
    /// The longest step in seconds; shortened so that a whole number makes an output interval.
    /// 1800 s unless told.
    pub fn time_step(mut self, seconds: f64) -> Self {
        self.0.time_step = seconds;
        self
    }

    /// Diffusion of vorticity; none unless told.
    pub fn diffusion(mut self, diffusion: Option<Diffusion>) -> Self {
        self.0.diffusion = diffusion;
        self
    }

    /// The solver.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an unusable equation or step; [`Error::Size`] for a grid with rows
    /// on the poles.
    pub fn build(self) -> Result<Solver> {
        let mut solver = self.0;
        solver.equation = solver.equation.validated()?;
        if !(solver.time_step > 0.0 && solver.time_step.is_finite()) {
            return Err(Error::Parameter {
                name: "time_step",
                value: solver.time_step,
                expected: "seconds, above 0",
            });
        }
        if solver.transform.has_poles() {
            return Err(Error::Size {
                what: "number of grid rows on the poles",
                expected: "0 (take a Gaussian grid)".into(),
                found: 2,
            });
        }
        Ok(solver)
    }
}

impl Solver {
    /// Starts the description of a solver.
    pub fn builder(transform: Arc<SphericalTransform>, equation: Barotropic) -> SolverBuilder {
        SolverBuilder(Self {
            transform,
            equation,
            time_step: 1800.0,
            diffusion: None,
        })
    }

    /// The transform.
    pub fn transform(&self) -> &Arc<SphericalTransform> {
        &self.transform
    }

    /// The equation.
    pub fn equation(&self) -> &Barotropic {
        &self.equation
    }

    /// The time derivative of a vorticity (spectrum), in 1/s^2.
    ///
    /// # Errors
    /// [`Error::Shape`] when the vorticity has another truncation.
    pub fn tendency(&self, vorticity: &Array1<Complex64>) -> Result<Array1<Complex64>> {
        self.check(vorticity)?;
        let mut slope = vec![Complex64::ZERO; vorticity.len()];
        self.evaluate(&vorticity.to_vec(), &mut slope);
        Ok(Array1::from_vec(slope))
    }

    fn evaluate(&self, zeta: &[Complex64], slope: &mut [Complex64]) {
        let transform = &*self.transform;
        let (top, a) = (transform.truncation(), self.equation.radius);
        let planetary = Complex64::from(2.0 * self.equation.rotation / 3f64.sqrt());
        let none: [Complex64; 0] = [];
        let slope = Shared::new(slope);
        transform.product_with(
            [One, InverseCos, InverseCos],
            [InverseCos, InverseCos],
            top + 1,
            &|m, order: &mut OrderCoefficients| {
                let first = transform.index(m, m);
                let zeta = Order {
                    m,
                    values: &zeta[first..first + top + 1 - m],
                };
                let delta = Order { m, values: &none };
                let coupling = transform.coupling(m);
                for n in m..=top + 1 {
                    let f = if (m, n) == (0, 1) {
                        planetary
                    } else {
                        Complex64::ZERO
                    };
                    order.set(n - m, 0, zeta.at(n) + f);
                    let (u, v) = wind_coefficients(coupling, zeta, delta, n);
                    order.set(n - m, 1, a * u);
                    order.set(n - m, 2, a * v);
                }
            },
            #[inline(always)]
            |[eta, u, v]: [f64; 3]| [u * eta, v * eta],
            &|m, order: &mut OrderCoefficients| {
                // SAFETY: every order has its own coefficients.
                let slope = unsafe { slope.part(transform.index(m, m), top + 1 - m) };
                let coupling = transform.coupling(m);
                for (row, slope) in slope.iter_mut().enumerate() {
                    let (_, divergence) = curl_divergence(coupling, order, m + row, [0, 1]);
                    *slope = -divergence / a;
                }
            },
        );
    }

    /// The longest stable step in seconds: `2.828 / (U N/a + 2 Omega)` with the largest wind U.
    ///
    /// # Errors
    /// [`Error::Shape`] when the vorticity has another truncation.
    pub fn stable_time_step(&self, vorticity: &Array1<Complex64>) -> Result<f64> {
        self.check(vorticity)?;
        let grid = self.transform.grid();
        let mut u = Array3::zeros((1, grid.nlat(), grid.nlon()));
        let mut v = u.clone();
        let zeta = vorticity.view().insert_axis(Axis(0));
        let none = zeta.mapv(|_| Complex64::ZERO);
        self.transform.wind(
            self.equation.radius,
            zeta,
            none.view(),
            u.view_mut(),
            v.view_mut(),
        );
        let wind = u
            .iter()
            .zip(&v)
            .fold(0.0f64, |s, (u, v)| s.max(u.hypot(*v)));
        let advective = wind * self.transform.truncation() as f64 / self.equation.radius;
        Ok(8f64.sqrt() / (advective + 2.0 * self.equation.rotation.abs()))
    }

    fn check(&self, vorticity: &Array1<Complex64>) -> Result<()> {
        let len = self.transform.spectrum_len();
        if vorticity.len() != len {
            return Err(Error::Shape {
                what: "vorticity",
                expected: vec![len],
                found: vec![vorticity.len()],
            });
        }
        Ok(())
    }

    /// Runs for `duration` seconds; `observer` sees the initial state and then one every
    /// `output_interval` seconds, and may stop the run by `ControlFlow::Break(())`. Returns where
    /// the run ended.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the duration is not a whole number of output intervals;
    /// [`Error::Shape`]; [`Error::UnstableTimeStep`]; [`Error::NotFinite`].
    pub fn run(
        &self,
        vorticity: Array1<Complex64>,
        duration: f64,
        output_interval: f64,
        observer: impl FnMut(Snapshot) -> ControlFlow<()> + Send,
    ) -> Result<Checkpoint> {
        let start = Checkpoint {
            time: 0.0,
            step: 0,
            vorticity,
        };
        self.resume(start, duration, output_interval, observer)
    }

    /// As [`Self::run`], from a checkpoint, for a further `duration`.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn resume(
        &self,
        from: Checkpoint,
        duration: f64,
        output_interval: f64,
        mut observer: impl FnMut(Snapshot) -> ControlFlow<()> + Send,
    ) -> Result<Checkpoint> {
        self.check(&from.vorticity)?;
        finite(&from)?;
        let schedule = Schedule::new(duration, output_interval, self.time_step)?;
        let limit = self.stable_time_step(&from.vorticity)?;
        schedule.check(limit, "rk4")?;
        if rayon::current_num_threads() > 1 && rayon::current_thread_index().is_none() {
            return rayon::scope(|_| self.advance(from, schedule, &mut observer));
        }
        self.advance(from, schedule, &mut observer)
    }

    fn advance(
        &self,
        from: Checkpoint,
        schedule: Schedule,
        observer: &mut impl FnMut(Snapshot) -> ControlFlow<()>,
    ) -> Result<Checkpoint> {
        let rates = self
            .diffusion
            .map(|d| d.rates(self.transform.truncation(), self.equation.radius));
        let damping = rates.map(|r| per_coefficient(&r)).unwrap_or_default();
        let mut method =
            RungeKutta4::new(self.transform.spectrum_len(), schedule.time_step, [damping]);
        let interval = schedule.time_step * schedule.steps_per_output as f64;
        let start = from.time;
        let mut now = Checkpoint {
            vorticity: Array1::from_vec(from.vorticity.to_vec()),
            ..from
        };
        let mut flow = observe(&now, observer);
        for output in 1..=schedule.outputs {
            if flow.is_break() {
                break;
            }
            for _ in 0..schedule.steps_per_output {
                if let Some(vorticity) = now.vorticity.as_slice_mut() {
                    method.step([vorticity], |[zeta], [slope]| self.evaluate(zeta, slope));
                }
                now.step += 1;
            }
            now.time = start + output as f64 * interval;
            finite(&now)?;
            flow = observe(&now, observer);
        }
        Ok(now)
    }
}

fn observe(
    now: &Checkpoint,
    observer: &mut impl FnMut(Snapshot) -> ControlFlow<()>,
) -> ControlFlow<()> {
    observer(Snapshot {
        time: now.time,
        step: now.step,
        vorticity: &now.vorticity,
    })
}

fn finite(now: &Checkpoint) -> Result<()> {
    if now.vorticity.iter().all(|c| (c.re + c.im).is_finite()) {
        return Ok(());
    }
    Err(Error::NotFinite {
        field: "vorticity",
        time: now.time,
        step: now.step,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::barotropic::rossby_haurwitz;
    use crate::sphere::SphereGrid;

    fn transform(truncation: usize) -> Arc<SphericalTransform> {
        let grid = SphereGrid::for_truncation(truncation).unwrap();
        Arc::new(SphericalTransform::new(grid, truncation).unwrap())
    }

    /// Domain: the Earth, T42, ten days of wavenumber 4. The exact rate is a rational function of
    /// the parameters; the step's phase error, (w dt)^4/120 of w with w = 4e-5 and dt = 900 s, is
    /// of 1e-8, so five digits and more are asked for.
    #[test]
    fn rossby_haurwitz_4_turns_at_the_exact_rate() {
        let transform = transform(42);
        let equation = Barotropic::default();
        let wave = rossby_haurwitz(&transform, equation, 4, 7.848e-6, 7.848e-6).unwrap();
        let solver = Solver::builder(transform, equation)
            .time_step(900.0)
            .build()
            .unwrap();
        let day = 86400.0;
        let (mut turned, mut last, mut shape) = (0.0, 0.0, 0.0f64);
        let end = solver
            .run(wave.at(0.0), 10.0 * day, day / 4.0, |snapshot| {
                let (angle, distance) = wave.displacement(snapshot.vorticity);
                let period = std::f64::consts::PI / 2.0;
                turned += (angle - last + period / 2.0).rem_euclid(period) - period / 2.0;
                last = angle;
                shape = shape.max(distance);
                ControlFlow::Continue(())
            })
            .unwrap();
        let rate = turned / end.time;
        println!(
            "RH4: rate {rate:.9e}, exact {:.9e}, shape {shape:.1e}",
            wave.rate
        );
        assert!((rate / wave.rate - 1.0).abs() < 1e-6);
        assert!(shape < 1e-9);
    }

    #[test]
    fn energy_and_enstrophy_are_kept() {
        let transform = transform(31);
        let mut zeta = Array1::zeros(transform.spectrum_len());
        for m in 0..=10usize {
            for n in m.max(1)..=10 {
                let phase = Complex64::cis((3 * n + 7 * m) as f64);
                zeta[transform.index(m, n)] =
                    if m == 0 { phase.re.into() } else { phase } * Complex64::from(4e-6);
            }
        }
        let slope = Solver::builder(transform.clone(), Barotropic::default())
            .build()
            .unwrap()
            .tendency(&zeta)
            .unwrap();
        let (mut enstrophy, mut energy, mut size) = (0.0, 0.0, 0.0);
        for m in 0..=31 {
            for n in m.max(1)..=31 {
                let i = transform.index(m, n);
                let twice = if m == 0 { 1.0 } else { 2.0 };
                let term = twice * (zeta[i].conj() * slope[i]).re;
                enstrophy += term;
                energy += term / (n * (n + 1)) as f64;
                size += term.abs();
            }
        }
        assert!(enstrophy.abs() < 1e-13 * size && energy.abs() < 1e-13 * size);
    }

    #[test]
    fn a_resumed_run_is_the_same_and_bad_input_is_refused() {
        let transform = transform(21);
        let equation = Barotropic::default();
        let wave = rossby_haurwitz(&transform, equation, 4, 7.848e-6, 7.848e-6).unwrap();
        let solver = Solver::builder(transform.clone(), equation)
            .build()
            .unwrap();
        let go_on = |_: Snapshot| ControlFlow::Continue(());
        let whole = solver.run(wave.at(0.0), 86400.0, 21600.0, go_on).unwrap();
        let half = solver.run(wave.at(0.0), 43200.0, 21600.0, go_on).unwrap();
        assert_eq!(whole, solver.resume(half, 43200.0, 21600.0, go_on).unwrap());
        assert!(
            solver
                .run(Array1::zeros(3), 86400.0, 21600.0, go_on)
                .is_err()
        );
        let long = Solver::builder(transform.clone(), equation)
            .time_step(86400.0)
            .build()
            .unwrap();
        let error = long.run(wave.at(0.0), 86400.0, 86400.0, go_on).unwrap_err();
        assert!(matches!(error, Error::UnstableTimeStep { .. }));
        assert!(rossby_haurwitz(&transform, equation, 21, 1e-6, 1e-6).is_err());
    }
}
