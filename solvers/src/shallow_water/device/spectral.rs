//! All that happens between two passes over the grid: the tendency from the series of the products,
//! the step or stage in time with diffusion, forcing and the implicit solve, and the series of the
//! next pass.
//!
//! The formulas are those of [`super::super::tendency`], [`super::super::semi_implicit`] and
//! [`crate::time_stepping::RungeKutta4`]. Between passes the third field is the free surface.

use super::update::update_kernel;
use crate::device::{Buffer, Device, Real};
use crate::sphere::device::Tables;
use cubecl::prelude::*;

/// Units of a cube.
pub(super) const UNITS: u32 = 128;

/// Places in the list of numbers; behind them, from [`DEGREES`] on, stand tables over degree.
pub(super) const TIME_STEP: usize = 0;
pub(super) const RADIUS: usize = 1;
pub(super) const INVERSE_RADIUS: usize = 2;
pub(super) const CORIOLIS: usize = 3;
pub(super) const RELAXATION: usize = 5;
pub(super) const DRAG: usize = 6;
pub(super) const HALF_NU: usize = 7;
pub(super) const ALPHA: usize = 8;
pub(super) const LARGEST: usize = 9;
pub(super) const DEGREES: u32 = 16;

/// The numbers of a time step.
pub(super) struct Numbers {
    pub(super) time_step: f64,
    pub(super) radius: f64,
    /// Of degree 1, orders 0 and 1.
    pub(super) coriolis: [f64; 2],
    pub(super) relaxation: f64,
    pub(super) drag: f64,
    /// Filter coefficients nu and alpha.
    pub(super) filter: [f64; 2],
    /// Damping rate of each degree for wind and surface, 1/s.
    pub(super) damping: [Vec<f64>; 2],
}

impl Numbers {
    /// As the kernel reads them: of each degree the decay of wind and surface over half a step,
    /// their implicit damping over two, and `n (n+1) / a^2`.
    pub(super) fn list<F: Real>(&self) -> Vec<f64> {
        let mut list = vec![0.0; DEGREES as usize];
        list[TIME_STEP] = self.time_step;
        list[RADIUS] = self.radius;
        list[INVERSE_RADIUS] = 1.0 / self.radius;
        list[CORIOLIS..CORIOLIS + 2].copy_from_slice(&self.coriolis);
        list[RELAXATION] = self.relaxation;
        list[DRAG] = self.drag;
        list[HALF_NU] = 0.5 * self.filter[0];
        list[ALPHA] = self.filter[1];
        list[LARGEST] = F::LARGEST;
        let dt = self.time_step;
        for rates in &self.damping {
            list.extend(rates.iter().map(|d| (-0.5 * d * dt).exp()));
        }
        for rates in &self.damping {
            list.extend(rates.iter().map(|d| 1.0 / (1.0 + 2.0 * dt * d)));
        }
        let degrees = 0..self.damping[0].len();
        list.extend(degrees.map(|n| (n * (n + 1)) as f64 / (self.radius * self.radius)));
        list
    }
}

/// What is done to the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Update {
    /// Nothing: the series of a state that was just set.
    None,
    /// A stage of Runge-Kutta, 0 to 3.
    Stage(u32),
    /// A semi-implicit leapfrog step.
    Leapfrog,
}

impl Update {
    pub(super) fn stage(self) -> u32 {
        match self {
            Self::Stage(stage) => stage,
            _ => 0,
        }
    }

    /// Whether a step ends here.
    pub(super) fn is_last(self) -> bool {
        matches!(self, Self::Stage(3) | Self::Leapfrog)
    }
}

/// What the equation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    pub(super) frozen_wind: bool,
    pub(super) forced: bool,
    pub(super) mountains: bool,
}

/// The buffers of an ensemble that this kernel works on.
pub(super) struct Spectral {
    /// Of the products, `[m][n = m..=N+1][member][5][2]`.
    pub(super) analysed: Buffer,
    /// Of the fields, `[m][n = m..=N+1][member][4][2]`.
    pub(super) series: Buffer,
    /// Vorticity, divergence and surface, `[field][coefficient][member][2]`.
    pub(super) state: Buffer,
    /// The same of a Runge-Kutta stage.
    pub(super) stage: Buffer,
    /// The sum of the stages.
    pub(super) sum: Buffer,
    /// The state a leapfrog step before.
    pub(super) previous: Buffer,
    /// Spectrum of `g h_s`.
    pub(super) bottom: Buffer,
    /// What a forcing relaxes to, `[field][coefficient][2]`.
    pub(super) equilibrium: Buffer,
    /// Geopotential of the resting layer of each member.
    pub(super) references: Buffer,
    /// Mean geopotential of each member, that of this pass and that of the last, in turn.
    pub(super) means: Buffer,
    /// Of each member the step after which a value was not finite, 0 for none, and which field.
    pub(super) status: Buffer,
}

/// Members of a cube: few enough for their winds in a third of the smallest shared memory that
/// devices have.
fn share<F: Real>(truncation: u32, members: u32) -> u32 {
    let of_member = 4 * (truncation as usize + 4) * size_of::<F>();
    let most = (10 * 1024 / of_member).clamp(1, 4) as u32;
    most.min(members)
}

/// Does one update of all members; `pass` counts the passes over the grid.
#[allow(clippy::too_many_arguments)]
pub(super) fn launch<F: Real>(
    device: &Device,
    tables: &Tables,
    buffers: &Spectral,
    numbers: &Buffer,
    members: u32,
    (pass, step): (u64, u32),
    update: Update,
    terms: Terms,
) {
    let share = share::<F>(tables.truncation, members);
    let other = match update {
        Update::Leapfrog => &buffers.previous,
        _ => &buffers.sum,
    };
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        update_kernel::launch_unchecked::<F>(
            device.client(),
            CubeCount::Static(members.div_ceil(share), tables.truncation + 1, 1),
            CubeDim::new_1d(UNITS),
            buffers.analysed.argument(),
            buffers.series.argument(),
            buffers.state.argument(),
            buffers.stage.argument(),
            other.argument(),
            tables.couplings.argument(),
            numbers.argument(),
            buffers.bottom.argument(),
            buffers.equilibrium.argument(),
            buffers.references.argument(),
            buffers.means.argument(),
            buffers.status.argument(),
            members,
            (pass % 2) as u32,
            step,
            tables.truncation,
            share,
            update,
            terms,
        );
    }
}
