//! Newtonian relaxation towards an equilibrium, and Rayleigh drag.
//!
//! ```text
//! d zeta/dt  = ... - (zeta  - zeta_e)  / tau - zeta  / tau_d
//! d delta/dt = ... - (delta - delta_e) / tau - delta / tau_d
//! d Phi/dt   = ... - (Phi + Phi_s - S_e) / tau
//! ```
//!
//! The equilibrium is a wind and a free surface `S_e = Phi_e + Phi_s`, so that over a mountain it
//! is the surface that is zonally symmetric, not the layer. The mean of the surface is left alone:
//! the forcing moves mass and neither makes nor takes any.
//!
//! Relaxation of this kind keeps a model of the atmosphere going without a model of what drives it:
//! Held and Suarez (1994), Bull. Amer. Meteor. Soc. 75, 1825-1830, for the primitive equations;
//! Kraucunas and Hartmann (2007), J. Atmos. Sci. 64, 2540-2557, and Polvani, Waugh and Plumb
//! (1995), J. Atmos. Sci. 52, 1288-1309, for one layer of shallow water. Where the equilibrium is
//! unstable ([`super::ZonalJets`]) the flow never reaches it and stays turbulent for ever.
//!
//! RK4 takes the forcing with everything else; semi-implicit leapfrog averages it over the old and
//! the new level, because leapfrog amplifies a damping that is taken in the middle.

use super::state::State;
use crate::{Error, Result};
use ndarray::Array1;
use num_complex::Complex64;

/// A relaxation and a drag.
#[derive(Clone, Debug, PartialEq)]
pub struct Forcing {
    /// The geopotential is that of the free surface.
    equilibrium: State,
    /// 1 / tau in 1/s.
    relaxation: f64,
    /// 1 / tau_d in 1/s.
    drag: f64,
}

impl Forcing {
    /// Relaxation towards `equilibrium` within `relaxation_time` seconds, and drag on the wind
    /// within `drag_time` seconds. The geopotential of `equilibrium` is that of the free surface;
    /// its mean is not used.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a time that is not above 0 (an infinite one is none);
    /// [`Error::NotFinite`] for an equilibrium that is not finite.
    pub fn new(equilibrium: State, relaxation_time: f64, drag_time: Option<f64>) -> Result<Self> {
        let times = [
            ("relaxation time", relaxation_time),
            ("drag time", drag_time.unwrap_or(f64::INFINITY)),
        ];
        for (name, value) in times {
            if value.is_nan() || value <= 0.0 {
                return Err(Error::Parameter {
                    name,
                    value,
                    expected: "seconds, above 0",
                });
            }
        }
        if let Some(field) = equilibrium.not_finite() {
            return Err(Error::NotFinite {
                field,
                time: 0.0,
                step: 0,
            });
        }
        Ok(Self {
            equilibrium,
            relaxation: 1.0 / relaxation_time,
            drag: drag_time.map_or(0.0, |time| 1.0 / time),
        })
    }

    /// What is relaxed to; the geopotential is that of the free surface.
    pub fn equilibrium(&self) -> &State {
        &self.equilibrium
    }

    /// Rate of relaxation 1/tau in 1/s.
    pub fn relaxation(&self) -> f64 {
        self.relaxation
    }

    /// Rate of the drag 1/tau_d in 1/s; 0 for none.
    pub fn drag(&self) -> f64 {
        self.drag
    }

    /// Rates in 1/s at which deviations of vorticity, divergence and surface decay; those of the
    /// mean, coefficient 0, are 0.
    pub(crate) fn rates(&self, coefficient: usize) -> [f64; 3] {
        if coefficient == 0 {
            return [0.0; 3];
        }
        let wind = self.relaxation + self.drag;
        [wind, wind, self.relaxation]
    }

    /// The part of the forcing that does not depend on the state, per second.
    pub(crate) fn push(&self, coefficient: usize) -> [Complex64; 3] {
        if coefficient == 0 {
            return [Complex64::ZERO; 3];
        }
        let at = |field: &Array1<Complex64>| self.relaxation * field[coefficient];
        [
            at(&self.equilibrium.vorticity),
            at(&self.equilibrium.divergence),
            at(&self.equilibrium.geopotential),
        ]
    }

    /// Adds the forcing of a state (vorticity, divergence, surface) to its tendency.
    pub(crate) fn add_to(&self, state: [&[Complex64]; 3], slopes: [&mut [Complex64]; 3]) {
        let equilibrium = [
            &self.equilibrium.vorticity,
            &self.equilibrium.divergence,
            &self.equilibrium.geopotential,
        ];
        let drags = [self.drag, self.drag, 0.0];
        for (((slope, x), e), drag) in slopes.into_iter().zip(state).zip(equilibrium).zip(drags) {
            for ((slope, x), e) in slope.iter_mut().zip(x).zip(e).skip(1) {
                *slope += self.relaxation * (e - x) - drag * x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shallow_water::cases::{self, RandomFlow};
    use crate::shallow_water::state::relative_l2;
    use crate::shallow_water::{Integrator, RawFilter, ShallowWater, Solver, Tendency, ZonalJets};
    use crate::sphere::{SphereGrid, SphericalTransform};
    use std::ops::ControlFlow;
    use std::sync::Arc;

    const DAY: f64 = 86400.0;
    const SEMI_IMPLICIT: Integrator = Integrator::SemiImplicit(RawFilter {
        nu: 0.0,
        alpha: 0.5,
    });

    fn transform(truncation: usize) -> Arc<SphericalTransform> {
        let grid = SphereGrid::for_truncation(truncation).unwrap();
        Arc::new(SphericalTransform::new(grid, truncation).unwrap())
    }

    fn jets(transform: &Arc<SphericalTransform>) -> State {
        ZonalJets {
            speed: 40.0,
            latitude: 45f64.to_radians(),
            width: 14f64.to_radians(),
        }
        .balanced(transform, ShallowWater::default(), 5e4)
        .unwrap()
    }

    fn end(solver: &Solver, state: &State, duration: f64) -> State {
        let run = solver.run(state.clone(), duration, duration, |_| {
            ControlFlow::Continue(())
        });
        run.unwrap().state
    }

    /// At rest without rotation, with winds so weak that their products vanish in round-off, the
    /// equations of the vorticity are linear: it decays as exp(-(1/tau + 1/tau_d) t) towards
    /// `zeta_e tau_d / (tau + tau_d)`.
    #[test]
    fn linear_decay_is_exact() {
        let transform = transform(10);
        let equation = ShallowWater {
            rotation: 0.0,
            ..ShallowWater::default()
        };
        let mut equilibrium = State::zeros(transform.spectrum_len());
        let mut state = equilibrium.clone();
        (equilibrium.vorticity[5], state.vorticity[7]) = (1e-20.into(), 1e-20.into());
        equilibrium.geopotential[0] = 7e4.into();
        state.geopotential[0] = 5e4.into();
        let (tau, drag) = (5.0 * DAY, 20.0 * DAY);
        let forcing = Forcing::new(equilibrium, tau, Some(drag)).unwrap();
        let (rate, time) = (1.0 / tau + 1.0 / drag, 4.0 * DAY);
        let decay = (-rate * time).exp();
        let error = |integrator, time_step| {
            let solver = Solver::builder(transform.clone(), equation)
                .integrator(integrator)
                .time_step(time_step)
                .forcing(Some(forcing.clone()))
                .build()
                .unwrap();
            let end = end(&solver, &state, time);
            assert_eq!(end.geopotential[0], state.geopotential[0], "mass");
            let pushed = 1e-20 / tau / rate * (1.0 - decay);
            let errors = [
                end.vorticity[5].re / pushed - 1.0,
                end.vorticity[7].re / (1e-20 * decay) - 1.0,
            ];
            errors.iter().fold(0.0f64, |s, e| s.max(e.abs()))
        };
        assert!(error(Integrator::Rk4, 600.0) < 1e-12);
        let (long, short) = (error(SEMI_IMPLICIT, 3600.0), error(SEMI_IMPLICIT, 1800.0));
        println!("semi-implicit: {long:.1e} at 1 h, {short:.1e} at half an hour");
        assert!((long / short).log2() > 1.8 && short < 1e-5);
    }

    /// The order in time of a nonlinear, forced flow over a mountain is that of the unforced one.
    #[test]
    fn the_order_in_time_is_unchanged() {
        let transform = transform(21);
        let flow = RandomFlow {
            seed: 1,
            unbalanced: 0.2,
            ..Default::default()
        };
        let case = flow.generate(&transform, ShallowWater::default()).unwrap();
        let mountain = cases::williamson_5(&transform).unwrap().orography;
        let forcing = Forcing::new(jets(&transform), 6.0 * 3600.0, Some(DAY)).unwrap();
        let of = |integrator, time_step| {
            let solver = Solver::builder(transform.clone(), case.equation)
                .integrator(integrator)
                .orography(mountain.clone())
                .time_step(time_step)
                .forcing(Some(forcing.clone()))
                .build()
                .unwrap();
            end(&solver, &case.initial, 6.0 * 3600.0).vorticity
        };
        for (integrator, steps, expected) in [
            (Integrator::Rk4, [600.0, 300.0, 150.0], 4.0),
            (SEMI_IMPLICIT, [300.0, 150.0, 75.0], 2.0),
        ] {
            let [coarse, middle, fine] = steps.map(|step| of(integrator, step));
            let ratio = relative_l2(&coarse, &middle, 21) / relative_l2(&middle, &fine, 21);
            println!("order {:.2}, expected {expected}", ratio.log2());
            assert!((ratio.log2() - expected).abs() < 0.2, "{}", ratio.log2());
        }
        let rk4 = of(Integrator::Rk4, 150.0);
        assert!(relative_l2(&of(SEMI_IMPLICIT, 75.0), &rk4, 21) < 1e-3);
    }

    /// A balanced equilibrium under no drag stays; under a mountain it is the surface that does.
    #[test]
    fn the_equilibrium_is_steady_and_mass_is_kept() {
        let transform = transform(21);
        let equilibrium = jets(&transform);
        let forcing = Forcing::new(equilibrium.clone(), DAY, None).unwrap();
        let mountain = cases::williamson_5(&transform).unwrap().orography.unwrap();
        for integrator in [Integrator::Rk4, SEMI_IMPLICIT] {
            let builder = Solver::builder(transform.clone(), ShallowWater::default())
                .integrator(integrator)
                .time_step(900.0)
                .forcing(Some(forcing.clone()));
            let flat = end(&builder.clone().build().unwrap(), &equilibrium, DAY);
            assert!(relative_l2(&flat.vorticity, &equilibrium.vorticity, 21) < 1e-12);
            let mut state = equilibrium.clone();
            state.geopotential -= &mountain;
            let solver = builder.orography(Some(mountain.clone())).build().unwrap();
            let slope = solver.tendency().evaluate(&state).unwrap();
            let forced: f64 = slope.divergence.iter().map(|x| x.norm()).sum();
            assert!(forced < 1e-14, "{forced:e}");
            let over = end(&solver, &state, DAY);
            let mass = over.geopotential[0].re / state.geopotential[0].re;
            assert!((mass - 1.0).abs() < 1e-14, "{mass}");
            assert!(relative_l2(&over.vorticity, &equilibrium.vorticity, 21) > 1e-6);
        }
    }

    #[test]
    fn bad_forcing_is_refused() {
        let transform = transform(10);
        let mut state = State::zeros(transform.spectrum_len());
        assert!(Forcing::new(state.clone(), 0.0, None).is_err());
        assert!(Forcing::new(state.clone(), DAY, Some(f64::NAN)).is_err());
        let forcing = Forcing::new(State::zeros(5), DAY, None).unwrap();
        let tendency = |frozen| {
            Tendency::new(transform.clone(), ShallowWater::default(), None, frozen).unwrap()
        };
        assert!(tendency(false).with_forcing(Some(forcing)).is_err());
        let forcing = Forcing::new(state.clone(), DAY, None).unwrap();
        assert!(tendency(true).with_forcing(Some(forcing)).is_err());
        state.vorticity[2] = Complex64::new(f64::NAN, 0.0);
        assert!(Forcing::new(state, DAY, None).is_err());
    }
}
