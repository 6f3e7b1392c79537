//! Surrogates of design sweeps: design parameters to S-parameters over frequency.
//!
//! A sweep of an antenna's dimensions gives smooth curves whose resonances move. Interpolating the
//! curves themselves blurs them; here a model predicts *where* the resonances are, how wide and how
//! strong, and a rational function of frequency does the rest ([`network`]). A one-port is
//! described by its normalised impedance as a sum of positive-real terms, so that every prediction
//! is passive, causal and real in time by construction.
//!
//! A [`DesignSurrogate`] is a small ensemble. Each member leaves out its share of the designs. What
//! it gets wrong on them chooses how members are built, from a polynomial with one resonance to a
//! network ([`surface`]), and scales the spread of the ensemble to intervals of a stated coverage
//! ([`calibration`]). [`domain`] says how far a question is from the training designs, [`optimise`]
//! finds the design that serves a goal best.
//!
//! ```
//! use curlwind_operators::design::{DesignData, DesignSurrogateConfig, DesignSurrogate, Response};
//! use curlwind_operators::training::RunOptions;
//! use ndarray::{Array2, Array3};
//!
//! // Twelve dipoles of 40 to 62 mm, from a formula instead of a solver.
//! let frequencies: Vec<f64> = (0..41).map(|i| 1e9 + i as f64 * 0.1e9).collect();
//! let lengths = Array2::from_shape_fn((12, 1), |(i, _)| 0.040 + 0.002 * i as f64);
//! let response = Array3::from_shape_fn((12, 1, 41), |(i, _, f)| {
//!     let detuning = frequencies[f] * lengths[[i, 0]] / 1.4e8 - 1.0;
//!     20.0 * (detuning.abs() / (0.01 + detuning * detuning).sqrt() + 0.1).min(1.0).log10()
//! });
//! let data = DesignData {
//!     parameter_names: vec!["length".into()],
//!     parameters: lengths,
//!     port_pairs: vec![[1, 1]],
//!     frequencies,
//!     response: Response::Decibel(response),
//! };
//! let config = DesignSurrogateConfig { steps: 100, members: 2, ..Default::default() };
//! let folder = std::env::temp_dir().join("curlwind-design-example");
//! let device = curlwind_operators::device::select("cpu")?;
//! let options = RunOptions { quiet: true, ..Default::default() };
//! let surrogate = DesignSurrogate::train(&data, &config, &device, &folder, options)?;
//! let prediction = surrogate.predict(&Array2::from_elem((1, 1), 0.051))?;
//! assert_eq!(prediction.mean.shape(), [1, 1, 41]);
//! assert!(prediction.outside[0] == 0.0 && prediction.distance[0] < 2.0);
//! # Ok::<(), curlwind_operators::Error>(())
//! ```

pub mod calibration;
pub mod config;
pub mod data;
pub mod domain;
pub mod ensemble;
mod gauss_newton;
pub mod network;
mod objective;
pub mod optimise;
pub mod prediction;
mod resonance;
pub mod scores;
pub mod splits;
mod statistics;
pub mod surface;

pub use config::{DesignSurrogateConfig, Form};
pub use data::{DesignData, Response};
pub use ensemble::{Description, DesignSurrogate};
pub use prediction::Prediction;
pub use surface::Candidate;
