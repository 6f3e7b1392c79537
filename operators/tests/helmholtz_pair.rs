//! The solver's complex fields and the Helmholtz residual mean the same equation.
//!
//! A rod of permittivity 2.5 in a square of 1.6 wavelengths, TM. On the solver's mesh, with the
//! scheme's own wave number, the residual of the transformed run is what is left when it ends and
//! rounding. With fourth-order differences and the continuum's wave number it is the solver's error,
//! and falls by four when the cells are halved, away from the rod's surface, where E has a kink in
//! its third derivative that no stencil sees through. A permittivity that is one part in a thousand
//! off does not pass.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::residuals::{HelmholtzResidual, Stencil};
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

#[test]
fn the_schemes_own_residual_is_zero() -> Result<()> {
    let square = square(40);
    let field = square.solve::<f64>(&[rod()], 0.6)?;
    let permittivity = square.permittivity(&[rod()], &field.points)?;
    let k = HelmholtzResidual::scheme_wave_number(field.frequency, field.time_step);
    let equation = HelmholtzResidual::new(k, square.side / 40.0, Stencil::Second);
    let largest = |eps: &Array2<f64>| -> Result<f64> {
        let sizes = residual(&equation, eps, &field)?;
        Ok(sizes.iter().copied().fold(0.0, f64::max))
    };
    let own = largest(&permittivity)?;
    let wrong = largest(&permittivity.mapv(|e| 1.0 + 1.001 * (e - 1.0)))?;
    println!("largest residual {own:.1e}; with another permittivity {wrong:.1e}");
    assert!(own < 1e-8, "{own:e}");
    assert!(wrong > 1e-4, "a wrong permittivity passes: {wrong:e}");
    Ok(())
}

#[test]
fn another_stencil_shows_the_solvers_order() -> Result<()> {
    let k = 2.0 * std::f64::consts::PI / WAVELENGTH;
    let mut sizes = Vec::new();
    for cells in [40, 80, 160] {
        let square = square(cells);
        let field = square.solve::<f64>(&[rod()], 0.6)?;
        let permittivity = square.permittivity(&[rod()], &field.points)?;
        let equation = HelmholtzResidual::new(k, square.side / cells as f64, Stencil::Fourth);
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
        sizes.push(f64::sqrt(sum / count));
    }
    let orders: Vec<f64> = sizes
        .windows(2)
        .map(|p: &[f64]| (p[0] / p[1]).log2())
        .collect();
    println!("residuals {sizes:?}, orders {orders:.2?}");
    assert!((orders[1] - 2.0).abs() < 0.2, "{orders:?} of {sizes:?}");
    Ok(())
}
