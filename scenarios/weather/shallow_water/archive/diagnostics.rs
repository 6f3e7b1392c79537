//! What a long run keeps of its states in memory: numbers by day and sums, never fields over time.

use curlwind_solvers::shallow_water::State;
use curlwind_solvers::shallow_water::state::GridState;
use curlwind_solvers::sphere::SphericalTransform;
use serde::{Deserialize, Serialize};

/// Kinetic energy and the zonal-mean wind of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// Days since the start of the run.
    pub days: Vec<f64>,
    /// Kinetic energy of the zonal mean at these days, per mass, in m2 s-2.
    pub zonal_energy: Vec<f64>,
    /// Kinetic energy of the deviations from it.
    pub eddy_energy: Vec<f64>,
    /// Sums of the zonal-mean eastward wind in m s-1 on the rows of the solver's grid.
    wind: Vec<f64>,
}

impl Diagnostics {
    /// Takes a state in.
    pub fn add(
        &mut self,
        days: f64,
        state: &State,
        truncation: usize,
        radius: f64,
        grid: &GridState,
    ) {
        let [zonal, eddy] = kinetic_energy(state, truncation, radius);
        self.days.push(days);
        self.zonal_energy.push(zonal);
        self.eddy_energy.push(eddy);
        self.wind.resize(grid.eastward_wind.nrows(), 0.0);
        for (sum, row) in self.wind.iter_mut().zip(grid.eastward_wind.rows()) {
            *sum += row.mean().unwrap_or(f64::NAN);
        }
    }

    /// Time mean of the zonal-mean eastward wind: latitude in degrees, wind in m s-1.
    pub fn mean_wind(&self, transform: &SphericalTransform) -> (Vec<f64>, Vec<f64>) {
        let count = self.days.len() as f64;
        let rows = transform.grid().latitudes().iter().zip(&self.wind);
        rows.map(|(phi, sum)| (phi.to_degrees(), sum / count))
            .unzip()
    }

    /// Mean of the zonal and the eddy kinetic energy from one day of the run to another.
    pub fn mean_energy(&self, from: f64, to: f64) -> [f64; 2] {
        let mut sums = [0.0; 3];
        for (k, day) in self.days.iter().enumerate() {
            if (from..to).contains(day) {
                sums[0] += self.zonal_energy[k];
                sums[1] += self.eddy_energy[k];
                sums[2] += 1.0;
            }
        }
        [sums[0] / sums[2], sums[1] / sums[2]]
    }
}

/// Kinetic energy per mass of the zonal mean and of the rest, as a mean over the sphere:
/// `a^2 / (n (n + 1)) (|zeta|^2 + |delta|^2) / 2` summed over the coefficients, those of m > 0
/// twice.
fn kinetic_energy(state: &State, truncation: usize, radius: f64) -> [f64; 2] {
    let mut energy = [0.0; 2];
    let degrees = (0..=truncation).flat_map(|m| (m..=truncation).map(move |n| (m, n)));
    for ((m, n), (zeta, delta)) in degrees.zip(state.vorticity.iter().zip(&state.divergence)) {
        if n > 0 {
            let inverse = radius * radius / (n * (n + 1)) as f64;
            let square = inverse * (zeta.norm_sqr() + delta.norm_sqr());
            energy[usize::from(m > 0)] += if m == 0 { 0.5 * square } else { square };
        }
    }
    energy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weather::shallow_water::initial::transform;
    use curlwind_solvers::shallow_water::ShallowWater;
    use curlwind_solvers::shallow_water::cases::RandomFlow;

    #[test]
    fn energies_are_those_of_the_wind() {
        let transform = transform(21).unwrap();
        let equation = ShallowWater::default();
        let flow = RandomFlow {
            unbalanced: 0.3,
            ..RandomFlow::default()
        };
        let state = flow.generate(&transform, equation).unwrap().initial;
        let grid = state.to_grid(&transform, &equation).unwrap();
        let (u, v) = (&grid.eastward_wind, &grid.northward_wind);
        let total = 0.5 * transform.grid().mean((u * u + v * v).view()).unwrap();
        let mut diagnostics = Diagnostics::default();
        diagnostics.add(0.5, &state, 21, equation.radius, &grid);
        let [zonal, eddy] = diagnostics.mean_energy(0.0, 1.0);
        assert!((zonal + eddy - total).abs() < 1e-9 * total);
        let (latitudes, wind) = diagnostics.mean_wind(&transform);
        assert!(latitudes[0] > 80.0);
        assert!((wind[5] - u.row(5).mean().unwrap()).abs() < 1e-12);
        assert!(diagnostics.mean_energy(1.0, 2.0)[0].is_nan());
    }
}
