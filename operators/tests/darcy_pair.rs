//! Solver and residual mean the same Darcy flow.
//!
//! Domain: unit square, f64. With the solver's own means the residual of its solution is its
//! tolerance, in media that jump and on shifted grids. With the other mean, in a smooth medium, it
//! falls by 4 when the cells are halved, away from the walls' neighbours, where it does too. One per
//! cent of permeability or source must show.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::residuals::{DarcyResidual, darcy::Between};
use curlwind_solvers::darcy::{Grid, Permeability, Solver};
use ndarray::Array2;
use std::f64::consts::PI;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn tensor(field: &Array2<f64>) -> Tensor<4> {
    let (h, w) = field.dim();
    let data = TensorData::new(field.iter().copied().collect::<Vec<_>>(), [1, 1, h, w]);
    Tensor::from_data(data, (&Device::flex(), DType::F64))
}

fn largest(field: Tensor<4>) -> f64 {
    field.abs().max().into_scalar::<f64>()
}

#[test]
fn the_solvers_own_residual_is_its_tolerance() -> Result<()> {
    for grid in [
        Grid::uniform(48)?,
        Grid::uniform(33)?,
        Grid::offset(32, 1.0 / 1024.0)?,
    ] {
        let medium = Permeability::default().field(&grid, 7);
        let source = Array2::from_elem(grid.shape(), 1.0);
        let solver = Solver::new(grid.clone()).with_tolerance(1e-12)?;
        let pressure = solver.solve(medium.view(), source.view())?.pressure;
        let residual = DarcyResidual::new(&grid, Between::Harmonic, &Device::flex(), DType::F64);
        let of = |medium: &Array2<f64>, source: &Array2<f64>| -> Result<f64> {
            let r = residual.residual(tensor(medium), tensor(&pressure), tensor(source))?;
            Ok(largest(r))
        };
        let right = of(&medium, &source)?;
        println!(
            "{:?} nodes: residual {right:.1e} of a source of 1",
            grid.shape()
        );
        assert!(right < 1e-7, "{right:e}");
        let wrong = medium.mapv(|a| if a > 5.0 { 1.01 * a } else { a });
        for (what, found) in [
            ("permeability", of(&wrong, &source)?),
            ("source", of(&medium, &source.mapv(|f| 1.01 * f))?),
        ] {
            assert!(found > 5e-3, "a wrong {what} passes: {found:e}");
        }
    }
    Ok(())
}

#[test]
fn another_mean_shows_the_order() -> Result<()> {
    let size = |cells: usize, factor: f64| -> Result<f64> {
        let grid = Grid::uniform(cells)?;
        let at = |f: &dyn Fn(f64, f64) -> f64| {
            Array2::from_shape_fn(grid.shape(), |(j, i)| f(grid.x()[i], grid.y()[j]))
        };
        let medium = at(&|x, y| 2.0 + (PI * x).cos() * (2.0 * PI * y).sin());
        let source = at(&|x, y| (PI * x).sin() * (PI * y).sin());
        let pressure = Solver::new(grid.clone())
            .solve(medium.view(), source.view())?
            .pressure;
        let residual = DarcyResidual::new(&grid, Between::Arithmetic, &Device::flex(), DType::F64);
        let source = source.mapv(|f| factor * f);
        let r = residual.residual(tensor(&medium), tensor(&pressure), tensor(&source))?;
        Ok(r.powi_scalar(2).mean().into_scalar::<f64>().sqrt())
    };
    let sizes = [size(24, 1.0)?, size(48, 1.0)?, size(96, 1.0)?];
    let orders: Vec<f64> = sizes.windows(2).map(|p| (p[0] / p[1]).log2()).collect();
    println!("residuals {sizes:?}, orders {orders:.3?}");
    assert!((orders[1] - 2.0).abs() < 0.1, "{orders:?}");
    let wrong = [size(48, 1.01)?, size(96, 1.01)?];
    println!("with another source {wrong:?}");
    assert!(wrong[1] > 0.5 * wrong[0], "a wrong source falls: {wrong:?}");
    assert!(
        wrong[1] > 3.0 * sizes[2],
        "a wrong source passes: {wrong:?}"
    );
    Ok(())
}

#[test]
fn fields_of_another_grid_are_refused() -> Result<()> {
    let grid = Grid::uniform(8)?;
    let residual = DarcyResidual::new(&grid, Between::Harmonic, &Device::flex(), DType::F64);
    let (right, wrong) = (Array2::ones((9, 9)), Array2::ones((8, 9)));
    let message = residual
        .residual(tensor(&right), tensor(&wrong), tensor(&right))
        .err()
        .ok_or("accepted")?
        .to_string();
    assert!(message.contains("pressure"), "{message}");
    Ok(())
}
