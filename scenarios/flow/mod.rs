//! Flow: pairs of solver and operator for the standard tasks of operator learning.
//!
//! Each is a map from fields to fields: an initial velocity to a later one ([`burgers`]), a medium to
//! its pressure ([`darcy`]), a vorticity to the next ([`navier_stokes`]), that of two layers of an ocean
//! to the next ([`quasi_geostrophic`]). What a physics brings is its [`Problem`]; the rest, from training
//! data to report, is the same for all.
//!
//! * equations, solvers: [`curlwind_solvers::burgers`], [`curlwind_solvers::darcy`],
//!   [`curlwind_solvers::navier_stokes`], [`curlwind_solvers::quasi_geostrophic`]
//! * residuals: `curlwind_operators::residuals` under the same names
//! * operators: any network of [`curlwind_operators::network`] for fields on a line or a rectangle

pub mod burgers;
pub mod compare;
pub mod darcy;
pub mod evaluate;
pub mod generate;
pub mod hybrid;
pub mod ladder;
pub mod navier_stokes;
pub mod physics_informed;
pub mod pictures;
pub mod pipeline;
pub mod problem;
pub mod quasi_geostrophic;
pub mod roll_out;
pub mod samples;
pub mod settings;
pub mod symmetry;
mod teach;

use crate::catalogue::BuiltIn;
use crate::error::Result;
use curlwind_operators::field::SampleFacts;
pub use problem::Problem;
pub use settings::Settings;

/// The scenarios that the program carries.
pub const BUILT_IN: [BuiltIn; 7] = [
    BuiltIn {
        name: "burgers",
        about: "Burgers' equation in one dimension, initial velocity to the velocity at t = 1",
        text: include_str!("burgers/burgers.toml"),
    },
    BuiltIn {
        name: "darcy",
        about: "Darcy flow through random media of two rocks, permeability to pressure",
        text: include_str!("darcy/darcy.toml"),
    },
    BuiltIn {
        name: "darcy-small",
        about: "the small Darcy set of neuraloperator, trained at 16 x 16, tested at 16 and 32",
        text: include_str!("darcy/darcy-small.toml"),
    },
    BuiltIn {
        name: "navier-stokes",
        about: "forced two-dimensional flow on a torus, vorticity to the vorticity one time later",
        text: include_str!("navier_stokes/navier-stokes.toml"),
    },
    BuiltIn {
        name: "kolmogorov",
        about: "Kolmogorov flow with drag on a torus, vorticity to the next",
        text: include_str!("navier_stokes/kolmogorov.toml"),
    },
    BuiltIn {
        name: "navier-stokes-pino",
        about: "forced flow on a torus to a trajectory, learned from few labels and the residual",
        text: include_str!("navier_stokes/navier-stokes-pino.toml"),
    },
    BuiltIn {
        name: "quasi-geostrophic",
        about: "baroclinic eddies in two quasi-geostrophic layers, potential vorticity to the next",
        text: include_str!("quasi_geostrophic/quasi-geostrophic.toml"),
    },
];

/// A scenario as read.
pub type Loaded = crate::config::Loaded<Settings>;

impl Loaded {
    /// What depends on several keys at once.
    fn check(&self) -> Result<()> {
        let s = &self.settings;
        s.problem()
            .check()
            .map_err(|(path, reason)| self.refuse(&path, reason))?;
        let set = &s.training_set;
        for (key, share) in [
            ("training_set.validation", set.validation),
            ("training_set.test", set.test),
        ] {
            if !(0.0..1.0).contains(&share) {
                return Err(self.refuse(key, "expected a share from 0 to below 1"));
            }
        }
        if set.samples == 0 {
            return Err(self.refuse("training_set.samples", "expected at least 1"));
        }
        if set.carried && !s.problem().has_carried() {
            let reason = "the program carries samples of darcy alone";
            return Err(self.refuse("training_set.carried", reason));
        }
        if set.coarse_input > 0 && s.training.stages.iter().any(|stage| stage.roll_out > 1) {
            let reason = "expected 0 with roll-outs: the solver's part would be missing";
            return Err(self.refuse("training_set.coarse_input", reason));
        }
        if set.coarse_input > 0 && !s.training.resolutions.is_empty() {
            let reason = "expected 0 with `training.resolutions`: the solver's part is of one grid";
            return Err(self.refuse("training_set.coarse_input", reason));
        }
        if s.evaluation.coarse.contains(&0) {
            return Err(self.refuse("evaluation.coarse", "expected 1 or more"));
        }
        s.training
            .check()
            .map_err(|error| self.refuse("training", error))?;
        self.check_physics_informed()?;
        // of carried samples, the set itself tells
        if set.carried {
            return Ok(());
        }
        let problem = s.problem();
        let layout = problem.layout();
        let [rows, columns] = layout.grid.coordinates().map(|(.., lines)| lines.len());
        let (inputs, outputs) = problem.names();
        let facts = SampleFacts {
            shape: [inputs.len(), outputs.len(), rows, columns],
            periodic: problem.periodic(),
            sequence: problem::sequence(problem),
        };
        facts
            .check(&s.operator, &s.training)
            .map_err(|error| self.refuse("training", error))
    }
}
