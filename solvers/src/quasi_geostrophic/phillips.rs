//! Phillips' problem: the linear stability of the two layers' shear.
//!
//! A wave `q = Re[q^ exp(i (kx x + ky y))]` obeys `dq^/dt = A q^` with
//!
//! ```text
//! A = -i kx diag(U) - i kx diag(Qy) M + r K^2 diag(0, 1) M - nu K^2p,   psi^ = M q^,  K^2 = kx^2 + ky^2
//! ```
//!
//! Its products with itself vanish, so each eigenvector is an exact solution of the full equation at
//! any amplitude. Without drag and dissipation, with U = U1 - U2, the discriminant is a square in K^4:
//!
//! ```text
//! growth = |kx| sqrt(-S) / (2 K^2 (K^2 + F1 + F2))   where S < 0
//! S = U^2 K^8 - (4 F1 F2 U^2 - 2 beta U (F1 - F2)) K^4 + beta^2 (F1 + F2)^2
//! ```
//!
//! S has positive roots, the long-wave and the short-wave cut-off, exactly when Qy1 and Qy2 differ in
//! sign: `U > beta / F2` or `U < -beta / F1`. With beta = 0 the cut-off is `K^4 = 4 F1 F2` (N. A.
//! Phillips, Tellus 6, 273-286, 1954; J. Pedlosky, Geophysical Fluid Dynamics, 2nd ed., chapter 7;
//! G. K. Vallis, Atmospheric and Oceanic Fluid Dynamics, 2nd ed., chapter 9, for equal depths).

use super::{QuasiGeostrophic, Solver};
use crate::Result;
use ndarray::Array3;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// An eigenvector of a wave, with its eigenvalue `growth_rate - i frequency`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalMode {
    /// `[ky, kx]` in rad/m.
    pub wavenumbers: [f64; 2],
    /// In 1/s, negative where the wave decays.
    pub growth_rate: f64,
    /// In rad/s: the wave is `exp(i (kx x + ky y - frequency t))`.
    pub frequency: f64,
    /// Amplitudes of q1 and q2; the larger one is 1.
    pub potential_vorticity: [Complex64; 2],
}

impl NormalMode {
    /// The potential vorticity `[layer][y][x]` in 1/s at a time in s, of the amplitude (1/s) that the
    /// mode has at time 0. The waves must fit into the solver's torus.
    pub fn at(&self, solver: &Solver, amplitude: f64, time: f64) -> Array3<f64> {
        let [ky, kx] = self.wavenumbers;
        let now = Complex64::new(self.growth_rate, -self.frequency) * time;
        let factors = self.potential_vorticity.map(|q| q * amplitude * now.exp());
        solver.state(|x, y| {
            let wave = Complex64::cis(kx * x + ky * y);
            factors.map(|factor| (factor * wave).re)
        })
    }
}

/// The two normal modes of the wavenumbers `[ky, kx]` in rad/m, not both 0, the faster growing first.
///
/// # Errors
/// As [`QuasiGeostrophic::validated`].
pub fn normal_modes(equation: &QuasiGeostrophic, wavenumbers: [f64; 2]) -> Result<[NormalMode; 2]> {
    let equation = equation.validated()?;
    let [ky, kx] = wavenumbers;
    let square = kx * kx + ky * ky;
    let m = equation.inversion(square);
    let (mean, gradients) = (equation.velocities, equation.gradients());
    let drag = [0.0, equation.drag * square];
    let entry = |i: usize, j: usize| {
        let turned = Complex64::new(drag[i], -kx * gradients[i]) * m[i][j];
        let own = Complex64::new(-equation.dissipation(square), -kx * mean[i]);
        turned + if i == j { own } else { Complex64::ZERO }
    };
    let [[a, b], [c, d]] = [0, 1].map(|i| [entry(i, 0), entry(i, 1)]);
    let (half, difference) = (0.5 * (a + d), 0.5 * (a - d));
    let root = (difference * difference + b * c).sqrt();
    let mode = |value: Complex64| {
        // either row gives the vector; the longer one keeps its digits
        let (first, second) = ([b, value - a], [value - d, c]);
        let length = |v: &[Complex64; 2]| v[0].norm().max(v[1].norm());
        let vector = match length(&first) > length(&second) {
            true => first,
            false => second,
        };
        let largest = match vector[0].norm() > vector[1].norm() {
            true => vector[0],
            false => vector[1],
        };
        NormalMode {
            wavenumbers,
            growth_rate: value.re,
            frequency: -value.im,
            potential_vorticity: vector.map(|q| q / largest),
        }
    };
    let (one, other) = (mode(half + root), mode(half - root));
    Ok(match one.growth_rate >= other.growth_rate {
        true => [one, other],
        false => [other, one],
    })
}

/// The growth rate in 1/s without drag and dissipation in closed form, 0 for neutral waves, at the
/// wavenumbers `[ky, kx]` in rad/m, not both 0.
pub fn inviscid_growth_rate(equation: &QuasiGeostrophic, [ky, kx]: [f64; 2]) -> f64 {
    let [upper, lower] = equation.stretching();
    let square = kx * kx + ky * ky;
    let [constant, linear, quadratic] = discriminant(equation);
    let fourth = square * square;
    let s = constant + fourth * (linear + fourth * quadratic);
    kx.abs() * (-s).max(0.0).sqrt() / (2.0 * square * (square + upper + lower))
}

/// Coefficients of S as a polynomial in K^4.
fn discriminant(equation: &QuasiGeostrophic) -> [f64; 3] {
    let [upper, lower] = equation.stretching();
    let (shear, beta) = (equation.shear(), equation.beta);
    [
        (beta * (upper + lower)).powi(2),
        2.0 * shear * (beta * (upper - lower) - 2.0 * upper * lower * shear),
        shear * shear,
    ]
}

/// Wavenumbers K in rad/m between which waves grow without drag and dissipation: the long-wave and the
/// short-wave cut-off. None when the shear is below the critical one.
pub fn cut_offs(equation: &QuasiGeostrophic) -> Option<[f64; 2]> {
    let [constant, linear, quadratic] = discriminant(equation);
    let root = (linear * linear - 4.0 * constant * quadratic).sqrt();
    // a shear of 0, or one that is not enough, leaves no root above 0
    if !(linear < 0.0 && root > 0.0) {
        return None;
    }
    // the product of the roots is known, so the small one needs no difference
    let large = (root - linear) / (2.0 * quadratic);
    let small = constant / quadratic / large;
    Some([small, large].map(|fourth| fourth.sqrt().sqrt()))
}

/// Shears U1 - U2 in m/s beyond which waves grow without drag and dissipation: westward, `-beta / F1`,
/// and eastward, `beta / F2`.
pub fn critical_shears(equation: &QuasiGeostrophic) -> [f64; 2] {
    let [upper, lower] = equation.stretching();
    let beta = equation.beta.abs();
    match equation.beta < 0.0 {
        false => [-beta / upper, beta / lower],
        true => [-beta / lower, beta / upper],
    }
}

/// The fastest growing of all waves along x, which no wave across outgrows without drag. None when all
/// decay or are neutral.
///
/// # Errors
/// As [`QuasiGeostrophic::validated`].
pub fn fastest_growing(equation: &QuasiGeostrophic) -> Result<Option<NormalMode>> {
    equation.validated()?;
    // drag lets waves grow a little beyond the short-wave cut-off
    let deformation = equation.stretching().iter().sum::<f64>().sqrt();
    let largest = cut_offs(equation).map_or(0.0, |[_, short]| short);
    let top = 2.0 * largest.max(deformation);
    let growth = |k: f64| normal_modes(equation, [0.0, k]).map(|modes| modes[0].growth_rate);
    // a scan, then golden sections around its best
    const SAMPLES: usize = 4000;
    let at = |i: usize| top * i as f64 / SAMPLES as f64;
    let mut best = (1, f64::NEG_INFINITY);
    for i in 1..=SAMPLES {
        let rate = growth(at(i))?;
        if rate > best.1 {
            best = (i, rate);
        }
    }
    let (mut low, mut high) = (at(best.0 - 1).max(1e-6 * top), at(best.0 + 1));
    let section = (5f64.sqrt() - 1.0) / 2.0;
    while high - low > 1e-9 * high {
        let part = section * (high - low);
        match growth(high - part)? > growth(low + part)? {
            true => high = low + part,
            false => low = high - part,
        }
    }
    let [mode, _] = normal_modes(equation, [0.0, 0.5 * (low + high)])?;
    // round-off of a neutral wave is no growth
    let turning: f64 = equation.gradients().iter().map(|g| g.abs()).sum();
    Ok((mode.growth_rate > 1e-12 * turning * equation.deformation_radius).then_some(mode))
}

/// Wavenumbers `[ky, kx]` in rad/m of whole waves along y and x of a torus.
pub fn wavenumbers(equation: &QuasiGeostrophic, waves: [i32; 2]) -> [f64; 2] {
    [0, 1].map(|axis| TAU * f64::from(waves[axis]) / equation.lengths[axis])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither drag nor dissipation.
    fn inviscid(depth_ratio: f64, beta: f64, shear: f64) -> QuasiGeostrophic {
        QuasiGeostrophic {
            beta,
            depth_ratio,
            velocities: [0.75 * shear, -0.25 * shear],
            drag: 0.0,
            ..Default::default()
        }
    }

    /// The eigenproblem against the closed form, for depths, shears of both signs and waves.
    #[test]
    fn eigenvalues_are_those_of_the_closed_form() {
        let mut unstable = 0;
        for depth_ratio in [0.2, 1.0, 3.0] {
            for (beta, shear) in [(0.0, 0.05), (1.5e-11, 0.1), (1.5e-11, -0.1), (1e-11, 0.01)] {
                let equation = inviscid(depth_ratio, beta, shear);
                for (ky, kx) in [
                    (0.0, 3e-5),
                    (2e-5, 3e-5),
                    (4e-5, 5e-5),
                    (1e-6, 4e-6),
                    (1e-4, 2e-4),
                ] {
                    let [fast, slow] = normal_modes(&equation, [ky, kx]).unwrap();
                    let exact = inviscid_growth_rate(&equation, [ky, kx]);
                    let scale = fast.frequency.abs() + kx * shear.abs();
                    assert!(
                        (fast.growth_rate - exact).abs() < 1e-7 * scale,
                        "{equation:?} {kx}"
                    );
                    if exact > 1e-3 * scale {
                        assert!((fast.growth_rate / exact - 1.0).abs() < 1e-11);
                        unstable += 1;
                    }
                    assert!((fast.growth_rate + slow.growth_rate).abs() < 1e-12 * scale);
                }
            }
        }
        assert!(unstable > 10, "{unstable}");
    }

    /// Equal depths, no beta: `sigma = k U/2 sqrt((kd^2 - k^2) / (kd^2 + k^2))`, largest at
    /// `k^2 = (sqrt 2 - 1) kd^2` with `(sqrt 2 - 1) kd U / 2`, 0 from kd on (Vallis, chapter 9).
    #[test]
    fn equal_depths_without_beta() {
        let equation = inviscid(1.0, 0.0, 0.08);
        let kd = 1.0 / equation.deformation_radius;
        let narrow = 2f64.sqrt() - 1.0;
        let fastest = fastest_growing(&equation).unwrap().unwrap();
        let largest = narrow * kd * 0.04;
        assert!((fastest.growth_rate / largest - 1.0).abs() < 1e-12);
        assert!((fastest.wavenumbers[1] / (narrow.sqrt() * kd) - 1.0).abs() < 1e-6);
        let [long, short] = cut_offs(&equation).unwrap();
        assert_eq!(long, 0.0);
        assert!((short / kd - 1.0).abs() < 1e-14);
        for part in [0.1, 0.5, 0.9, 0.999] {
            let k = part * kd;
            let exact = k * 0.04 * ((kd * kd - k * k) / (kd * kd + k * k)).sqrt();
            let [mode, _] = normal_modes(&equation, [0.0, k]).unwrap();
            assert!((mode.growth_rate / exact - 1.0).abs() < 1e-12, "{part}");
        }
    }

    /// Equal depths with beta, `kb^2 = beta / (U/2)`: `omega_i = k beta kd^2 sqrt(-D) / (2 K^2 (K^2 + kd^2))`,
    /// `D = 1 + 4 K^4 (K^4 - kd^4) / (kb^4 kd^4)` (Vallis, chapter 9; what pyqg's `test_stability.py`
    /// holds its own eigenvalues against, for these parameters and waves).
    #[test]
    fn equal_depths_with_beta() {
        let equation = QuasiGeostrophic {
            velocities: [0.1, 0.0],
            ..inviscid(1.0, 1.5e-11, 0.1)
        };
        let (kd, kb) = (1.0 / 15e3f64, (1.5e-11f64 / 0.05).sqrt());
        let mut unstable = 0;
        for kx in 1..=64 {
            for ky in -64..=64 {
                let [l, k] = wavenumbers(&equation, [ky, kx]);
                let square = k * k + l * l;
                let fourth = square * square;
                let d = 1.0 + 4.0 * fourth * (fourth - kd.powi(4)) / (kb * kd).powi(4);
                let scale = k * 1.5e-11 / (square + kd * kd) * kd * kd / (2.0 * square);
                let exact = scale * (-d).max(0.0).sqrt();
                let [mode, _] = normal_modes(&equation, [l, k]).unwrap();
                assert!((mode.growth_rate - exact).abs() < 1e-16, "{kx} {ky}");
                unstable += usize::from(exact > 1e-8);
            }
        }
        println!("{unstable} unstable waves");
        assert!(unstable > 100);
    }

    /// Just inside the cut-offs waves grow, just outside they do not; just above the critical shear
    /// there is a band, just below none.
    #[test]
    fn cut_offs_and_critical_shears() {
        for depth_ratio in [0.25, 1.0, 2.0] {
            let rest = inviscid(depth_ratio, 1.5e-11, 0.0);
            assert_eq!(cut_offs(&rest), None);
            assert_eq!(fastest_growing(&rest).unwrap(), None);
            for critical in critical_shears(&rest) {
                let at = |part: f64| inviscid(depth_ratio, 1.5e-11, part * critical);
                assert_eq!(cut_offs(&at(0.999)), None);
                assert_eq!(fastest_growing(&at(0.999)).unwrap(), None);
                assert!(fastest_growing(&at(1.001)).unwrap().is_some());
                let equation = at(1.7);
                let [upper, lower] = equation.gradients();
                assert!(upper * lower < 0.0);
                let band = cut_offs(&equation).unwrap();
                for (cut, inside) in band.into_iter().zip([1.0 + 1e-6, 1.0 - 1e-6]) {
                    let growth = |k: f64| normal_modes(&equation, [0.0, k]).unwrap()[0].growth_rate;
                    assert!(growth(cut * inside) > 1e-4 * cut * critical.abs());
                    assert!(growth(cut / inside) < 1e-6 * cut * critical.abs());
                }
                let fastest = fastest_growing(&equation).unwrap().unwrap();
                assert!((band[0]..band[1]).contains(&fastest.wavenumbers[1]));
            }
        }
    }

    /// Drag makes waves grow that were neutral (E. O. Holopainen, Tellus 13, 363-370, 1961).
    #[test]
    fn drag_destabilises_below_the_critical_shear() {
        let neutral = inviscid(
            1.0,
            1.5e-11,
            0.9 * critical_shears(&inviscid(1.0, 1.5e-11, 0.0))[1],
        );
        let dragged = QuasiGeostrophic {
            drag: 1e-7,
            ..neutral
        };
        assert!(fastest_growing(&dragged).unwrap().is_some());
        let damped = QuasiGeostrophic {
            hyperviscosity: 1e5,
            order: 2,
            ..dragged
        };
        assert_eq!(fastest_growing(&damped).unwrap(), None);
    }
}
