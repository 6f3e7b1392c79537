//! Where a long run stands, on disk: a JSON file that is replaced at each year's end.
//!
//! Numbers are written so that they come back bit for bit (shortest decimal that does, and a
//! parser that rounds correctly).

use super::diagnostics::Diagnostics;
use crate::error::{Error, Result};
use crate::run_folder::write_atomically;
use curlwind_solvers::shallow_water::{Checkpoint, State};
use ndarray::Array1;
use num_complex::Complex64;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Everything that the rest of the run depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// Years that are finished; 0 after the spin-up.
    pub years: usize,
    /// The solver.
    pub checkpoint: Checkpoint,
    /// Mass after the spin-up, mean thickness in m.
    pub mass: f64,
    /// What the figures need.
    pub diagnostics: Diagnostics,
}

/// Real and imaginary parts in turn, of vorticity, divergence and geopotential.
type Parts = [Vec<f64>; 3];

#[derive(Serialize, Deserialize)]
struct Written {
    years: usize,
    time: f64,
    step: u64,
    state: Parts,
    previous: Option<Parts>,
    reference: Option<f64>,
    mass: f64,
    diagnostics: Diagnostics,
}

fn parts(state: &State) -> Parts {
    [&state.vorticity, &state.divergence, &state.geopotential]
        .map(|field| field.iter().flat_map(|c| [c.re, c.im]).collect())
}

fn state(parts: &Parts) -> State {
    let field = |k: usize| -> Array1<Complex64> {
        let pairs = parts[k].chunks_exact(2);
        pairs.map(|pair| Complex64::new(pair[0], pair[1])).collect()
    };
    State {
        vorticity: field(0),
        divergence: field(1),
        geopotential: field(2),
    }
}

impl Saved {
    /// Replaces the file.
    ///
    /// # Errors
    /// A folder that cannot be written, a full disk.
    pub fn write(&self, path: &Path) -> Result<()> {
        let Checkpoint {
            time,
            step,
            state,
            previous,
            reference,
        } = &self.checkpoint;
        let written = Written {
            years: self.years,
            time: *time,
            step: *step,
            state: parts(state),
            previous: previous.as_ref().map(parts),
            reference: *reference,
            mass: self.mass,
            diagnostics: self.diagnostics.clone(),
        };
        let text = serde_json::to_vec(&written).map_err(Error::failed)?;
        Ok(write_atomically(path, &text)?)
    }

    /// Reads the file; none when there is none.
    ///
    /// # Errors
    /// A file that this program did not write.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let bad = |reason: String| Error::unusable(format!("{}: {reason}", path.display()));
        let text = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
        let read: Written =
            serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        Ok(Some(Self {
            years: read.years,
            checkpoint: Checkpoint {
                time: read.time,
                step: read.step,
                state: state(&read.state),
                previous: read.previous.as_ref().map(state),
                reference: read.reference,
            },
            mass: read.mass,
            diagnostics: read.diagnostics,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("solver.json");
        assert_eq!(Saved::read(&path).unwrap(), None);
        let mut state = State::zeros(10);
        for (k, c) in state.vorticity.iter_mut().enumerate() {
            *c = Complex64::new(1e-5 / (k as f64 + 3.0), -0.0);
        }
        state.geopotential[0] = (5e4f64 / 3.0).into();
        state.divergence[3] = Complex64::new(f64::MIN_POSITIVE / 8.0, 1e300);
        let saved = Saved {
            years: 3,
            checkpoint: Checkpoint {
                time: 86400.0 / 7.0,
                step: 1 << 60,
                previous: Some(state.clone()),
                state,
                reference: Some(0.1 + 0.2),
            },
            mass: 5500.0,
            diagnostics: Diagnostics::default(),
        };
        saved.write(&path).unwrap();
        let read = Saved::read(&path).unwrap().unwrap();
        assert_eq!(read, saved);
        assert!(read.checkpoint.state.vorticity[0].im.is_sign_negative());
        std::fs::write(&path, "{").unwrap();
        assert!(Saved::read(&path).is_err());
    }
}
