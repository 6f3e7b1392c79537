//! A plane wave on dielectric bodies in two dimensions: the field that they scatter, by the solver
//! and by an operator of fields.
//!
//! * equation, solver: [`curlwind_solvers::maxwell::scattering`]
//! * residual: `curlwind_operators::residuals::helmholtz`
//! * operator: [`curlwind_operators::field`], permittivity and incident field to scattered field

pub mod bodies;
pub mod compare;
pub mod evaluation;
pub mod forecast;
pub mod generate;
pub mod output;
pub mod pictures;
pub mod pipeline;
pub mod rivals;
pub mod settings;
pub mod solve;
pub mod train;

use crate::catalogue::BuiltIn;
use crate::config::{Configuration, Document};
use crate::error::{Error, Result};
pub use settings::Settings;

/// The scenarios that the program carries.
pub const BUILT_IN: [BuiltIn; 1] = [BuiltIn {
    name: "scattering",
    about: "plane wave on dielectric bodies in 2-D: fields by FDTD against a Fourier neural operator",
    text: include_str!("scattering.toml"),
}];

/// A scenario as read.
pub type Loaded = crate::config::Loaded<Settings>;

impl Configuration for Settings {
    fn decode(document: &Document) -> Result<Self> {
        Ok(document.decode()?)
    }

    fn seed(&mut self) -> &mut u64 {
        &mut self.seed
    }

    fn check(loaded: &Loaded) -> Result<()> {
        loaded.check()
    }
}

impl Loaded {
    /// What depends on several keys at once.
    fn check(&self) -> Result<()> {
        let Settings {
            solver,
            training_set: set,
            evaluation,
            ..
        } = &self.settings;
        let side = solver.side.si();
        let [low, high] = set.radius.map(|r| r.si());
        let rising =
            |[low, high]: [f64; 2], least: f64| low >= least && high >= low && high.is_finite();
        let coarse = evaluation.coarse_cells.iter().copied();
        let fewest = coarse.chain([solver.cells]).min().unwrap_or(0);
        for (path, wrong, expected) in [
            (
                "solver.frequency",
                solver.frequency.si().total_cmp(&0.0).is_le(),
                "expected a frequency above 0",
            ),
            (
                "solver.side",
                side.total_cmp(&0.0).is_le(),
                "expected a length above 0",
            ),
            ("solver.points", solver.points < 8, "expected 8 or more"),
            ("solver.cells", solver.cells < 8, "expected 8 or more"),
            (
                "solver.energy_decay_db",
                !(10.0..=200.0).contains(&solver.energy_decay_db),
                "expected 10 to 200 dB",
            ),
            (
                "training_set.scenes",
                set.scenes == 0,
                "expected at least 1",
            ),
            (
                "training_set.bodies",
                set.bodies[0] == 0 || set.bodies[1] < set.bodies[0],
                "expected the fewest, 1 or more, then the most",
            ),
            (
                "training_set.permittivity",
                !rising(set.permittivity, 1.0),
                "expected the lowest, 1 or more, then the highest",
            ),
            (
                "training_set.radius",
                !(low > 0.0 && high >= low && 2.2 * high < side),
                "expected the smallest, then the largest, which must fit into solver.side",
            ),
            (
                "training_set.validation",
                !(0.0..1.0).contains(&set.validation),
                "expected a share from 0 to below 1",
            ),
            (
                "training_set.test",
                !(0.0..1.0).contains(&set.test),
                "expected a share from 0 to below 1",
            ),
            (
                "evaluation.reference_cells",
                evaluation.reference_cells <= solver.cells,
                "expected more than solver.cells: the reference is finer than what is judged by it",
            ),
            (
                "evaluation.coarse_cells",
                fewest < 8,
                "expected 8 or more each",
            ),
            (
                "evaluation.beyond_permittivity",
                !rising(evaluation.beyond_permittivity, 1.0),
                "expected the lowest, 1 or more, then the highest",
            ),
            (
                "evaluation.beyond_bodies",
                evaluation.beyond_bodies == 0,
                "expected at least 1",
            ),
            (
                "evaluation.scenes",
                evaluation.scenes == 0,
                "expected at least 1",
            ),
        ] {
            if wrong {
                return Err(self.refuse(path, expected));
            }
        }
        if let Some(stage) = self
            .settings
            .training
            .stages
            .iter()
            .position(|s| s.roll_out != 1)
        {
            let reason = "expected 1: the operator is no time stepper";
            return Err(self.refuse(&format!("training.stages.{stage}.roll_out"), reason));
        }
        self.settings
            .training
            .check()
            .map_err(|error| self.refuse("training", error))?;
        let square = solve::square(solver, solver.cells);
        let solids = self.settings.scene.solids(square.depth());
        let solids =
            solids.map_err(|(path, reason)| self.refuse(&format!("scene.{path}"), reason))?;
        square.check(&solids).map_err(|error| self.blame(&error))
    }

    /// A solver's refusal, at the line of the body that it names.
    fn blame(&self, error: &curlwind_solvers::Error) -> Error {
        let body = match error {
            curlwind_solvers::Error::Solid { name, .. } => name.strip_prefix("body "),
            _ => None,
        };
        match body.and_then(|number| number.parse::<usize>().ok()) {
            Some(number) => self.refuse(&format!("scene.bodies.{}", number - 1), error),
            None => self.refuse("solver", error),
        }
    }
}
