//! Response surfaces: polynomials in the design parameters for the numbers of a response.
//!
//! A surface is fitted by damped Gauss-Newton steps from the degree 0 upwards, each
//! degree starting at the one below: the constant finds the resonances of the mean curve, the slope
//! lets them move, and so on. Of the numbers of resonances and degrees that the configuration
//! allows, the one is chosen that errs the least on the designs that its members left out, so that
//! few designs get a simple surface and what many allow is used (Stone, Cross-validatory choice, J.
//! R. Stat. Soc. B 36, 1974).

use super::config::{DesignSurrogateConfig, Form};
use super::gauss_newton::{LeastSquares, norms};
use super::objective::{Curves, draw};
use super::resonance::Resonances;
use ndarray::Array2;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// One way to build the members, and its error on the designs that each left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Number of resonances.
    pub poles: usize,
    /// Degree of the response surface.
    pub degree: usize,
    /// Penalty of its coefficients.
    pub ridge: f64,
    /// Whether a perceptron corrects the surface.
    pub network: bool,
    /// Relative L2 error over all designs, of dB or of the complex S-parameters.
    pub out_of_fold_error: f64,
}

/// The surfaces of the members, and what they were chosen from.
pub(super) struct Surfaces {
    pub chosen: Candidate,
    pub candidates: Vec<Candidate>,
    /// Coefficients `[term, number]` of each member; the first term is 1.
    pub members: Vec<Array2<f64>>,
}

/// Penalties tried, in units of the mean squared relative error.
const RIDGES: [f64; 2] = [1e-6, 1e-4];
/// Numbers of resonances tried below the configured one, in this order.
const FEWER_POLES: [usize; 4] = [6, 4, 2, 1];
/// Where the error is so many times the least, still fewer resonances are not tried.
const TOO_FEW: f64 = 1.3;
/// Penalty of the constant, which only keeps what the data do not determine, and the factor from
/// one degree to the next.
const CONSTANT_RIDGE: f64 = 0.03;
const RIDGE_GROWTH: f64 = 4.0;
/// Most coefficients that are solved for at once.
const MOST_UNKNOWNS: usize = 600;
/// Designs and frequencies that a surface is fitted to: more do not change its few coefficients.
const MOST_DESIGNS: usize = 64;
const MOST_FREQUENCIES: usize = 128;
const STEPS: usize = 40;
const TOLERANCE: f64 = 3e-3;

/// Monomials of degree 1 to `degree` of so many parameters, as lists of ascending indices; those of
/// a lower degree come first.
pub(super) fn monomials(parameters: usize, degree: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::new();
    let mut last = vec![Vec::new()];
    for _ in 0..degree {
        let longer = last.iter().flat_map(|monomial: &Vec<usize>| {
            let first = monomial.last().copied().unwrap_or(0);
            (first..parameters).map(|p| [&monomial[..], &[p]].concat())
        });
        last = longer.collect();
        all.extend_from_slice(&last);
    }
    all
}

impl Surfaces {
    /// Fits and chooses. `shares` are the designs that each member leaves out. Nothing when every
    /// surface would have too many coefficients, or when `stopped`.
    pub fn choose(
        curves: &Curves,
        config: &DesignSurrogateConfig,
        form: Form,
        shares: &[Vec<usize>],
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> Option<Self> {
        let fewer = FEWER_POLES.into_iter().filter(|k| *k < config.poles);
        let mut candidates = Vec::new();
        let mut best: Option<(Candidate, Vec<Array2<f64>>)> = None;
        for poles in std::iter::once(config.poles).chain(fewer) {
            let shape = Resonances {
                form,
                poles,
                pairs: curves.pairs,
            };
            let tasks: Vec<(f64, usize)> = RIDGES
                .iter()
                .flat_map(|&ridge| (0..shares.len()).map(move |member| (ridge, member)))
                .collect();
            let fitted: Vec<Vec<Fitted>> = tasks
                .par_iter()
                .map(|&(ridge, member)| match stopped() {
                    true => Vec::new(),
                    false => ascend(curves, config, shape, ridge, member, &shares[member]),
                })
                .collect();
            let mut least = f64::INFINITY;
            for (members, ridge) in fitted.chunks(shares.len()).zip(RIDGES) {
                let degrees = members.iter().map(Vec::len).min().unwrap_or(0);
                for degree in 0..degrees {
                    let fitted = || members.iter().map(|m| &m[degree]);
                    let error: f64 = fitted().map(|f| f.squares.0).sum();
                    let norm: f64 = fitted().map(|f| f.squares.1).sum();
                    let candidate = Candidate {
                        poles,
                        degree: degree + 1,
                        ridge,
                        network: false,
                        out_of_fold_error: (error / norm).sqrt(),
                    };
                    if !candidate.out_of_fold_error.is_finite() {
                        continue;
                    }
                    least = least.min(candidate.out_of_fold_error);
                    let better = |(other, _): &(Candidate, Vec<Array2<f64>>)| {
                        candidate.out_of_fold_error < other.out_of_fold_error
                    };
                    if best.as_ref().is_none_or(better) {
                        let coefficients = fitted().map(|f| f.coefficients.clone());
                        best = Some((candidate, coefficients.collect()));
                    }
                    candidates.push(candidate);
                }
            }
            if let Some((best, _)) = &best
                && least > TOO_FEW * best.out_of_fold_error
            {
                break;
            }
        }
        best.map(|(chosen, members)| Self {
            chosen,
            candidates,
            members,
        })
    }
}

/// A surface of one degree and its squares on the designs left out: error and truth.
struct Fitted {
    coefficients: Array2<f64>,
    squares: (f64, f64),
}

/// Surfaces of degree 1 to the highest that the designs and [`MOST_UNKNOWNS`] allow.
fn ascend(
    curves: &Curves,
    config: &DesignSurrogateConfig,
    shape: Resonances,
    ridge: f64,
    member: usize,
    left_out: &[usize],
) -> Vec<Fitted> {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed.wrapping_add(member as u64));
    let mut designs: Vec<usize> = (0..curves.parameters.len())
        .filter(|d| !left_out.contains(d))
        .collect();
    designs.shuffle(&mut rng);
    designs.truncate(MOST_DESIGNS);
    let points = draw(curves.frequencies.len(), MOST_FREQUENCIES, &mut rng);
    let parameters = curves.parameters.first().map_or(0, Vec::len);
    let anchor = shape.start(curves.frequencies.first().copied().unwrap_or(0.0).into());
    if (parameters + 1) * anchor.len() > MOST_UNKNOWNS {
        return Vec::new();
    }
    let mut coefficients = Array2::from_shape_fn((1, anchor.len()), |(_, p)| anchor[p]);
    let mut surfaces = Vec::new();
    for degree in 0..=config.degree {
        let monomials = monomials(parameters, degree);
        let terms = monomials.len() + 1;
        if degree > 0 && (terms > designs.len() || terms * anchor.len() > MOST_UNKNOWNS) {
            break;
        }
        let matrix = |designs: &[usize]| {
            Array2::from_shape_fn((designs.len(), terms), |(d, t)| {
                let x = &curves.parameters[designs[d]];
                match t {
                    0 => 1.0,
                    _ => monomials[t - 1].iter().map(|&p| f64::from(x[p])).product(),
                }
            })
        };
        let growth = |t: usize| match t {
            0 => CONSTANT_RIDGE,
            _ => RIDGE_GROWTH.powi(monomials[t - 1].len() as i32 - 1),
        };
        let mut extended = Array2::zeros((terms, anchor.len()));
        extended
            .slice_mut(ndarray::s![..coefficients.nrows(), ..])
            .assign(&coefficients);
        let fit = LeastSquares {
            curves,
            shape,
            designs: &designs,
            points: &points,
            terms: matrix(&designs),
            ridge: (0..terms).map(|t| ridge * growth(t)).collect(),
            anchor: &anchor,
            norms: norms(curves, &designs, &points, config.loss),
        };
        coefficients = fit.minimise(extended, STEPS, TOLERANCE);
        if degree > 0 {
            let test = LeastSquares {
                designs: left_out,
                terms: matrix(left_out),
                norms: norms(curves, left_out, &points, config.loss),
                ..fit
            };
            surfaces.push(Fitted {
                squares: test.squares(&coefficients),
                coefficients: coefficients.clone(),
            });
        }
    }
    surfaces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monomials_are_nested_and_all_there() {
        assert_eq!(
            monomials(2, 2),
            [vec![0], vec![1], vec![0, 0], vec![0, 1], vec![1, 1]]
        );
        for (parameters, degree, count) in [(1, 4, 4), (3, 4, 34), (5, 2, 20)] {
            let all = monomials(parameters, degree);
            assert_eq!(all.len(), count);
            let lower = monomials(parameters, degree - 1);
            assert_eq!(all[..lower.len()], lower);
        }
    }
}
