//! The solver against exact solutions, and what holds for the scheme itself.

use super::*;
use crate::maxwell::analytic::{Body, Cylinder, Polarization};
use crate::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_IMPEDANCE};
use crate::maxwell::geometry::{Material, Medium, Shape, Solid};
use crate::maxwell::scattering::ScatteringSquare;
use ndarray::{Array2, Array3, Axis, s};
use num_complex::Complex64;
use std::f64::consts::PI;

const WAVELENGTH: f64 = 0.1;

/// `wavelengths` of free space in a layer of `layer` wavelengths, `per` cells to each.
fn open(wavelengths: f64, layer: f64, per: usize) -> Helmholtz {
    let of = |length: f64| (length * per as f64).round() as usize;
    let cells = of(wavelengths) + 2 * of(layer);
    let side = Side::Absorbing(Layer::new(of(layer)));
    Helmholtz::at_frequency(
        SPEED_OF_LIGHT / WAVELENGTH,
        WAVELENGTH / per as f64,
        [cells, cells],
        side,
    )
}

fn vacuum(equation: &Helmholtz) -> Array2<Complex64> {
    Array2::ones(equation.shape())
}

fn line(equation: &Helmholtz, at: [usize; 2]) -> Array2<Complex64> {
    let mut source = Array2::zeros(equation.shape());
    source[at] = Complex64::from(equation.spacing.powi(-2));
    source
}

fn orders(errors: &[f64]) -> Vec<f64> {
    errors.windows(2).map(|e| (e[0] / e[1]).log2()).collect()
}

/// A line source at the middle of 2 x 2 wavelengths in layers of one wavelength, 10 to 40 cells to
/// each. Exact: the Hankel function, compared from 0.3 wavelengths on. The error is the dispersion
/// of the scheme, of second order; 0.1 for what is left of higher ones.
#[test]
fn a_line_source_converges_to_the_hankel_function() {
    let errors = [10, 20, 40].map(|per| {
        let equation = open(2.0, 1.0, per);
        let solver = Solver::new(equation, vacuum(&equation).view()).unwrap();
        let middle = equation.cells[0] / 2;
        let field = solver.solve(line(&equation, [middle; 2]).view()).unwrap();
        let points = equation.points(0);
        let (mut error, mut size) = (0.0, 0.0);
        for ((j, i), u) in field.indexed_iter() {
            let rho = points[i].hypot(points[j]);
            if equation.is_free(j, i) && rho > 0.3 * WAVELENGTH {
                let exact = line_source(equation.wave_number, rho);
                error += (u - exact).norm_sqr();
                size += exact.norm_sqr();
            }
        }
        f64::sqrt(error / size)
    });
    println!(
        "line source: errors {errors:?}, orders {:.2?}",
        orders(&errors)
    );
    assert!((orders(&errors)[1] - 2.0).abs() < 0.1, "{errors:?}");
}

/// What the layers send back, against the same source in layers four times as thick.
#[test]
fn layers_absorb() {
    let per = 20;
    let field = |layer: usize| {
        let mut equation = open(1.0, 1.0, per);
        equation.cells = [per + 2 * layer; 2];
        equation.sides = [[Side::Absorbing(Layer::new(layer)); 2]; 2];
        let solver = Solver::new(equation, vacuum(&equation).view()).unwrap();
        let source = line(&equation, [layer + per / 2 + 4, layer + per / 2 - 3]);
        let field = solver.solve(source.view()).unwrap();
        let free = layer..layer + per + 1;
        field.slice(s![free.clone(), free]).to_owned()
    };
    let reference = field(40);
    let size = reference.iter().fold(0.0f64, |s, u| s.max(u.norm()));
    for (cells, most) in [(5, 1e-2), (10, 1e-3), (20, 1e-4)] {
        let error = (&field(cells) - &reference)
            .iter()
            .fold(0.0f64, |s, u| s.max(u.norm()));
        println!("{cells} cells: {:.1e} of the largest value", error / size);
        assert!(error < most * size, "{cells}: {error:e} of {size:e}");
    }
}

/// Relative L2 error outside of a cylinder of radius 0.3 wavelengths, off the middle, in a wave at
/// 0.4 rad; real permittivity by the mean over cells, `loss` at the same places.
fn cylinder_error(per: usize, loss: f64) -> f64 {
    let (centre, radius, angle) = ([0.011, -0.023], 0.03, 0.4);
    let equation = open(2.0, 0.5, per);
    let points = equation.points(0);
    let end = |z: f64| [centre[0], centre[1], z];
    let shape = Shape::Cylinder {
        start: end(-1.0),
        end: end(1.0),
        radius,
    };
    let rod = Solid::new("rod", shape, Material::Medium(Medium::dielectric(3.0)));
    let square = ScatteringSquare {
        side: points[points.len() - 1] - points[0],
        cells: equation.cells[0],
        frequency: SPEED_OF_LIGHT / WAVELENGTH,
        polarization: Polarization::Tm,
        energy_fraction: 1e-9,
        every_step: false,
    };
    let means = square.permittivity(&[rod], &points).unwrap();
    let permittivity = means.mapv(|e| Complex64::new(e, -0.5 * loss * (e - 1.0)));
    let solver = Solver::new(equation, permittivity.view()).unwrap();
    let incident = equation.plane_wave(angle);
    let scattered = solver.scattered(incident.view()).unwrap();
    let body = Body::Dielectric(Complex64::new(3.0, -loss));
    let exact = Cylinder::new(radius, body, Polarization::Tm, square.frequency);
    let k = equation.wave_number;
    let there = Complex64::cis(-k * (centre[0] * angle.cos() + centre[1] * angle.sin()));
    let (mut error, mut size) = (0.0, 0.0);
    for ((j, i), u) in scattered.indexed_iter() {
        let (dx, dy) = (points[i] - centre[0], points[j] - centre[1]);
        if equation.is_free(j, i) && dx.hypot(dy) > radius {
            let expected = there * exact.scattered(dx.hypot(dy), dy.atan2(dx) - angle);
            error += (u - expected).norm_sqr();
            size += expected.norm_sqr();
        }
    }
    (error / size).sqrt()
}

/// Domain: 2 x 2 wavelengths in layers of half a wavelength, 12 to 48 cells to each. Exact: the
/// Bessel series. Order 2 to within 0.3, as the staircase of means moves about.
#[test]
fn a_dielectric_cylinder_converges_to_its_series() {
    for loss in [0.0, 1.0] {
        let errors = [12, 24, 48].map(|per| cylinder_error(per, loss));
        println!(
            "cylinder, loss {loss}: errors {errors:?}, orders {:.2?}",
            orders(&errors)
        );
        assert!(errors[2] < 0.01, "{errors:?}");
        assert!((orders(&errors)[1] - 2.0).abs() < 0.3, "{errors:?}");
    }
}

/// A closed box of 0.13 x 0.09 m in a medium with loss, filled by `sin sin` of 2 x 3 half waves: the
/// continuum's solution is the source over `k^2 eps - kx^2 - ky^2`, the scheme's has
/// `(2 sin(kx d / 2) / d)^2` in place of `kx^2`, to rounding.
#[test]
fn a_closed_box_has_its_modes() {
    let eps = Complex64::new(2.2, -0.05);
    let mut errors = Vec::new();
    for refinement in [1, 2, 4] {
        let cells = [26 * refinement, 18 * refinement];
        let d = 0.005 / refinement as f64;
        let frequency = SPEED_OF_LIGHT / WAVELENGTH;
        let equation = Helmholtz::at_frequency(frequency, d, cells, Side::Conductor);
        let (kx, ky) = (2.0 * PI / 0.13, 3.0 * PI / 0.09);
        let mode = Array2::from_shape_fn(equation.shape(), |(j, i)| {
            Complex64::from((kx * i as f64 * d).sin() * (ky * j as f64 * d).sin())
        });
        let solver = Solver::new(equation, Array2::from_elem(equation.shape(), eps).view());
        let field = solver.unwrap().solve(mode.view()).unwrap();
        let of_scheme = |k: f64| 2.0 * (0.5 * k * d).sin() / d;
        let largest = |a: &Array2<Complex64>| a.iter().fold(0.0f64, |s, u| s.max(u.norm()));
        let error = |kx: f64, ky: f64| {
            let symbol = eps * equation.wave_number.powi(2) - kx * kx - ky * ky;
            largest(&(&field - &mode.mapv(|m| m / symbol))) / largest(&field)
        };
        let own = error(of_scheme(kx), of_scheme(ky));
        assert!(own < 1e-11, "{own:e}");
        errors.push(error(kx, ky));
    }
    println!("box: errors {errors:?}, orders {:.2?}", orders(&errors));
    assert!((orders(&errors)[1] - 2.0).abs() < 0.05, "{errors:?}");
}

/// Rods, one with loss, in a square with layers on three sides and a conductor on the fourth.
fn rods() -> (Helmholtz, Array2<Complex64>) {
    let mut equation = open(1.5, 0.5, 20);
    equation.sides[1][0] = Side::Conductor;
    let points = equation.points(0);
    let permittivity = Array2::from_shape_fn(equation.shape(), |(j, i)| {
        let (x, y) = (points[i] / WAVELENGTH, points[j] / WAVELENGTH);
        match (x, y) {
            _ if (x + 0.3).hypot(y) < 0.2 => Complex64::new(6.0, 0.0),
            _ if (x - 0.2).hypot(y - 0.3) < 0.3 => Complex64::new(2.0, -0.7),
            _ => Complex64::ONE,
        }
    });
    (equation, permittivity)
}

#[test]
fn source_and_observer_may_be_exchanged() {
    let (equation, permittivity) = rods();
    let solver = Solver::new(equation, permittivity.view()).unwrap();
    let (a, b) = ([14, 31], [33, 17]);
    let both = ndarray::stack![Axis(0), line(&equation, a), line(&equation, b)];
    let fields = solver.solve_many(both.view()).unwrap();
    let (there, back) = (fields[[0, b[0], b[1]]], fields[[1, a[0], a[1]]]);
    println!("there {there:.3e}, back {back:.3e}");
    assert!((there - back).norm() < 1e-12 * there.norm());
}

/// Poynting's theorem of the scheme, to rounding; and a line source alone in free space radiates
/// `omega mu_0 |I|^2 / 8`, i.e. `1 / (8 k eta)` with `f = delta`, to the order of the scheme.
#[test]
fn power_is_conserved() {
    let (equation, permittivity) = rods();
    let solver = Solver::new(equation, permittivity.view()).unwrap();
    let at = [14, 31];
    let source = line(&equation, at);
    let field = solver.solve(source.view()).unwrap();
    let whole = solver.power(field.view(), [11..40, 3..40]).unwrap();
    let watts = 0.5 / (equation.wave_number * VACUUM_IMPEDANCE);
    let supplied = watts * field[at].im;
    println!("{whole:?}, supplied {supplied:e}");
    assert!((whole.outward + whole.absorbed - supplied).abs() < 1e-12 * supplied);
    assert!(whole.absorbed > 0.05 * supplied);
    // through a box without the source as much goes in as is absorbed
    let part = solver.power(field.view(), [15..28, 20..30]).unwrap();
    assert!((part.outward + part.absorbed).abs() < 1e-12 * supplied);
    assert!(solver.power(field.view(), [0..5, 20..30]).is_err());

    let errors = [10, 20].map(|per| {
        let equation = open(1.0, 1.0, per);
        let solver = Solver::new(equation, vacuum(&equation).view()).unwrap();
        let middle = equation.cells[0] / 2;
        let field = solver.solve(line(&equation, [middle; 2]).view()).unwrap();
        let lines = middle - 3..middle + 4;
        let found = solver.power(field.view(), [lines.clone(), lines]).unwrap();
        let exact = 0.125 / (equation.wave_number * VACUUM_IMPEDANCE);
        (found.outward / exact - 1.0).abs()
    });
    println!("radiated power: errors {errors:?}");
    assert!(
        errors[1] < 0.3 * errors[0] && errors[1] < 0.02,
        "{errors:?}"
    );
}

#[test]
fn what_cannot_be_solved_is_refused() {
    let equation = open(1.0, 0.5, 10);
    let ones = vacuum(&equation);
    let solver = Solver::new(equation, ones.view()).unwrap();
    let few = Array2::<Complex64>::ones((5, 7));
    assert!(solver.solve(few.view()).is_err());
    assert!(solver.solve((&ones * f64::NAN).view()).is_err());
    assert!(Solver::new(equation, few.view()).is_err());
    let refused = |change: &dyn Fn(&mut Helmholtz)| {
        let mut other = equation;
        change(&mut other);
        let ones = vacuum(&other);
        Solver::new(other, ones.view()).unwrap_err().to_string()
    };
    assert!(refused(&|e| e.wave_number = -1.0).contains("wave_number"));
    assert!(refused(&|e| e.spacing *= 4.0).contains("per wavelength"));
    assert!(refused(&|e| e.cells[1] = 11).contains("along y"));
    let transparent = Layer {
        reflection: 1.0,
        ..Layer::new(5)
    };
    assert!(refused(&|e| e.sides[0][0] = Side::Absorbing(transparent)).contains("reflection"));
    let gain = ones.mapv(|e| e + Complex64::I);
    let message = Solver::new(equation, gain.view()).unwrap_err().to_string();
    assert!(message.contains("imaginary part"), "{message}");

    // a wave needs absorbing sides and empty space in them
    let mut everywhere = ones.clone();
    everywhere[[2, 10]] = Complex64::from(2.0);
    let wave = equation.plane_wave(0.0);
    let buried = Solver::new(equation, everywhere.view()).unwrap();
    assert!(buried.scattered(wave.view()).is_err());
    let walled = Helmholtz {
        sides: [[Side::Conductor; 2]; 2],
        ..equation
    };
    let walled = Solver::new(walled, ones.view()).unwrap();
    assert!(walled.scattered(wave.view()).is_err());

    // the first resonance of a box of the scheme
    let k = 2.0 * 2f64.sqrt() * (0.5 * PI / 10.0).sin();
    let resonant = Helmholtz {
        wave_number: k,
        spacing: 1.0,
        cells: [10, 10],
        sides: [[Side::Conductor; 2]; 2],
    };
    let ones = vacuum(&resonant);
    let answer = Solver::new(resonant, ones.view()).and_then(|s| s.solve(ones.view()));
    let message = answer.unwrap_err().to_string();
    assert!(message.contains("resonance"), "{message}");
    let nothing = Array3::zeros([2, 21, 21]);
    assert_eq!(solver.solve_many(nothing.view()).unwrap(), nothing);
}
