//! The solver against the exact series of a cylinder, and the Born approximation where it holds.

use super::born::BornApproximation;
use super::*;
use crate::maxwell::analytic::{Body, Cylinder, Polarization};
use crate::maxwell::constants::SPEED_OF_LIGHT;
use crate::maxwell::geometry::{Material, Medium, Shape, Solid};
use num_complex::Complex64;
use std::f64::consts::PI;

const WAVELENGTH: f64 = 0.1;

fn square(cells: usize, polarization: Polarization) -> ScatteringSquare {
    ScatteringSquare {
        side: 2.0 * WAVELENGTH,
        cells,
        frequency: SPEED_OF_LIGHT / WAVELENGTH,
        polarization,
        energy_fraction: 1e-9,
        every_step: false,
    }
}

fn rod(centre: [f64; 2], radius: f64, permittivity: f64) -> Solid {
    let end = |z: f64| [centre[0], centre[1], z];
    let shape = Shape::Cylinder {
        start: end(-1.0),
        end: end(1.0),
        radius,
    };
    let medium = Medium::dielectric(permittivity);
    Solid::new("rod", shape, Material::Medium(medium))
}

/// Relative L2 error of the scattered field over the points of the square outside of a cylinder of
/// radius 0.3 wavelengths and permittivity 3, off the middle, in a wave at 0.4 rad.
fn cylinder_error(cells: usize, polarization: Polarization) -> f64 {
    let (centre, radius, angle) = (
        [0.11 * WAVELENGTH, -0.23 * WAVELENGTH],
        0.3 * WAVELENGTH,
        0.4,
    );
    let square = square(cells, polarization);
    let found = square
        .solve(("cpu", true), &[rod(centre, radius, 3.0)], angle)
        .expect("solved");
    let exact = Cylinder::new(
        radius,
        Body::Dielectric(3.0.into()),
        polarization,
        square.frequency,
    );
    // the phase of the wave at the cylinder's axis
    let k = 2.0 * PI / WAVELENGTH;
    let there = Complex64::cis(-k * (centre[0] * angle.cos() + centre[1] * angle.sin()));
    let (mut error, mut size) = (0.0, 0.0);
    for (j, y) in found.points.iter().enumerate() {
        for (i, x) in found.points.iter().enumerate() {
            let (dx, dy) = (x - centre[0], y - centre[1]);
            if dx.hypot(dy) > radius {
                let expected = there * exact.scattered(dx.hypot(dy), dy.atan2(dx) - angle);
                error += (found.scattered[[j, i]] - expected).norm_sqr();
                size += expected.norm_sqr();
            }
        }
    }
    (error / size).sqrt()
}

/// Domain: 2 x 2 wavelengths, 24 to 96 cells along a side (12 to 48 per wavelength, 7 to 28 in the
/// dielectric). Exact solution: the Bessel series. Tolerance: order 2 to within 0.3 for TM, whose
/// E is parallel to every interface, so that the mean permittivity of a cell is right; for TE at
/// least order 1, since the averaged tensor is diagonal and the interface is not.
#[test]
fn a_cylinder_converges_to_its_series() {
    for (polarization, least, largest) in
        [(Polarization::Tm, 1.7, 0.01), (Polarization::Te, 0.9, 0.03)]
    {
        let errors = [24, 48, 96].map(|cells| cylinder_error(cells, polarization));
        let orders: Vec<f64> = errors.windows(2).map(|e| (e[0] / e[1]).log2()).collect();
        println!("{polarization:?}: errors {errors:?}, orders {orders:.2?}");
        assert!(errors[2] < largest, "{polarization:?}: {errors:?}");
        assert!(
            orders[1] > least,
            "{polarization:?}: {orders:?} of {errors:?}"
        );
    }
}

#[test]
fn nothing_scatters_nothing() {
    let found = square(40, Polarization::Tm)
        .solve(("cpu", false), &[], 1.0)
        .expect("solved");
    let largest = found.scattered.iter().map(|u| u.norm()).fold(0.0, f64::max);
    println!("empty square: {largest:.1e}");
    assert!(largest < 1e-4, "{largest}");
}

/// A weak body scatters as the Born approximation says; the map is the same at every resolution.
#[test]
fn weak_bodies_are_in_the_born_approximation() {
    let square = square(128, Polarization::Tm);
    let bodies = [rod([0.02, 0.01], 0.03, 1.02)];
    let n = 64;
    let spacing = square.side / n as f64;
    let points: Vec<f64> = (0..n)
        .map(|i| (i as f64 + 0.5) * spacing - square.side / 2.0)
        .collect();
    let permittivity = square.permittivity(&bodies, &points).expect("map");
    let area: f64 = permittivity
        .iter()
        .map(|e| (e - 1.0) / 0.02 * spacing * spacing)
        .sum();
    assert!((area / (PI * 0.03 * 0.03) - 1.0).abs() < 0.02, "{area}");
    let k = 2.0 * PI / WAVELENGTH;
    let angle = 2.0f64;
    let incident = ndarray::Array2::from_shape_fn([n, n], |(j, i)| {
        Complex64::cis(-k * (points[i] * angle.cos() + points[j] * angle.sin()))
    });
    let born = BornApproximation::new(n, spacing, k);
    let expected = born.scattered(&permittivity, &incident).expect("shapes");
    let found = square
        .solve(("cpu", true), &bodies, angle)
        .expect("solved")
        .scattered_at(&points);
    let norm = |x: &ndarray::Array2<Complex64>| x.iter().map(|u| u.norm_sqr()).sum::<f64>().sqrt();
    let error = norm(&(&found - &expected)) / norm(&found);
    println!("Born approximation of a weak rod: {error:.2e}");
    assert!(error < 0.03, "{error}");
}

#[test]
fn unusable_squares_are_refused() {
    let good = square(32, Polarization::Tm);
    let tries = [
        ScatteringSquare { cells: 4, ..good },
        ScatteringSquare {
            frequency: 1e12,
            ..good
        },
        ScatteringSquare { side: -1.0, ..good },
    ];
    for square in tries {
        assert!(square.solve(("cpu", false), &[], 0.0).is_err());
    }
    let outside = rod([0.09, 0.0], 0.02, 2.0);
    let message = good
        .solve(("cpu", false), &[outside], 0.0)
        .expect_err("refused")
        .to_string();
    assert!(message.contains("sticks out of the square"), "{message}");
}
