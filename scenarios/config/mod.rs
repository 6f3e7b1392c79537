//! Scenario files: TOML text, overridden key by key, read into a typed configuration.
//!
//! A scenario is a struct that derives `Serialize` and `Deserialize` with
//! `#[serde(deny_unknown_fields)]`. [`load`] reads one from a [`Source`], lays the
//! `key.path=value` overrides over it and refuses, before any work is done, whatever
//! does not fit: the message names the file, the line and the column, shows the line,
//! and offers the nearest valid name.
//!
//! ```
//! use curlwind::config::{load, Seconds, Source};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Run {
//!     truncation: usize,
//!     duration: Seconds,
//! }
//!
//! let source = Source::built_in("demo", "truncation = 42\nduration = \"5 days\"\n");
//! let run: Run = load(&source, &["truncation=85".to_string()])?;
//! assert_eq!(run.truncation, 85);
//! assert_eq!(run.duration.si(), 432_000.0);
//!
//! let error = load::<Run>(&source, &["truncaton=85".to_string()]).err().unwrap();
//! assert!(error.to_string().contains("did you mean `truncation`?"));
//! # Ok::<(), curlwind::config::ConfigError>(())
//! ```

mod deserialize;
mod error;
mod expression;
mod load;
mod loaded;
mod nearest;
mod quantity;
mod tree;

pub use error::{ConfigError, Place};
pub use load::{Document, Source, load, to_toml};
pub use loaded::{Configuration, Loaded};
pub use nearest::nearest;
pub use quantity::{
    Angle, AngularFrequency, Capacitance, Conductivity, Dimension, Farads, Frequency, Henries,
    Hertz, HyperViscosity, Inductance, Length, Metres, MetresPerSecond, Ohms, Pascals, Pressure,
    Quantity, QuantityError, QuarticMetresPerSecond, Radians, RadiansPerSecond, Resistance,
    Seconds, SiemensPerMetre, Speed, SquareMetresPerSecond, Time, Unit, Viscosity,
};
