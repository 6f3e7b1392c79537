//! Touchstone files, version 1.1 (`.s1p`, `.s2p`, ...): scattering parameters over frequency.
//!
//! Source: Touchstone File Format Specification, IBIS Open Forum, version 1.1. What [`Network::write`]
//! writes, [`Network::read`] reads back to the last bit: numbers are written with as many digits as
//! they need.
//!
//! ```
//! use curlwind_datasets::touchstone::Network;
//! use ndarray::Array3;
//! use num_complex::Complex64;
//!
//! let s = Array3::from_shape_fn((3, 1, 1), |(f, _, _)| Complex64::new(0.1 * f as f64, -0.5));
//! let mut network = Network::new(vec![1.0e9, 1.5e9, 2.0e9], s, 50.0)?;
//! network.variables.push(("length".into(), "62.5 mm".into()));
//! let text = network.to_text();
//! assert_eq!(Network::parse(&text, "dipole.s1p".as_ref())?, network);
//! # Ok::<(), curlwind_datasets::Error>(())
//! ```

mod read;
mod write;

use crate::{Error, Result};
use ndarray::Array3;
use num_complex::Complex64;
use std::path::PathBuf;

/// Scattering parameters of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Frequencies in Hz, ascending.
    pub frequencies: Vec<f64>,
    /// `[frequency, i, j]`: the wave out of port i + 1 for a wave into port j + 1.
    pub s: Array3<Complex64>,
    /// Reference resistance of all ports in ohm.
    pub reference: f64,
    /// Names and values in `! name = value` lines, in order: the variables of a sweep.
    pub variables: Vec<(String, String)>,
    /// Other comment lines at the top, without the `!`.
    pub comments: Vec<String>,
}

impl Network {
    /// A network of `s` `[frequency, i, j]` at `frequencies` in Hz.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the shapes do not belong together, the frequencies do not ascend,
    /// a value is not finite or the reference is not above 0.
    pub fn new(frequencies: Vec<f64>, s: Array3<Complex64>, reference: f64) -> Result<Self> {
        let (n, i, j) = s.dim();
        let refuse = |what: &str, expected: String, found: String| {
            Err(Error::invalid(what, expected, found))
        };
        if n != frequencies.len() || i != j || i == 0 {
            return refuse(
                "shape of the scattering parameters",
                format!("[{}, ports, ports]", frequencies.len()),
                format!("[{n}, {i}, {j}]"),
            );
        }
        if let Some(pair) = frequencies.windows(2).find(|p| p[1] <= p[0]) {
            return refuse(
                "frequencies",
                "ascending".into(),
                format!("{} Hz after {} Hz", pair[1], pair[0]),
            );
        }
        if frequencies.iter().any(|f| !f.is_finite() || *f < 0.0)
            || s.iter().any(|v| !v.re.is_finite() || !v.im.is_finite())
        {
            return refuse(
                "scattering parameters",
                "finite numbers at frequencies of 0 or more".into(),
                "something else".into(),
            );
        }
        if !(reference > 0.0 && reference.is_finite()) {
            return refuse(
                "reference resistance",
                "above 0 ohm".into(),
                format!("{reference} ohm"),
            );
        }
        Ok(Self {
            frequencies,
            s,
            reference,
            variables: Vec::new(),
            comments: Vec::new(),
        })
    }

    /// Number of ports.
    pub fn ports(&self) -> usize {
        self.s.dim().1
    }

    /// The file of this name with the ending its number of ports asks for.
    pub fn file_name(&self, stem: &str) -> PathBuf {
        format!("{stem}.s{}p", self.ports()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn network(ports: usize, values: &[f64]) -> Network {
        let count = values.len() / 2 / (ports * ports);
        let s = Array3::from_shape_fn((count, ports, ports), |(f, i, j)| {
            let at = 2 * ((f * ports + i) * ports + j);
            Complex64::new(values[at], values[at + 1])
        });
        let frequencies = (0..count).map(|f| (f as f64 + 0.1) * 1.1e9).collect();
        Network::new(frequencies, s, 73.1).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_to_the_last_bit(
            ports in 1usize..6,
            values in proptest::collection::vec(-1.0f64..1.0, 150..300),
        ) {
            let mut network = network(ports, &values);
            network.variables.push(("arm_length".into(), "12.5 mm".into()));
            network.comments.push("made by a test".into());
            let back = Network::parse(&network.to_text(), "a.snp".as_ref()).unwrap();
            prop_assert_eq!(back, network);
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let s = Array3::zeros((2, 1, 1));
        assert!(Network::new(vec![1.0], s.clone(), 50.0).is_err());
        assert!(Network::new(vec![2.0, 1.0], s.clone(), 50.0).is_err());
        assert!(Network::new(vec![1.0, 2.0], s.clone(), 0.0).is_err());
        assert!(Network::new(vec![1.0, f64::NAN], s, 50.0).is_err());
    }
}
