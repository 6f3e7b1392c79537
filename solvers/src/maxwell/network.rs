//! The scattering matrix of a device with several ports, column by column from one run for each
//! excited port.
//!
//! Each run gives the waves a and b at all ports. A port's termination need not be its reference
//! impedance, and an absorbing wall returns a little, so a is not zero at the other ports either:
//! with the runs as columns of A and B, the matrix is `S = B A^-1`, which needs all runs and no
//! match at all. Change of the real reference impedances Z to Z':
//!
//! ```text
//! S' = (Q + P S) (P + Q S)^-1,   P = diag (Z + Z') / (2 sqrt(Z Z')),   Q = diag (Z - Z') / (2 sqrt(Z Z'))
//! ```

use super::ports::PortRecord;
use crate::{Error, Result};
use ndarray::{Array2, Array3, s};
use num_complex::Complex64;

/// A network's scattering matrix over frequency.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Names of the ports.
    pub ports: Vec<String>,
    /// Frequencies in Hz.
    pub frequencies: Vec<f64>,
    /// Real reference impedance of each port in ohm.
    pub impedance: Vec<f64>,
    /// `S[frequency, i, j]`: the wave out of port i for a unit wave into port j.
    pub s: Array3<Complex64>,
}

impl Network {
    /// From one run for each port, each with the records of all ports in the same order.
    ///
    /// # Errors
    /// [`Error::Port`] when a run has no excited port or several, when a port is excited in two
    /// runs, or when a port got no signal at some frequency; [`Error::Size`] when runs and ports
    /// differ in number or frequencies differ between records.
    pub fn from_runs(runs: &[Vec<PortRecord>]) -> Result<Self> {
        let n = runs.len();
        let Some(first) = runs.first().and_then(|run| run.first()) else {
            return Err(Error::Size {
                what: "number of runs of a network",
                expected: "one for each port".into(),
                found: 0,
            });
        };
        let mut owner: Vec<Option<usize>> = vec![None; n];
        for (r, run) in runs.iter().enumerate() {
            if run.len() != n {
                return Err(Error::Size {
                    what: "number of ports in a run of a network",
                    expected: format!("as many as runs, {n}"),
                    found: run.len(),
                });
            }
            let excited: Vec<&PortRecord> = run.iter().filter(|p| p.excited).collect();
            let problem = |name: &str, problem: String| Error::Port {
                name: name.to_owned(),
                problem,
            };
            match excited[..] {
                [_] => {}
                [] => {
                    return Err(problem(
                        &run[0].name,
                        format!("no port is excited in run {r}; a column of S needs one"),
                    ));
                }
                [one, other, ..] => {
                    return Err(problem(
                        &one.name,
                        format!(
                            "it is excited in the same run as port \"{}\"; a column of S needs exactly one",
                            other.name
                        ),
                    ));
                }
            }
            for (p, record) in run.iter().enumerate() {
                if record.frequencies != first.frequencies {
                    return Err(Error::Size {
                        what: "number of frequencies of a port",
                        expected: format!(
                            "the same {} frequencies in all records",
                            first.frequencies.len()
                        ),
                        found: record.frequencies.len(),
                    });
                }
                if record.excited
                    && let Some(before) = owner[p].replace(r)
                {
                    return Err(problem(
                        &record.name,
                        format!("it is excited in runs {before} and {r}; every port needs its own"),
                    ));
                }
            }
        }
        let waves: Vec<Vec<[Vec<Complex64>; 2]>> = runs
            .iter()
            .map(|run| run.iter().map(|p| [p.incident(), p.reflected()]).collect())
            .collect();
        let frequencies = first.frequencies.clone();
        let mut s = Array3::zeros((frequencies.len(), n, n));
        for f in 0..frequencies.len() {
            let matrix =
                |which: usize| Array2::from_shape_fn((n, n), |(p, r)| waves[r][p][which][f]);
            let Some(one) = divide(&matrix(1), &matrix(0)) else {
                return Err(Error::Port {
                    name: first.name.clone(),
                    problem: format!(
                        "the waves of the runs do not determine S at {} Hz; the excitation must cover all frequencies",
                        frequencies[f]
                    ),
                });
            };
            s.slice_mut(s![f, .., ..]).assign(&one);
        }
        Ok(Self {
            ports: runs[0].iter().map(|p| p.name.clone()).collect(),
            impedance: runs[0].iter().map(|p| p.impedance).collect(),
            frequencies,
            s,
        })
    }

    /// `S_ij` over frequency, ports counted from 0.
    pub fn parameter(&self, i: usize, j: usize) -> Vec<Complex64> {
        self.s.slice(s![.., i, j]).to_vec()
    }

    /// The same network with other real reference impedances.
    ///
    /// # Errors
    /// [`Error::Size`] for another number of impedances than ports; [`Error::Parameter`] for one
    /// that is not above 0.
    pub fn renormalised(&self, impedance: &[f64]) -> Result<Self> {
        let n = self.ports.len();
        if impedance.len() != n {
            return Err(Error::Size {
                what: "number of reference impedances",
                expected: format!("one for each of {n} ports"),
                found: impedance.len(),
            });
        }
        if let Some(&value) = impedance.iter().find(|&&z| !(z > 0.0 && z.is_finite())) {
            return Err(Error::Parameter {
                name: "reference impedance",
                value,
                expected: "above 0 ohm",
            });
        }
        let weight = |i: usize, sign: f64| {
            let (old, new) = (self.impedance[i], impedance[i]);
            (old + sign * new) / (2.0 * (old * new).sqrt())
        };
        let mut other = self.clone();
        other.impedance = impedance.to_vec();
        for (old, mut new) in self.s.outer_iter().zip(other.s.outer_iter_mut()) {
            let combine = |alone: f64, with_s: f64| {
                Array2::from_shape_fn((n, n), |(i, j)| {
                    let diagonal = if i == j { weight(i, alone) } else { 0.0 };
                    old[[i, j]] * weight(i, with_s) + diagonal
                })
            };
            if let Some(s) = divide(&combine(-1.0, 1.0), &combine(1.0, -1.0)) {
                new.assign(&s);
            } else {
                new.fill(Complex64::new(f64::NAN, f64::NAN));
            }
        }
        Ok(other)
    }

    /// Input impedance in ohm at a port over frequency with all other ports matched.
    pub fn input_impedance(&self, port: usize) -> Vec<Complex64> {
        self.parameter(port, port)
            .into_iter()
            .map(|s| (1.0 + s) / (1.0 - s) * self.impedance[port])
            .collect()
    }

    /// Largest `|S_ij - S_ji|`.
    pub fn reciprocity_error(&self) -> f64 {
        self.s
            .indexed_iter()
            .map(|((f, i, j), s)| (s - self.s[[f, j, i]]).norm())
            .fold(0.0, f64::max)
    }

    /// Largest power out of the network for unit power into one port: at most 1 if passive, all
    /// equal to 1 if lossless.
    pub fn largest_power(&self) -> f64 {
        self.powers().fold(0.0, f64::max)
    }

    /// Largest distance from 1 of the power out of the network for unit power into one port.
    pub fn power_imbalance(&self) -> f64 {
        self.powers().map(|p| (p - 1.0).abs()).fold(0.0, f64::max)
    }

    fn powers(&self) -> impl Iterator<Item = f64> {
        self.s.outer_iter().flat_map(|s| {
            s.columns()
                .into_iter()
                .map(|c| c.iter().map(|x| x.norm_sqr()).sum())
                .collect::<Vec<f64>>()
        })
    }
}

/// `B A^-1` by Gaussian elimination with pivoting; `None` when A is singular.
fn divide(b: &Array2<Complex64>, a: &Array2<Complex64>) -> Option<Array2<Complex64>> {
    // X A = B, solved as A^T X^T = B^T
    let n = a.nrows();
    let mut left = a.t().to_owned();
    let mut right = b.t().to_owned();
    for c in 0..n {
        let p = (c..n).max_by(|&i, &j| left[[i, c]].norm().total_cmp(&left[[j, c]].norm()))?;
        let pivot = left[[p, c]].norm();
        if pivot.is_nan() || pivot == 0.0 {
            return None;
        }
        for k in 0..n {
            left.swap([c, k], [p, k]);
            right.swap([c, k], [p, k]);
        }
        for i in 0..n {
            if i == c {
                continue;
            }
            let factor = left[[i, c]] / left[[c, c]];
            for k in 0..n {
                let (l, r) = (left[[c, k]], right[[c, k]]);
                left[[i, k]] -= factor * l;
                right[[i, k]] -= factor * r;
            }
        }
    }
    for i in 0..n {
        let pivot = left[[i, i]];
        right.row_mut(i).mapv_inplace(|x| x / pivot);
    }
    Some(right.t().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shunt resistance r between two ports on Z0 = 50 ohm, terminated by t at each port.
    fn shunt(r: f64, t: [f64; 2]) -> Vec<Vec<PortRecord>> {
        [0, 1]
            .map(|source| {
                // node voltage for 1 V behind t[source]
                let v = 1.0 / t[source] / (1.0 / r + 1.0 / t[0] + 1.0 / t[1]);
                [0, 1]
                    .map(|p| {
                        let emf = if p == source { 1.0 } else { 0.0 };
                        PortRecord {
                            name: format!("p{p}"),
                            excited: p == source,
                            frequencies: vec![1e9],
                            voltage: vec![v.into()],
                            current: vec![((emf - v) / t[p]).into()],
                            reference: vec![50.0],
                            impedance: 50.0,
                        }
                    })
                    .to_vec()
            })
            .to_vec()
    }

    #[test]
    fn terminations_do_not_matter() {
        let matched = Network::from_runs(&shunt(25.0, [50.0, 50.0])).unwrap();
        let other = Network::from_runs(&shunt(25.0, [13.0, 270.0])).unwrap();
        // S11 = -Z0 / (2 R + Z0), S21 = 2 R / (2 R + Z0)
        for (i, j, expected) in [(0, 0, -0.5), (1, 0, 0.5), (1, 1, -0.5)] {
            for network in [&matched, &other] {
                assert!((network.s[[0, i, j]] - expected).norm() < 1e-13);
            }
        }
        assert!(matched.reciprocity_error() < 1e-14);
        assert!((matched.largest_power() - 0.5).abs() < 1e-14);
        assert!((matched.input_impedance(0)[0] - 50.0 / 3.0).norm() < 1e-12);
    }

    #[test]
    fn renormalisation() {
        let network = Network::from_runs(&shunt(25.0, [50.0, 50.0])).unwrap();
        let other = network.renormalised(&[75.0, 20.0]).unwrap();
        // port 1 sees 25 || 20 ohm
        let z = 1.0 / (1.0 / 25.0 + 1.0 / 20.0);
        assert!((other.s[[0, 0, 0]] - (z - 75.0) / (z + 75.0)).norm() < 1e-13);
        assert!(other.reciprocity_error() < 1e-13);
        let back = other.renormalised(&[50.0, 50.0]).unwrap();
        assert!((&back.s - &network.s).iter().all(|d| d.norm() < 1e-13));
        assert!(network.renormalised(&[50.0]).is_err());
        assert!(network.renormalised(&[50.0, 0.0]).is_err());
    }

    #[test]
    fn each_column_has_one_source() {
        let mut runs = shunt(25.0, [50.0, 50.0]);
        runs[0][1].excited = true;
        let message = Network::from_runs(&runs).unwrap_err().to_string();
        assert!(message.contains("exactly one"), "{message}");
        runs[0][0].excited = false;
        let message = Network::from_runs(&runs).unwrap_err().to_string();
        assert!(message.contains("runs 0 and 1"), "{message}");
        runs[0][1].excited = false;
        assert!(Network::from_runs(&runs).is_err());
        assert!(Network::from_runs(&runs[..1]).is_err());
        assert!(Network::from_runs(&[]).is_err());
    }
}
