//! Surrogates of the user's own analyses: read, train, forecast with members, score, beside numerical
//! models and trivial forecasts from the same states.
//!
//! * data: [`curlwind_datasets::series`], brought into a training store once
//! * operator: [`curlwind_operators::surrogate`], any network for its grid
//! * solvers: shallow water and barotropic vorticity from the same states ([`partners`])
//! * scores: [`super::verification`], the same as `curlwind score`

pub mod climatology;
pub mod ensemble;
pub mod evaluation;
pub mod files;
pub mod forecast;
pub mod ingest;
pub mod learned;
pub mod partners;
pub mod pictures;
pub mod pipeline;
pub mod settings;
pub mod statistics;
pub mod train;
pub mod verdict;
pub mod windows;

use crate::catalogue::BuiltIn;
use crate::config::{Configuration, Document};
use crate::error::Result;
pub use settings::Settings;

/// The scenarios that the program carries.
pub const BUILT_IN: [BuiltIn; 2] = [
    BuiltIn {
        name: "era5-members",
        about: "a surrogate of NetCDF analyses, here ten ERA5 members over 36 hours, with an ensemble",
        text: include_str!("era5-members.toml"),
    },
    BuiltIn {
        name: "nature-surrogate",
        about: "a surrogate of the ten years of `nature-run`, beside the same equations at T21",
        text: include_str!("nature-surrogate.toml"),
    },
];

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
        let s = &self.settings;
        for (key, missing) in [
            ("data.variables", s.data.variables.is_empty()),
            ("ensemble.amplitude", s.ensemble.amplitude.is_empty()),
            ("ensemble.noise", s.ensemble.noise.is_empty()),
        ] {
            if missing {
                return Err(self.refuse(key, "expected at least one"));
            }
        }
        for (key, count) in [
            ("models", s.models),
            ("ensemble.members", s.ensemble.members),
            ("ensemble.cycle", s.ensemble.cycle),
            ("ensemble.cycles", s.ensemble.cycles),
            ("forecast.starts", s.forecast.starts),
        ] {
            if count == 0 {
                return Err(self.refuse(key, "expected 1 or more"));
            }
        }
        for (key, sizes) in [
            ("ensemble.amplitude", &s.ensemble.amplitude),
            ("ensemble.noise", &s.ensemble.noise),
        ] {
            if sizes.iter().any(|size| !(size.is_finite() && *size >= 0.0)) {
                return Err(self.refuse(key, "expected numbers of 0 or more"));
            }
        }
        for (number, variable) in s.data.variables.iter().enumerate() {
            let key = format!("data.variables[{number}].weight");
            if !(variable.weight.is_finite() && variable.weight >= 0.0) {
                return Err(self.refuse(&key, "expected 0 or more"));
            }
        }
        for (key, share) in [
            ("split.validation", s.split.validation),
            ("split.test", s.split.test),
        ] {
            if !(0.0..1.0).contains(&share) {
                return Err(self.refuse(key, "expected a share from 0 to below 1"));
            }
        }
        for (key, time) in [
            ("data.step", s.data.step.map_or(1.0, |t| t.si())),
            ("forecast.duration", s.forecast.duration.si()),
        ] {
            if time <= 0.0 || time.is_nan() {
                return Err(self.refuse(key, "expected a time above 0"));
            }
        }
        if let Some(region) = &s.data.region {
            let [south, north] = region.latitudes;
            if !(south < north && south >= -90.0 && north <= 90.0) {
                let reason = "expected latitudes from south to north within -90 to 90";
                return Err(self.refuse("data.region.latitudes", reason));
            }
        }
        s.training
            .check()
            .map_err(|error| self.refuse("training", error))
    }
}
