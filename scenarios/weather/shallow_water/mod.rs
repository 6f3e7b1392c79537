//! Rotating shallow water on the sphere: the solver, its surrogate, and what they make of the same
//! initial state.
//!
//! * equation, solver: [`curlwind_solvers::shallow_water`]
//! * residual: `curlwind_operators::residuals::shallow_water`
//! * operator: [`curlwind_operators::sfno`], trained on the solver's own flows

pub mod archive;
pub mod carried;
pub mod compare;
pub mod evaluation;
pub mod flows;
pub mod generate;
pub mod gridded;
pub mod initial;
pub mod linear_balance;
pub mod output;
pub mod pictures;
pub mod pipeline;
pub mod rollout;
pub mod settings;
pub mod simulation;
pub mod spectra;
pub mod train;
pub mod windows;

use crate::catalogue::BuiltIn;
use crate::config::{Configuration, Document};
use crate::error::Result;
use curlwind_datasets::calendar::{Calendar, DateTime};
pub use settings::Settings;

/// The scenarios that the program carries.
pub const BUILT_IN: [BuiltIn; 3] = [
    BuiltIn {
        name: "shallow-water",
        about: "standard and random flows of rotating shallow water, solver against operator",
        text: include_str!("shallow-water.toml"),
    },
    BuiltIn {
        name: "era5-500hpa",
        about: "five-day forecast from a real ERA5 analysis at 500 hPa, solver against operator",
        text: include_str!("era5-500hpa.toml"),
    },
    BuiltIn {
        name: "nature-run",
        about: "ten years of forced, chaotic shallow water, six-hourly, in one NetCDF file a year",
        text: include_str!("nature-run.toml"),
    },
];

/// The values of `initial.case`.
pub const CASES: [(&str, &str); 7] = [
    ("williamson_1", "advection of a cosine bell (angle)"),
    ("williamson_2", "steady zonal flow (angle)"),
    ("williamson_5", "zonal flow over an isolated mountain"),
    ("williamson_6", "Rossby-Haurwitz wave of wavenumber 4"),
    (
        "galewsky",
        "barotropically unstable jet (perturbed = true or false)",
    ),
    (
        "random",
        "random flow in nonlinear balance (wind, depth, peak_degree)",
    ),
    (
        "analysis",
        "wind and geopotential from NetCDF (file, level, time, balanced)",
    ),
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
        let positive = [
            ("solver.time_step", s.solver.time_step.si()),
            ("solver.duration", s.solver.duration.si()),
            ("solver.output_interval", s.solver.output_interval.si()),
            ("training_set.interval", s.training_set.interval.si()),
            ("training_set.duration", s.training_set.duration.si()),
            ("forecast.duration", s.forecast.duration.si()),
        ];
        for (key, value) in positive {
            if value <= 0.0 || value.is_nan() {
                return Err(self.refuse(key, "expected a time above 0"));
            }
        }
        for (key, duration, interval, of) in [
            (
                "solver.duration",
                s.solver.duration,
                s.solver.output_interval,
                "solver.output_interval",
            ),
            (
                "training_set.duration",
                s.training_set.duration,
                s.training_set.interval,
                "training_set.interval",
            ),
            (
                "forecast.duration",
                s.forecast.duration,
                s.training_set.interval,
                "training_set.interval",
            ),
        ] {
            let count = duration.si() / interval.si();
            if count.round() < 1.0 || (count - count.round()).abs() > 1e-9 {
                return Err(self.refuse(
                    key,
                    format!("expected a whole number of `{of}` ({interval})"),
                ));
            }
        }
        if let Some(archive) = &s.archive {
            self.check_archive(archive)?;
        }
        let set = &s.training_set;
        for (key, share) in [
            ("training_set.validation", set.validation),
            ("training_set.test", set.test),
        ] {
            if !(0.0..1.0).contains(&share) {
                return Err(self.refuse(key, "expected a share from 0 to below 1"));
            }
        }
        if set.trajectories == 0 {
            return Err(self.refuse("training_set.trajectories", "expected at least 1"));
        }
        if set.latitudes < 8 || !set.latitudes.is_multiple_of(2) {
            return Err(self.refuse(
                "training_set.latitudes",
                "expected an even number, 8 or more",
            ));
        }
        s.training
            .check()
            .map_err(|error| self.refuse("training", error))
    }

    fn check_archive(&self, archive: &archive::settings::Archive) -> Result<()> {
        let interval = self.settings.solver.output_interval;
        let count = archive.spin_up.si() / interval.si();
        if count < 0.0 || (count - count.round()).abs() > 1e-9 {
            return Err(self.refuse(
                "archive.spin_up",
                format!("expected a whole number of `solver.output_interval` ({interval}), or 0"),
            ));
        }
        if archive.latitudes < 8 || !archive.latitudes.is_multiple_of(2) {
            return Err(self.refuse("archive.latitudes", "expected an even number, 8 or more"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if archive.name.is_empty() || !archive.name.chars().all(plain) {
            return Err(self.refuse(
                "archive.name",
                "expected the beginning of a file name: letters, digits, -, _ and .",
            ));
        }
        DateTime::parse(&archive.start, Calendar::Standard)
            .map(|_| ())
            .map_err(|error| self.refuse("archive.start", error))
    }
}
