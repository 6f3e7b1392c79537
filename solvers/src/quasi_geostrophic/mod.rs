//! Two layers of quasi-geostrophic flow on a doubly periodic beta plane, driven by an imposed shear.
//!
//! ```text
//! dq1/dt + J(psi1, q1) + U1 q1_x + Qy1 psi1_x =                      - nu (-laplacian)^p q1
//! dq2/dt + J(psi2, q2) + U2 q2_x + Qy2 psi2_x = - r laplacian psi2   - nu (-laplacian)^p q2
//!
//! q1 = laplacian psi1 + F1 (psi2 - psi1)      F1 = 1 / (rd^2 (1 + delta))   Qy1 = beta + F1 (U1 - U2)
//! q2 = laplacian psi2 + F2 (psi1 - psi2)      F2 = delta F1                 Qy2 = beta - F2 (U1 - U2)
//! u = -psi_y,  v = psi_x,  J(a, b) = a_x b_y - a_y b_x,  delta = H1 / H2
//! ```
//!
//! Layer 1 is the upper one; q and psi are departures from zonal flows U1 and U2 (N. A. Phillips,
//! Tellus 6, 273-286, 1954; G. K. Vallis, Atmospheric and Oceanic Fluid Dynamics, 2nd ed., sections
//! 5.3 and 9.6; in the notation of pyqg's documentation, "Two-layer quasi-geostrophic model"). The
//! mean of q over the torus stays what it is and carries no flow.
//!
//! The solver is pseudo-spectral. [`phillips`] holds the linear theory: growth rates, cut-offs, the
//! critical shear. [`RossbyWave`] and [`phillips::NormalMode`] are exact at any amplitude; [`Budget`]
//! closes energy and enstrophy.
//!
//! ```
//! use curlwind_solvers::quasi_geostrophic::{QuasiGeostrophic, RossbyWave, Solver};
//!
//! let equation = QuasiGeostrophic { velocities: [0.1; 2], drag: 0.0, ..Default::default() };
//! let solver = Solver::new(equation, [16, 16], 3600.0)?;
//! let wave = RossbyWave { waves: [1, 2], amplitude: 100.0, baroclinic: true };
//! let states = solver.trajectory(wave.at(&solver, 0.0).view(), 864000.0, 864000.0)?;
//! let (found, exact) = (states.index_axis(ndarray::Axis(0), 1), wave.at(&solver, 864000.0));
//! let size = exact.iter().fold(0.0f64, |s, q| s.max(q.abs()));
//! assert!(found.iter().zip(&exact).all(|(a, b)| (a - b).abs() < 1e-8 * size));
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

mod budget;
mod exact;
pub mod phillips;
mod solver;
mod step;
#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use exact::RossbyWave;
pub use solver::Solver;
pub use step::{ExponentialFilter, Integrator};

use crate::torus::positive;
use crate::{Error, Result};

/// The equation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuasiGeostrophic {
    /// Northward gradient beta of the Coriolis parameter in 1/(m s).
    pub beta: f64,
    /// Radius of deformation rd in m.
    pub deformation_radius: f64,
    /// Depth of the upper layer over that of the lower one, delta.
    pub depth_ratio: f64,
    /// Imposed zonal velocities U1 and U2 in m/s.
    pub velocities: [f64; 2],
    /// Linear drag r on the lower layer in 1/s.
    pub drag: f64,
    /// Coefficient nu of the dissipation of small scales in m^2p/s, 0 for none.
    pub hyperviscosity: f64,
    /// Its order 2p: 2 for viscosity, 4 for the biharmonic one, any even number.
    pub order: u32,
    /// Lengths of the torus in m, `[y, x]`.
    pub lengths: [f64; 2],
}

impl Default for QuasiGeostrophic {
    /// An ocean at mid-latitudes: the eddy configuration of pyqg (1000 km, rd = 15 km,
    /// beta = 1.5e-11, delta = 1/4, 2.5 cm/s over a lower layer at rest, drag of 20 days), without
    /// small-scale dissipation.
    fn default() -> Self {
        Self {
            beta: 1.5e-11,
            deformation_radius: 15e3,
            depth_ratio: 0.25,
            velocities: [0.025, 0.0],
            drag: 5.787e-7,
            hyperviscosity: 0.0,
            order: 8,
            lengths: [1e6; 2],
        }
    }
}

impl QuasiGeostrophic {
    /// The equation, if its parameters are usable.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the radius of deformation, the ratio of depths or a length is not
    /// above 0, drag or hyperviscosity below 0, the order odd or 0, or a value not finite.
    pub fn validated(self) -> Result<Self> {
        positive("deformation_radius", self.deformation_radius)?;
        positive("depth_ratio", self.depth_ratio)?;
        for length in self.lengths {
            positive("length", length)?;
        }
        let [upper, lower] = self.velocities;
        let (drag, dissipation, even) =
            (self.drag, self.hyperviscosity, self.order.is_multiple_of(2));
        let named = [
            ("beta", self.beta, true, "a finite number"),
            ("upper velocity", upper, true, "a finite number"),
            ("lower velocity", lower, true, "a finite number"),
            ("drag", drag, drag >= 0.0, "0 or more"),
            (
                "hyperviscosity",
                dissipation,
                dissipation >= 0.0,
                "0 or more",
            ),
            (
                "order of the hyperviscosity",
                self.order.into(),
                even && self.order > 0,
                "an even number, 2 or more",
            ),
        ];
        for (name, value, good, expected) in named {
            if !(good && value.is_finite()) {
                return Err(Error::Parameter {
                    name,
                    value,
                    expected,
                });
            }
        }
        Ok(self)
    }

    /// F1 and F2 in 1/m^2: how thickness stretches vorticity.
    pub fn stretching(&self) -> [f64; 2] {
        let upper = 1.0 / (self.deformation_radius.powi(2) * (1.0 + self.depth_ratio));
        [upper, self.depth_ratio * upper]
    }

    /// The shear U1 - U2 in m/s.
    pub fn shear(&self) -> f64 {
        self.velocities[0] - self.velocities[1]
    }

    /// Gradients Qy1 and Qy2 of the mean potential vorticity to the north in 1/(m s).
    pub fn gradients(&self) -> [f64; 2] {
        let [upper, lower] = self.stretching();
        [
            self.beta + upper * self.shear(),
            self.beta - lower * self.shear(),
        ]
    }

    /// Shares H1 / H and H2 / H of the layers in the depth.
    pub fn shares(&self) -> [f64; 2] {
        let whole = 1.0 + self.depth_ratio;
        [self.depth_ratio / whole, 1.0 / whole]
    }

    /// The matrix `[layer of psi][layer of q]` in m^2 that makes the streamfunction from the
    /// potential vorticity of waves with the squared wavenumber `square` in 1/m^2; 0 for the mean.
    pub fn inversion(&self, square: f64) -> [[f64; 2]; 2] {
        if square == 0.0 {
            return [[0.0; 2]; 2];
        }
        let [upper, lower] = self.stretching();
        let scale = -1.0 / (square * (square + upper + lower));
        [
            [scale * (square + lower), scale * upper],
            [scale * lower, scale * (square + upper)],
        ]
    }

    /// Damping rate `nu k^2p` in 1/s at the squared wavenumber `square` in 1/m^2.
    pub fn dissipation(&self, square: f64) -> f64 {
        match self.hyperviscosity {
            0.0 => 0.0,
            nu => nu * square.powi((self.order / 2) as i32),
        }
    }
}
