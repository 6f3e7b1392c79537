//! The solvers' complex fields and the Helmholtz residual mean the same equation.
//!
//! A rod of permittivity 2.5 in a square of 1.6 wavelengths, TM, by FDTD and by the direct solver of
//! the frequency domain. On the solver's mesh, with the scheme's own wave number, the residual of
//! the transformed run is what is left when it ends and rounding; that of the direct solution is
//! rounding with the continuum's. With fourth-order differences and the continuum's wave number it
//! is the solver's error, and falls by four when the cells are halved, away from the rod's surface,
//! where E has a kink in its third derivative that no stencil sees through. A permittivity that is
//! one part in a thousand off does not pass, nor a wave number that is one per cent off.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::residuals::{HelmholtzResidual, Stencil};
use curlwind_solvers::helmholtz::{Helmholtz, Layer, Side, Solver};
use curlwind_solvers::maxwell::analytic::Polarization;
use curlwind_solvers::maxwell::constants::SPEED_OF_LIGHT;
use curlwind_solvers::maxwell::geometry::{Material, Medium, Shape, Solid};
use curlwind_solvers::maxwell::scattering::{ScatteredField, ScatteringSquare};
use ndarray::Array2;
use num_complex::Complex64;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const WAVELENGTH: f64 = 0.1;
const RADIUS: f64 = 0.03;
const CENTRE: [f64; 2] = [0.012, -0.007];

fn square(cells: usize) -> ScatteringSquare {
    ScatteringSquare {
        side: 1.6 * WAVELENGTH,
        cells,
        frequency: SPEED_OF_LIGHT / WAVELENGTH,
        polarization: Polarization::Tm,
        energy_fraction: 1e-20,
        every_step: true,
    }
}

fn rod() -> Solid {
    let end = |z: f64| [CENTRE[0], CENTRE[1], z];
    let shape = Shape::Cylinder {
        start: end(-1.0),
        end: end(1.0),
        radius: RADIUS,
    };
    Solid::new("rod", shape, Material::Medium(Medium::dielectric(2.5)))
}

fn real(field: &Array2<f64>) -> Tensor<4> {
    let (rows, columns) = field.dim();
    let data = TensorData::new(
        field.iter().copied().collect::<Vec<f64>>(),
        [1, 1, rows, columns],
    );
    Tensor::from_data(data, (&Device::flex(), DType::F64))
}

fn complex(field: &Array2<Complex64>) -> Tensor<4> {
    Tensor::cat(
        vec![real(&field.map(|u| u.re)), real(&field.map(|u| u.im))],
        1,
    )
}

/// The same problem by the direct solver, in layers of half a square; on the square's own points.
fn direct(square: &ScatteringSquare) -> Result<(Array2<f64>, ScatteredField)> {
    let layer = square.cells / 2;
    let spacing = square.side / square.cells as f64;
    let side = Side::Absorbing(Layer::new(layer));
    let cells = [square.cells + 2 * layer; 2];
    let equation = Helmholtz::at_frequency(square.frequency, spacing, cells, side);
    let whole = square.permittivity(&[rod()], &equation.points(0))?;
    let solver = Solver::new(equation, whole.mapv(Complex64::from).view())?;
    let incident = equation.plane_wave(0.6);
    let scattered = solver.scattered(incident.view())?;
    let inside = ndarray::s![layer..=layer + square.cells, layer..=layer + square.cells];
    let field = ScatteredField {
        frequency: square.frequency,
        time_step: 0.0,
        steps: 0,
        points: equation.points(0)[layer..=layer + square.cells].to_vec(),
        incident: incident.slice(inside).to_owned(),
        scattered: scattered.slice(inside).to_owned(),
    };
    Ok((whole.slice(inside).to_owned(), field))
}

fn by_fdtd(square: &ScatteringSquare) -> Result<(Array2<f64>, ScatteredField)> {
    let field = square.solve(("cpu", true), &[rod()], 0.6)?;
    Ok((square.permittivity(&[rod()], &field.points)?, field))
}

/// The residual's absolute values, `[y, x]`, at the points without the margin.
fn residual(
    equation: &HelmholtzResidual,
    permittivity: &Array2<f64>,
    field: &ScatteredField,
) -> Result<Array2<f64>> {
    let found = equation.residual(
        real(permittivity),
        complex(&field.incident),
        complex(&field.scattered),
    );
    let n = field.points.len() - 2 * equation.margin();
    let values: Vec<f64> = found.into_data().try_into_vec()?;
    let (re, im) = values.split_at(n * n);
    let size = re.iter().zip(im).map(|(a, b)| a.hypot(*b)).collect();
    Ok(Array2::from_shape_vec([n, n], size)?)
}

fn largest(sizes: &Array2<f64>) -> f64 {
    sizes.iter().copied().fold(0.0, f64::max)
}

#[test]
fn the_schemes_own_residual_is_zero() -> Result<()> {
    let square = square(40);
    let (permittivity, field) = by_fdtd(&square)?;
    let of_scheme = HelmholtzResidual::scheme_wave_number(field.frequency, field.time_step);
    let of_continuum = 2.0 * std::f64::consts::PI / WAVELENGTH;
    let direct = direct(&square)?;
    for (solver, permittivity, field, k, most) in [
        ("FDTD", permittivity, field, of_scheme, 1e-8),
        ("direct", direct.0, direct.1, of_continuum, 1e-11),
    ] {
        let size = |k: f64, eps: &Array2<f64>| -> Result<f64> {
            let equation = HelmholtzResidual::new(k, square.side / 40.0, Stencil::Second);
            Ok(largest(&residual(&equation, eps, &field)?))
        };
        let own = size(k, &permittivity)?;
        println!("{solver}: largest residual {own:.1e}");
        assert!(own < most, "{solver}: {own:e}");
        let other = permittivity.mapv(|e| 1.0 + 1.001 * (e - 1.0));
        for (what, wrong, least) in [
            ("permittivity", size(k, &other)?, 1e-4),
            ("wave number", size(1.01 * k, &permittivity)?, 1e-3),
        ] {
            println!("{solver}: with another {what} {wrong:.1e}");
            assert!(wrong > least, "{solver}: a wrong {what} passes: {wrong:e}");
        }
    }
    Ok(())
}

#[test]
fn another_stencil_shows_the_solvers_order() -> Result<()> {
    type Solve = fn(&ScatteringSquare) -> Result<(Array2<f64>, ScatteredField)>;
    let k = 2.0 * std::f64::consts::PI / WAVELENGTH;
    for (solver, solve) in [("FDTD", by_fdtd as Solve), ("direct", direct)] {
        let mut sizes = Vec::new();
        let mut wrong = 0.0;
        for cells in [40, 80, 160] {
            let square = square(cells);
            let (permittivity, field) = solve(&square)?;
            let size = |k: f64| -> Result<f64> {
                let spacing = square.side / cells as f64;
                let equation = HelmholtzResidual::new(k, spacing, Stencil::Fourth);
                let found = residual(&equation, &permittivity, &field)?;
                let (mut sum, mut count) = (0.0, 0.0);
                for ((j, i), size) in found.indexed_iter() {
                    let m = equation.margin();
                    let (x, y) = (
                        field.points[i + m] - CENTRE[0],
                        field.points[j + m] - CENTRE[1],
                    );
                    if (x.hypot(y) - RADIUS).abs() > 0.1 * WAVELENGTH {
                        sum += size * size;
                        count += 1.0;
                    }
                }
                Ok(f64::sqrt(sum / count))
            };
            sizes.push(size(k)?);
            wrong = size(1.01 * k)?;
        }
        let orders: Vec<f64> = sizes.windows(2).map(|p| (p[0] / p[1]).log2()).collect();
        println!("{solver}: residuals {sizes:?}, orders {orders:.2?}");
        let order = orders[1];
        assert!(
            (order - 2.0).abs() < 0.2,
            "{solver}: {orders:?} of {sizes:?}"
        );
        println!("{solver}: with another wave number {wrong:.1e}");
        assert!(wrong > 3.0 * sizes[2], "{solver}: passes with {wrong:e}");
    }
    Ok(())
}
