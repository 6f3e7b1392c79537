//! Coordinate networks: an equation solved by a network that has seen nothing but the equation
//! (physics-informed networks), beside the solver that is made for it.
//!
//! * equations, solvers: [`curlwind_solvers`] under the names of the cases
//! * residuals: [`curlwind_operators::residuals::pointwise`]
//! * problems, networks, training: [`curlwind_operators::coordinate`]
//!
//! A scenario names a case, how its conditions are imposed, a network and how it is trained;
//! [`ablation`] trains again with one feature off at a time.

pub mod ablation;
pub mod compare;
pub mod evaluate;
pub mod forecast;
pub mod output;
pub mod pictures;
pub mod pipeline;
pub mod settings;
pub mod train;

use crate::catalogue::BuiltIn;
use crate::error::Result;
pub use settings::Settings;

/// The scenarios that the program carries.
pub const BUILT_IN: [BuiltIn; 6] = [
    BuiltIn {
        name: "burgers-shock",
        about: "a network that knows Burgers' equation alone, with a shock",
        text: include_str!("burgers-shock.toml"),
    },
    BuiltIn {
        name: "allen-cahn",
        about: "a network that knows the Allen-Cahn equation alone, with its fronts",
        text: include_str!("allen-cahn.toml"),
    },
    BuiltIn {
        name: "advection",
        about: "a network that knows advection alone, sixteen times around a circle",
        text: include_str!("advection.toml"),
    },
    BuiltIn {
        name: "maxwell-interface",
        about: "a network that knows Maxwell's equations alone, a pulse at a dielectric, 1-D",
        text: include_str!("maxwell-interface.toml"),
    },
    BuiltIn {
        name: "maxwell-cavity",
        about: "a network that knows Maxwell's equations alone, a pulse in a closed box, 2-D",
        text: include_str!("maxwell-cavity.toml"),
    },
    BuiltIn {
        name: "maxwell-point-source",
        about: "a network that knows Maxwell's equations alone, a pulse from a point, 2-D",
        text: include_str!("maxwell-point-source.toml"),
    },
];

/// A scenario as read.
pub type Loaded = crate::config::Loaded<Settings>;

impl Loaded {
    /// What depends on several keys at once.
    fn check(&self) -> Result<()> {
        let s = &self.settings;
        if s.windows == 0 {
            return Err(self.refuse("windows", "expected 1 or more"));
        }
        s.training
            .check()
            .map_err(|error| self.refuse("training", error))?;
        let case = s.case().map_err(|error| self.refuse("problem", error))?;
        let domain = case
            .domain()
            .map_err(|error| self.refuse("problem", error))?;
        let window = [domain.lower[0], domain.upper[0]];
        let problem = case
            .problem(&s.conditions, window, None)
            .and_then(|problem| problem.check().map(|()| problem))
            .map_err(|error| self.refuse("conditions", error))?;
        let device =
            curlwind_operators::device::select("cpu").map_err(crate::error::Error::unusable)?;
        s.network
            .init(&domain, problem.order, problem.outputs, &device)
            .map_err(|error| self.refuse("network", error))?;
        Ok(())
    }
}
