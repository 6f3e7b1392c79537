//! Maxwell's equations: antennas, guides and scatterers from a scene file to Touchstone, sweeps over
//! their dimensions, and a surrogate trained on the sweep.
//!
//! * equation, solver: [`curlwind_solvers::maxwell`]
//! * residual: `curlwind_operators::residuals::maxwell`
//! * operator: [`curlwind_operators::design`], design parameters to scattering parameters

pub mod assemble;
pub mod compare;
pub mod far_field;
pub mod field_monitors;
pub mod fields_output;
pub mod measures;
pub mod output;
pub mod pictures;
pub mod scene;
pub mod simulate;
pub mod solve;
pub mod sweep;

use crate::catalogue::BuiltIn;
use crate::config::{Document, Source};
use crate::error::{Error, Result};
pub use scene::Scene;

/// The scenes that the program carries.
pub const BUILT_IN: [BuiltIn; 7] = [
    BuiltIn {
        name: "dipole",
        about: "half-wave wire dipole: S11, gain, a sweep over its length with a surrogate",
        text: include_str!("scenes/dipole.toml"),
    },
    BuiltIn {
        name: "monopole",
        about: "quarter-wave monopole over a ground plane",
        text: include_str!("scenes/monopole.toml"),
    },
    BuiltIn {
        name: "patch",
        about: "microstrip patch antenna with its feed line",
        text: include_str!("scenes/patch.toml"),
    },
    BuiltIn {
        name: "bowtie",
        about: "planar bowtie antenna",
        text: include_str!("scenes/bowtie.toml"),
    },
    BuiltIn {
        name: "cavity",
        about: "rectangular cavity: resonance frequencies",
        text: include_str!("scenes/cavity.toml"),
    },
    BuiltIn {
        name: "waveguide",
        about: "rectangular waveguide with a dielectric block: S11 and S21",
        text: include_str!("scenes/waveguide.toml"),
    },
    BuiltIn {
        name: "sphere",
        about: "plane wave on a conducting sphere: radar cross section",
        text: include_str!("scenes/sphere.toml"),
    },
];

/// A scene as read, with what is needed to refuse its values by file and line and to read it again
/// with other parameters.
pub struct Loaded {
    /// The name it was asked for by.
    pub name: String,
    /// Its values.
    pub scene: Scene,
    /// Where its solver runs: `cpu`, `cuda:0`, `wgpu`.
    pub device: String,
    document: Document,
    source: Source,
    sets: Vec<String>,
}

impl Loaded {
    /// Reads a scene, lays the overrides over it, and checks what can be checked before any work.
    ///
    /// # Errors
    /// Unreadable text, unknown key, wrong unit, wrong value: with the place, what was expected
    /// and the nearest valid name.
    pub fn read(name: &str, source: Source, sets: &[String], seed: Option<u64>) -> Result<Self> {
        let document = Document::read(&source, sets)?;
        let mut scene: Scene = document.decode()?;
        if let Some(seed) = seed {
            scene.seed = seed;
        }
        let loaded = Self {
            name: name.to_string(),
            scene,
            device: "cpu".to_string(),
            document,
            source,
            sets: sets.to_vec(),
        };
        loaded.check()?;
        Ok(loaded)
    }

    /// The same scene with other values of its parameters, `(name, value as written)`.
    ///
    /// # Errors
    /// As [`Loaded::read`].
    pub fn with_parameters(&self, values: &[(String, String)]) -> Result<Self> {
        let mut sets = self.sets.clone();
        sets.extend(
            values
                .iter()
                .map(|(name, value)| format!("parameters.{name}={value}")),
        );
        let seed = Some(self.scene.seed);
        let mut loaded = Self::read(&self.name, self.source.clone(), &sets, seed)?;
        loaded.device.clone_from(&self.device);
        Ok(loaded)
    }

    /// The error that refuses the value at `path`, naming its file and line.
    pub fn refuse(&self, path: &str, reason: impl std::fmt::Display) -> Error {
        self.document.refuse(path, reason).into()
    }

    /// What depends on several keys at once.
    fn check(&self) -> Result<()> {
        let scene = &self.scene;
        let band = scene.frequency;
        if band.from.si() <= 0.0 || band.to.si() < band.from.si() || band.points == 0 {
            return Err(self.refuse("frequency", "expected 0 < from <= to and one point or more"));
        }
        if band.points == 1 && band.from != band.to {
            return Err(self.refuse("frequency.points", "one point needs from = to"));
        }
        if band.points > 1 && band.from == band.to {
            return Err(self.refuse("frequency.points", "from = to is a single point"));
        }
        if !(scene.run.courant > 0.0 && scene.run.courant <= 1.0) {
            return Err(self.refuse(
                "run.courant",
                "expected a fraction of the Courant limit: above 0, at most 1",
            ));
        }
        match (&scene.source, scene.ports.is_empty()) {
            (None, true) => {
                return Err(self.refuse(
                    "ports",
                    "nothing excites the scene: it has neither ports nor a source",
                ));
            }
            (Some(_), false) => {
                return Err(self.refuse(
                    "source",
                    "S parameters need their ports excited one at a time; leave out the source or the ports",
                ));
            }
            (Some(source), true) if source.dipole.is_some() == source.plane_wave.is_some() => {
                return Err(self.refuse("source", "expected one kind: dipole or plane_wave"));
            }
            _ => {}
        }
        let walls = &scene.boundaries;
        for (axis, pair) in [("x", walls.x), ("y", walls.y), ("z", walls.z)] {
            let periodic = pair.map(|w| w == scene::WallName::Periodic);
            if periodic[0] != periodic[1] {
                return Err(self.refuse(
                    &format!("boundaries.{axis}"),
                    "a periodic side joins the opposite one, which must say so as well",
                ));
            }
        }
        let listed = scene.monitors.far_field.iter().flat_map(|m| &m.frequencies);
        if listed.into_iter().any(|f| f.si() <= 0.0) {
            return Err(self.refuse(
                "monitors.far_field.frequencies",
                "expected frequencies above 0",
            ));
        }
        if scene.monitors.far_field.is_some() {
            let sides = [walls.x, walls.y, walls.z].concat();
            if sides
                .iter()
                .any(|w| matches!(w, scene::WallName::Pmc | scene::WallName::Periodic))
            {
                return Err(self.refuse(
                    "monitors.far_field",
                    "a far field needs open sides, at most one conducting plane and no pmc or periodic side",
                ));
            }
        }
        self.check_sweep()
    }
}

impl Loaded {
    /// The parameters as they are written.
    pub fn parameter_texts(&self) -> Vec<(String, String)> {
        let parameters = self.scene.parameters.iter();
        parameters
            .map(|(name, value)| {
                let text = match value {
                    scene::Parameter::Number(number) => number.to_string(),
                    scene::Parameter::Quantity(text) => text.clone(),
                };
                (name.clone(), text)
            })
            .collect()
    }
}
